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

void make_opaque(const ImageView& rgba) {
  for (int y = 0; y < rgba.height; ++y) {
    auto* row = rgba.plane[0] + static_cast<std::ptrdiff_t>(y) * rgba.stride[0];
    for (int x = 0; x < rgba.width; ++x) row[4 * x + 3] = 255;
  }
}

namespace {

// libyuv holds BT.709's weight of U in blue, 135 / 64, down to 128 / 64, as its first SIMD code needed: saturated blue
// comes out 12 levels dark. Its code of today takes the true weight.
libyuv::YuvConstants with_whole_blue(libyuv::YuvConstants constants) {
  constexpr std::uint8_t held_down = 128, whole = 135;
  constexpr std::size_t weights = sizeof(constants) == 32 ? 16 : 96;  // bytes in front, on ARM and on x86
  auto* bytes = reinterpret_cast<std::uint8_t*>(&constants);
  std::replace(bytes, bytes + weights, held_down, whole);
  return constants;
}

const libyuv::YuvConstants* yuv_matrix(const Colorimetry& c) {
  static const auto bt709 = with_whole_blue(libyuv::kYuvH709Constants);
  if (c.is_bt709) return c.is_full_range ? &libyuv::kYuvF709Constants : &bt709;
  return c.is_full_range ? &libyuv::kYuvJPEGConstants : &libyuv::kYuvI601Constants;
}

const libyuv::YuvConstants* yvu_matrix(const Colorimetry& c) {
  static const auto bt709 = with_whole_blue(libyuv::kYvuH709Constants);
  if (c.is_bt709) return c.is_full_range ? &libyuv::kYvuF709Constants : &bt709;
  return c.is_full_range ? &libyuv::kYvuJPEGConstants : &libyuv::kYvuI601Constants;
}

constexpr int pair_of(PixelFormat from, PixelFormat to) { return static_cast<int>(from) * 16 + static_cast<int>(to); }

[[noreturn]] void refuse(const ImageView& from, const ImageView& to) {
  throw std::runtime_error(std::string("cannot convert ") + name_of(from.format) + " to " + name_of(to.format));
}

void copy_planes(const ImageView& from, const ImageView& to) {
  for (int p = 0; p < plane_count(from.format); ++p)
    libyuv::CopyPlane(from.plane[p], from.stride[p], to.plane[p], to.stride[p], row_bytes(from.format, p, from.width),
                      plane_rows(from.format, p, from.height));
}

// Grey is the luma of its full range, 0..255, as GStreamer has it; YUV of television has 16..235.
void copy_luma(const ImageView& f, const ImageView& t, bool is_from_full, bool is_to_full) {
  if (is_from_full == is_to_full)
    return libyuv::CopyPlane(f.plane[0], f.stride[0], t.plane[0], t.stride[0], f.width, f.height);
  for (int y = 0; y < f.height; ++y) {
    const auto* in = f.plane[0] + static_cast<std::ptrdiff_t>(y) * f.stride[0];
    auto* out = t.plane[0] + static_cast<std::ptrdiff_t>(y) * t.stride[0];
    if (is_to_full)
      for (int x = 0; x < f.width; ++x)  // 255 / 219 in 1/65536
        out[x] = static_cast<std::uint8_t>(std::clamp((in[x] - 16) * 76309 + 32768, 0, 255 << 16) >> 16);
    else
      for (int x = 0; x < f.width; ++x) out[x] = static_cast<std::uint8_t>(16 + ((in[x] * 56284 + 32768) >> 16));
  }
}

void clear_chroma(const ImageView& view) {
  for (int p = 1; p < plane_count(view.format); ++p)
    libyuv::SetPlane(view.plane[p], view.stride[p], row_bytes(view.format, p, view.width),
                     plane_rows(view.format, p, view.height), 128);
}

// The mean of 2x2 samples. libyuv's own mixes in a third where a side is odd.
void halve_plane(const ImageView& f, const ImageView& t, int plane) {
  const auto row = [plane](const ImageView& view, int y) {
    return view.plane[plane] + static_cast<std::ptrdiff_t>(y) * view.stride[plane];
  };
  for (int y = 0; y < f.height; y += 2) {
    const auto *above = row(f, y), *below = row(f, std::min(y + 1, f.height - 1));
    auto* out = row(t, y / 2);
    for (int x = 0; x < f.width; x += 2) {
      const int next = std::min(x + 1, f.width - 1);
      out[x / 2] = static_cast<std::uint8_t>((above[x] + above[next] + below[x] + below[next] + 2) / 4);
    }
  }
}

// From I420, NV12, Y444 and grey.
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
    case pair_of(PixelFormat::y444, PixelFormat::rgba):
      return !I444ToARGBMatrix(s[0], ss[0], s[2], ss[2], s[1], ss[1], d[0], ds[0], yvu, w, h);
    case pair_of(PixelFormat::y444, PixelFormat::bgrx):
      return !I444ToARGBMatrix(s[0], ss[0], s[1], ss[1], s[2], ss[2], d[0], ds[0], yuv, w, h);
    case pair_of(PixelFormat::y444, PixelFormat::rgb):
      return !I444ToRGB24Matrix(s[0], ss[0], s[2], ss[2], s[1], ss[1], d[0], ds[0], yvu, w, h);
    case pair_of(PixelFormat::y444, PixelFormat::i420):
      CopyPlane(s[0], ss[0], d[0], ds[0], w, h);
      for (int plane : {1, 2}) halve_plane(f, t, plane);
      return true;
    case pair_of(PixelFormat::y444, PixelFormat::gray8):
    case pair_of(PixelFormat::i420, PixelFormat::gray8):
    case pair_of(PixelFormat::nv12, PixelFormat::gray8):
      copy_luma(f, t, f.colorimetry.is_full_range, true);
      return true;
    case pair_of(PixelFormat::gray8, PixelFormat::rgba):
    case pair_of(PixelFormat::gray8, PixelFormat::bgrx): return !J400ToARGB(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::gray8, PixelFormat::i420):
    case pair_of(PixelFormat::gray8, PixelFormat::nv12):
      copy_luma(f, t, true, t.colorimetry.is_full_range);
      clear_chroma(t);
      return true;
    default: return false;
  }
}

// libyuv makes BT.601 only. Weights are in 1/65536; chroma is that of the mean of 2x2 pixels.
void rgb_to_bt709(const ImageView& f, const ImageView& t) {
  const int step = f.format == PixelFormat::rgb ? 3 : 4;
  const int red = f.format == PixelFormat::bgrx ? 2 : 0, blue = 2 - red;
  const bool full = t.colorimetry.is_full_range;
  const double luma = 65536 * (full ? 1 : 219.0 / 255), chroma = 65536 * (full ? 1 : 224.0 / 255);
  const auto weight = [](double v) { return static_cast<int>(std::lround(v)); };
  const int yr = weight(0.2126 * luma), yg = weight(0.7152 * luma), yb = weight(0.0722 * luma);
  const int ur = weight(-0.1146 * chroma), ub = weight(0.5 * chroma), ug = -ur - ub;
  const int vr = weight(0.5 * chroma), vb = weight(-0.0458 * chroma), vg = -vr - vb;
  const int black = full ? 0 : 16;
  const auto row = [](const ImageView& view, int plane, int y) {
    return view.plane[plane] + static_cast<std::ptrdiff_t>(y) * view.stride[plane];
  };
  for (int y = 0; y < f.height; ++y) {
    const auto* in = row(f, 0, y);
    auto* out = row(t, 0, y);
    for (int x = 0; x < f.width; ++x, in += step)
      out[x] = static_cast<std::uint8_t>(black + ((yr * in[red] + yg * in[1] + yb * in[blue] + 32768) >> 16));
  }
  for (int y = 0; y < f.height; y += 2) {
    const auto *above = row(f, 0, y), *below = row(f, 0, std::min(y + 1, f.height - 1));
    auto *u = row(t, 1, y / 2), *v = row(t, 2, y / 2);
    for (int x = 0; x < f.width; x += 2) {
      const int left = x * step, right = std::min(x + 1, f.width - 1) * step;
      const auto sum = [&](int c) { return above[left + c] + above[right + c] + below[left + c] + below[right + c]; };
      const int r = sum(red), g = sum(1), b = sum(blue);
      const auto level = [](int value) {
        return static_cast<std::uint8_t>(std::clamp(128 + ((value + (1 << 17)) >> 18), 0, 255));
      };
      u[x / 2] = level(ur * r + ug * g + ub * b);
      v[x / 2] = level(vr * r + vg * g + vb * b);
    }
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
  if (t.colorimetry.is_bt709 && t.format == PixelFormat::i420) {
    rgb_to_bt709(f, t);
    return true;
  }
  if (t.colorimetry.is_bt709 && t.format == PixelFormat::nv12) return false;  // by I420
  switch (pair_of(f.format, t.format)) {
    case pair_of(PixelFormat::rgba, PixelFormat::bgrx): return !ARGBToABGR(s[0], ss[0], d[0], ds[0], w, h);
    case pair_of(PixelFormat::bgrx, PixelFormat::rgba):
      if (ARGBToABGR(s[0], ss[0], d[0], ds[0], w, h)) return false;
      make_opaque(t);
      return true;
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

bool means_the_same(const ImageView& from, const ImageView& to) {
  return !is_yuv(from.format) || !is_yuv(to.format) ||
         (from.colorimetry.is_bt709 == to.colorimetry.is_bt709 &&
          from.colorimetry.is_full_range == to.colorimetry.is_full_range);
}

static void convert_by(PixelFormat stone, const ImageView& from, const ImageView& to) {
  const auto between = make_system_allocator()->allocate({stone, {from.width, from.height}, to.colorimetry});
  convert_pixels(from, between->view());
  convert_pixels(between->view(), to);
}

void convert_pixels(const ImageView& from, const ImageView& to) {
  if (!means_the_same(from, to)) return convert_by(PixelFormat::rgba, from, to);
  if (from.format == to.format) return copy_planes(from, to);
  if (convert_yuv(from, to) || convert_rgb(from, to)) return;
  const PixelFormat stone = stepping_stone(from.format, to.format);
  if (stone == from.format || stone == to.format) refuse(from, to);
  convert_by(stone, from, to);
}

// Pairs of chroma as samples of 16 bits: libyuv's own way for pairs stretches those that it halves.
static void pick_nearest_chroma(const ImageView& f, const ImageView& t) {
  const auto columns = [](const ImageView& view) { return (view.width + 1) / 2; };
  const auto rows = [](const ImageView& view) { return (view.height + 1) / 2; };
  libyuv::ScalePlane_16(reinterpret_cast<const std::uint16_t*>(f.plane[1]), f.stride[1] / 2, columns(f), rows(f),
                        reinterpret_cast<std::uint16_t*>(t.plane[1]), t.stride[1] / 2, columns(t), rows(t),
                        libyuv::kFilterNone);
}

// False where pairs of chroma do not lie at even addresses.
static bool scale_by_nearest(const ImageView& f, const ImageView& t) {
  const auto is_even = [](const ImageView& view) {
    return reinterpret_cast<std::uintptr_t>(view.plane[1]) % 2 == 0 && view.stride[1] % 2 == 0;
  };
  if (!is_even(f) || !is_even(t)) return false;
  libyuv::ScalePlane(f.plane[0], f.stride[0], f.width, f.height, t.plane[0], t.stride[0], t.width, t.height,
                     libyuv::kFilterNone);
  pick_nearest_chroma(f, t);
  return true;
}

bool is_scalable(PixelFormat format) {
  return format != PixelFormat::rgb && format != PixelFormat::y444 && format != PixelFormat::unknown;
}

void scale_pixels(const ImageView& f, const ImageView& t, Filter filter) {
  using namespace libyuv;
  const auto mode = yuv_filter(filter);
  int failed = 0;
  switch (f.format) {
    case PixelFormat::i420:
      failed =
          I420Scale(f.plane[0], f.stride[0], f.plane[1], f.stride[1], f.plane[2], f.stride[2], f.width, f.height,
                    t.plane[0], t.stride[0], t.plane[1], t.stride[1], t.plane[2], t.stride[2], t.width, t.height, mode);
      break;
    case PixelFormat::nv12:
      if (filter == Filter::nearest && scale_by_nearest(f, t)) break;
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
  const int step = is_yuv(view.format) ? 2 : 1;
  const auto snap = [step](float v, int limit) {
    const float held = std::clamp(v, 0.0F, static_cast<float>(std::max(0, limit)));
    return static_cast<int>(std::lround(held)) / step * step;
  };
  const int left = snap(box.left, view.width - step), top = snap(box.top, view.height - step);
  ImageView part = view;
  // Up to the border an odd size stays as it is: its last chroma sample has one pixel.
  const auto part_of = [&](float size, int start, int whole) {
    const int rest = whole - start;
    return size >= static_cast<float>(rest) ? rest : std::min(rest, std::max(step, snap(size, rest)));
  };
  part.width = part_of(box.width, left, view.width);
  part.height = part_of(box.height, top, view.height);
  for (int p = 0; p < plane_count(view.format); ++p) {
    const int rows = plane_rows(view.format, p, top);
    part.plane[p] += static_cast<std::ptrdiff_t>(rows) * view.stride[p] + row_bytes(view.format, p, left);
  }
  return part;
}

}  // namespace fluvial
