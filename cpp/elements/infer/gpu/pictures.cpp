#include "elements/infer/gpu/pictures.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "algo/pixel_rows.h"

namespace fluvial::cuda {
namespace {

// As the samples of a picture are read whose rows begin where kernels want them.
void set_format(PixelFormat format, Picture& picture) {
  switch (format) {
    case PixelFormat::nv12: picture.format = Picture::pairs; break;
    case PixelFormat::i420:
      picture.format = Picture::planes;
      picture.step = 1;
      break;
    case PixelFormat::rgba:
    case PixelFormat::bgrx:
      picture.format = Picture::words;
      picture.is_bgr = format == PixelFormat::bgrx;
      break;
    case PixelFormat::rgb:
      picture.format = Picture::bytes;
      picture.step = 3;
      break;
    case PixelFormat::gray8: picture.format = Picture::grey; break;
    default: throw std::invalid_argument("a surface without pixels");
  }
}

bool lies_at(const Picture& picture, int plane, int multiple) {
  return reinterpret_cast<std::uintptr_t>(picture.plane[plane]) % multiple == 0 &&
         picture.stride[plane] % multiple == 0;
}

// What lies askew, or has no second sample, is read in smaller pieces.
void read_askew(Picture& picture) {
  const bool is_thin = picture.across.last < 1 || picture.chroma_across.last < 1;
  if (picture.format == Picture::pairs && (!lies_at(picture, 1, 2) || is_thin)) {
    picture.format = Picture::planes;
    picture.step = 2;
    picture.plane[2] = picture.plane[1] + 1;
    picture.stride[2] = picture.stride[1];
  } else if (picture.format == Picture::words && !lies_at(picture, 0, 4)) {
    picture.format = Picture::bytes;
    picture.step = 4;
  }
}

int type_of(ElementType type) {
  switch (type) {
    case ElementType::f16: return Input::f16;
    case ElementType::u8: return Input::u8;
    case ElementType::i32: return Input::i32;
    default: return Input::f32;
  }
}

// As Axis::lay in algo/resample.cpp lays it.
Direction direction(double start, double length, int available, int count) {
  const int begin = std::clamp(static_cast<int>(std::floor(start + 1e-3)), 0, available - 1);
  const int end = std::clamp(static_cast<int>(std::ceil(start + length - 1e-3)), begin + 1, available);
  const double step = length / count;
  return {static_cast<float>(start + 0.5 * step - 0.5), static_cast<float>(step), static_cast<float>(begin),
          static_cast<float>(end - 1)};
}

void lay(const Letterbox& box, Size size, bool has_chroma, Picture& picture) {
  const Box& crop = box.crop;
  picture.left = static_cast<short>(box.left);
  picture.top = static_cast<short>(box.top);
  picture.width = static_cast<short>(box.width);
  picture.height = static_cast<short>(box.height);
  picture.across = direction(crop.left, crop.width, size.width, box.width);
  picture.down = direction(crop.top, crop.height, size.height, box.height);
  if (!has_chroma) return;
  picture.chroma_across = direction(crop.left / 2.0, crop.width / 2.0, (size.width + 1) / 2, box.width);
  picture.chroma_down = direction(crop.top / 2.0, crop.height / 2.0, (size.height + 1) / 2, box.height);
}

// Dot products of pairs begin at a number, and have so much for one level.
void set_colours(const Colorimetry& colours, Picture& picture) {
  const YuvMatrix m = yuv_matrix(colours.is_bt709, colours.is_full_range);
  const bool are_dots = picture.format == Picture::pairs;
  const double share = kQ7One / (are_dots ? 255.0 * dots_of_level : 255.0), begin = are_dots ? dots_begin : 0;
  const double luma = m.luma * share, red_v = m.red_v * share, blue_u = m.blue_u * share;
  const double green_u = m.green_u * share, green_v = m.green_v * share;
  const auto from = [begin](double bias, double of_level) { return static_cast<float>(bias / 255 - begin * of_level); };
  picture.grey_gain = m.luma * kQ7One / 255;  // the matrix is of the 128th parts of grey levels
  picture.grey_bias = m.luma_bias / 255;
  picture.luma = static_cast<float>(luma);
  picture.red_v = static_cast<float>(red_v);
  picture.green_u = static_cast<float>(green_u);
  picture.green_v = static_cast<float>(green_v);
  picture.blue_u = static_cast<float>(blue_u);
  picture.red_bias = from(m.red_bias, luma + red_v);
  picture.green_bias = from(m.green_bias, luma + green_u + green_v);
  picture.blue_bias = from(m.blue_bias, luma + blue_u);
}

}  // namespace

Input input_of(const InputSpec& spec) {
  Input input{};
  input.width = spec.size.width;
  input.height = spec.size.height;
  input.channels = spec.color == ColorOrder::gray ? 1 : 3;
  input.type = type_of(spec.type);
  input.is_nhwc = spec.layout == Layout::nhwc;
  input.rows_of_thread = 1;
  input.first_is_blue = spec.color == ColorOrder::bgr;
  for (int c = 0; c < input.channels; ++c) {
    input.gain[c] = spec.scale[c] * 255;
    input.bias[c] = -spec.offset[c] * spec.scale[c];
    input.border[c] = (spec.pad_value - spec.offset[c]) * spec.scale[c];
  }
  return input;
}

Picture picture_of(PixelFormat format, Size size, const Letterbox& box) {
  Picture picture{};
  set_format(format, picture);
  picture.grey_gain = 1 / 255.0F;
  if (!box.is_empty()) lay(box, size, is_yuv(format), picture);
  return picture;
}

void place_planes(const ImageView& view, Picture& picture) {
  for (int p = 0; p < plane_count(view.format); ++p) {
    picture.plane[p] = view.plane[p];
    picture.stride[p] = view.stride[p];
  }
  read_askew(picture);
  if (is_yuv(view.format)) set_colours(view.colorimetry, picture);
}

// Eight bytes of luma, or of chroma, hold all samples of four pixels, or of two, if these are two samples apart, or one
// pair. Lines are read by words, and four pixels of the input are written at once.
bool is_close(const Picture& picture, const Input& input) {
  if (picture.format != Picture::pairs || input.channels != 3 || input.width % pixels_of_thread != 0) return false;
  const bool is_large = picture.across.last >= 7 && picture.chroma_across.last >= 2;
  return is_large && picture.across.step <= 2 && picture.chroma_across.step <= 1 && lies_at(picture, 0, 4) &&
         lies_at(picture, 1, 4) &&
         reinterpret_cast<std::uintptr_t>(picture.out) % (pixels_of_thread * sizeof(float)) == 0;
}

}  // namespace fluvial::cuda
