#include "surface/system/convert.h"

#include <libyuv.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "surface/format.h"

// libyuv names formats by the little-endian word: its ARGB is B,G,R,A in memory (our BGRx), its ABGR is R,G,B,A (our
// RGBA), its RAW is R,G,B (our RGB). A YUV-to-RGB matrix with U and V exchanged ("Yvu") exchanges red and blue.

namespace fluvial {
namespace {

const libyuv::YuvConstants* yuv_matrix(const Colorimetry& c) {
  if (c.is_bt709) return c.is_full_range ? &libyuv::kYuvF709Constants : &libyuv::kYuvH709Constants;
  return c.is_full_range ? &libyuv::kYuvJPEGConstants : &libyuv::kYuvI601Constants;
}

const libyuv::YuvConstants* yvu_matrix(const Colorimetry& c) {
  if (c.is_bt709) return c.is_full_range ? &libyuv::kYvuF709Constants : &libyuv::kYvuH709Constants;
  return c.is_full_range ? &libyuv::kYvuJPEGConstants : &libyuv::kYvuI601Constants;
}

constexpr int pair_of(PixelFormat from, PixelFormat to) { return static_cast<int>(from) * 16 + static_cast<int>(to); }

[[noreturn]] void refuse(const ImageView& from, const ImageView& to) {
  throw std::runtime_error(std::string("cannot convert ") + name_of(from.format) + " to " + name_of(to.format));
}

void copy_planes(const ImageView& from, const ImageView& to) {
  for (int p = 0; p < plane_count(from.format); ++p)
    libyuv::CopyPlane(from.plane[p], from.stride[p], to.plane[p], to.stride[p],
                      row_bytes(from.format, p, from.width), plane_rows(from.format, p, from.height));
}

// From I420, NV12 and grey.
bool convert_yuv(const ImageView& f, const ImageView& t) {
  using namespace libyuv;
  const auto* yuv = yuv_matrix(f.colorimetry);
  const auto* yvu = yvu_matrix(f.colorimetry);
  const int w = f.width, h = f.height;
  auto* const* s = f.plane;
  const int* ss = f.stride;
  auto* const* d = t.plane;
  const int* ds = t.stride;
  switch (pair_of(f.format, t.format)) {
    case pair_of(PixelFormat::i420, PixelFormat::rgba):
      return !I420ToARGBMatrix(s[0], ss[0], s[2], ss[2], s[1], ss[1], d[0], ds[0], yvu, w, h);
    case pair_of(PixelFormat::i420, PixelFormat::bgrx):
      return !I420ToARGBMatrix(s[0], ss[0], s[1], ss[1], s[2], ss[2], d[0], ds[0], yuv, w, h);
    case pair_of(PixelFormat::i420, PixelFormat::rgb):
      return !I420ToRGB24Matrix(s[0], ss[0], s[2], ss[2], s[1], ss[1], d[0], ds[0], yvu, w, h);
    case pair_of(PixelFormat::i420, PixelFormat::nv12):
      return !I420ToNV12(s[0], ss[0], s[1], ss[1], s[2], ss[2], d[0], ds[0], d[1], ds[1], w, h);
    case pair_of(PixelFormat::nv12, PixelFormat::rgba):
      return !NV21ToARGBMatrix(s[0], ss[0], s[1], ss[1], d[0], ds[0], yvu, w, h);
    case pair_of(PixelFormat::nv12, PixelFormat::bgrx):
      return !NV12ToARGBMatrix(s[0], ss[0], s[1], ss[1], d[0], ds[0], yuv, w, h);
    case pair_of(PixelFormat::nv12, PixelFormat::rgb):
      return !NV21ToRGB24Matrix(s[0], ss[0], s[1], ss[1], d[0], ds[0], yvu, w, h);
    case pair_of(PixelFormat::nv12, PixelFormat::i420):
      return !NV12ToI420(s[0], ss[0], s[1], ss[1], d[0], ds[0], d[1], ds[1], d[2], ds[2], w, h);
    case pair_of(PixelFormat::i420, PixelFormat::gray8):
    case pair_of(PixelFormat::nv12, PixelFormat::gray8):
      CopyPlane(s[0], ss[0], d[0], ds[0], w, h);
      return true;
    case pair_of(PixelFormat::gray8, PixelFormat::rgba):
    case pair_of(PixelFormat::gray8, PixelFormat::bgrx):
      return !J400ToARGB(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::gray8, PixelFormat::i420):
      return !I400ToI420(s[0], ss[0], d[0], ds[0], d[1], ds[1], d[2], ds[2], w, h);
    case pair_of(PixelFormat::gray8, PixelFormat::nv12):
      return !I400ToNV21(s[0], ss[0], d[0], ds[0], d[1], ds[1], w, h);
    default: return false;
  }
}

// From RGBA, RGB and BGRx.
bool convert_rgb(const ImageView& f, const ImageView& t) {
  using namespace libyuv;
  const int w = f.width, h = f.height;
  auto* const* s = f.plane;
  const int* ss = f.stride;
  auto* const* d = t.plane;
  const int* ds = t.stride;
  const bool full = t.colorimetry.is_full_range;
  switch (pair_of(f.format, t.format)) {
    case pair_of(PixelFormat::rgba, PixelFormat::bgrx):
    case pair_of(PixelFormat::bgrx, PixelFormat::rgba): return !ARGBToABGR(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::rgba, PixelFormat::rgb): return !ARGBToRGB24(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::bgrx, PixelFormat::rgb): return !ARGBToRAW(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::rgb, PixelFormat::rgba): return !RGB24ToARGB(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::rgb, PixelFormat::bgrx): return !RAWToARGB(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::rgba, PixelFormat::i420):
      return !(full ? ABGRToJ420 : ABGRToI420)(s[0], ss[0], d[0], ds[0], d[1], ds[1], d[2], ds[2], w, h);
    case pair_of(PixelFormat::bgrx, PixelFormat::i420):
      return !(full ? ARGBToJ420 : ARGBToI420)(s[0], ss[0], d[0], ds[0], d[1], ds[1], d[2], ds[2], w, h);
    case pair_of(PixelFormat::rgb, PixelFormat::i420):
      return !(full ? RAWToJ420 : RAWToI420)(s[0], ss[0], d[0], ds[0], d[1], ds[1], d[2], ds[2], w, h);
    case pair_of(PixelFormat::rgba, PixelFormat::nv12):
      return !full && !ABGRToNV12(s[0], ss[0], d[0], ds[0], d[1], ds[1], w, h);
    case pair_of(PixelFormat::bgrx, PixelFormat::nv12):
      return !full && !ARGBToNV12(s[0], ss[0], d[0], ds[0], d[1], ds[1], w, h);
    case pair_of(PixelFormat::rgba, PixelFormat::gray8): return !ABGRToJ400(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::bgrx, PixelFormat::gray8): return !ARGBToJ400(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::rgb, PixelFormat::gray8): return !RAWToJ400(s[0], ss[0], d[0], ds[0], w, h);
    default: return false;
  }
}

// Pairs without a function of their own go by RGBA or I420.
PixelFormat stepping_stone(PixelFormat from, PixelFormat to) {
  const bool to_yuv = to == PixelFormat::nv12 || to == PixelFormat::i420;
  return to_yuv && from != PixelFormat::i420 ? PixelFormat::i420 : PixelFormat::rgba;
}

libyuv::FilterMode yuv_filter(Filter filter) {
  switch (filter) {
    case Filter::nearest: return libyuv::kFilterNone;
    case Filter::box: return libyuv::kFilterBox;
    default: return libyuv::kFilterBilinear;
  }
}

libyuv::RotationMode rotation_of(Flip flip) {
  switch (flip) {
    case Flip::ccw90:
    case Flip::anti_diagonal: return libyuv::kRotate270;
    case Flip::cw90:
    case Flip::diagonal: return libyuv::kRotate90;
    case Flip::rotate180:
    case Flip::vertical: return libyuv::kRotate180;
    default: return libyuv::kRotate0;
  }
}

// A mirrored turn is a rotation followed by a mirror from left to right.
bool is_mirrored(Flip flip) {
  return flip == Flip::horizontal || flip == Flip::vertical || flip == Flip::diagonal || flip == Flip::anti_diagonal;
}

}  // namespace

void convert_pixels(const ImageView& from, const ImageView& to) {
  if (from.format == to.format) return copy_planes(from, to);
  if (convert_yuv(from, to) || convert_rgb(from, to)) return;
  const PixelFormat stone = stepping_stone(from.format, to.format);
  if (stone == from.format || stone == to.format) refuse(from, to);
  const auto between = make_system_allocator()->allocate({stone, {from.width, from.height}, to.colorimetry});
  convert_pixels(from, between->view());
  convert_pixels(between->view(), to);
}

bool is_scalable(PixelFormat format) { return format != PixelFormat::rgb && format != PixelFormat::unknown; }

void scale_pixels(const ImageView& f, const ImageView& t, Filter filter) {
  using namespace libyuv;
  const auto mode = yuv_filter(filter);
  int failed = 0;
  switch (f.format) {
    case PixelFormat::i420:
      failed = I420Scale(f.plane[0], f.stride[0], f.plane[1], f.stride[1], f.plane[2], f.stride[2], f.width, f.height,
                         t.plane[0], t.stride[0], t.plane[1], t.stride[1], t.plane[2], t.stride[2], t.width, t.height,
                         mode);
      break;
    case PixelFormat::nv12:
      failed = NV12Scale(f.plane[0], f.stride[0], f.plane[1], f.stride[1], f.width, f.height, t.plane[0], t.stride[0],
                         t.plane[1], t.stride[1], t.width, t.height, mode);
      break;
    case PixelFormat::gray8:
      ScalePlane(f.plane[0], f.stride[0], f.width, f.height, t.plane[0], t.stride[0], t.width, t.height, mode);
      break;
    case PixelFormat::rgba:
    case PixelFormat::bgrx:
      failed = ARGBScale(f.plane[0], f.stride[0], f.width, f.height, t.plane[0], t.stride[0], t.width, t.height, mode);
      break;
    default: failed = 1;
  }
  if (failed)
    throw std::runtime_error(std::string("cannot scale ") + name_of(f.format) + " from " + std::to_string(f.width) +
                             "x" + std::to_string(f.height) + " to " + std::to_string(t.width) + "x" +
                             std::to_string(t.height));
}

bool swaps_sides(Flip flip) {
  return flip == Flip::ccw90 || flip == Flip::cw90 || flip == Flip::diagonal || flip == Flip::anti_diagonal;
}

bool is_turnable(PixelFormat format) {
  return format == PixelFormat::i420 || format == PixelFormat::gray8 || format == PixelFormat::rgba ||
         format == PixelFormat::bgrx;
}

void turn_pixels(const ImageView& f, const ImageView& t, Flip flip) {
  using namespace libyuv;
  const auto rotation = rotation_of(flip);
  const bool is_packed = f.format == PixelFormat::rgba || f.format == PixelFormat::bgrx;
  for (int p = 0; p < plane_count(f.format); ++p) {
    const int w = is_packed ? f.width : row_bytes(f.format, p, f.width);
    const int h = plane_rows(f.format, p, f.height);
    const int turned_w = swaps_sides(flip) ? h : w;
    const int turned_h = swaps_sides(flip) ? w : h;
    if (is_packed)
      ARGBRotate(f.plane[p], f.stride[p], t.plane[p], t.stride[p], w, h, rotation);
    else
      RotatePlane(f.plane[p], f.stride[p], t.plane[p], t.stride[p], w, h, rotation);
    if (!is_mirrored(flip)) continue;
    // In place, row by row: libyuv's mirrors want separate memory.
    for (int y = 0; y < turned_h; ++y) {
      auto* row = t.plane[p] + static_cast<std::ptrdiff_t>(y) * t.stride[p];
      if (is_packed)
        std::reverse(reinterpret_cast<std::uint32_t*>(row), reinterpret_cast<std::uint32_t*>(row) + turned_w);
      else
        std::reverse(row, row + turned_w);
    }
  }
}

ImageView crop(const ImageView& view, const Box& box) {
  if (box.area() <= 0) return view;
  const bool is_yuv = view.format == PixelFormat::i420 || view.format == PixelFormat::nv12;
  const int step = is_yuv ? 2 : 1;
  const auto snap = [step](float v, int limit) {
    return std::clamp(static_cast<int>(std::lround(v)) / step * step, 0, limit);
  };
  const int left = snap(box.left, view.width - step), top = snap(box.top, view.height - step);
  ImageView part = view;
  part.width = std::max(step, std::min(snap(box.width, view.width), view.width - left));
  part.height = std::max(step, std::min(snap(box.height, view.height), view.height - top));
  for (int p = 0; p < plane_count(view.format); ++p) {
    const int rows = plane_rows(view.format, p, top);
    part.plane[p] += static_cast<std::ptrdiff_t>(rows) * view.stride[p] + row_bytes(view.format, p, left);
  }
  return part;
}

}  // namespace fluvial
