#include "algo/preprocess.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace fluvial {
namespace {

void check_frame(const ImageView& frame) {
  const int planes = plane_count(frame.format);
  bool is_good = planes > 0 && frame.width > 0 && frame.height > 0;
  for (int i = 0; i < planes; ++i) is_good = is_good && frame.plane[i] != nullptr;
  if (is_good) return;
  throw std::invalid_argument("preprocess: the frame has no pixels to read (format " +
                              std::to_string(static_cast<int>(frame.format)) + ", " + std::to_string(frame.width) +
                              "x" + std::to_string(frame.height) + ")");
}

int bytes_of_pixel(PixelFormat format, int plane) {
  switch (format) {
    case PixelFormat::rgba:
    case PixelFormat::bgrx: return 4;
    case PixelFormat::rgb: return 3;
    case PixelFormat::nv12: return plane == 0 ? 1 : 2;
    default: return 1;
  }
}

bool is_same(const Letterbox& a, const Letterbox& b) {
  return a.crop.left == b.crop.left && a.crop.top == b.crop.top && a.crop.width == b.crop.width &&
         a.crop.height == b.crop.height && a.left == b.left && a.top == b.top && a.width == b.width &&
         a.height == b.height;
}

}  // namespace

Preprocessor::Preprocessor(const InputSpec& input)
    : input_(input), channel_count_(input.color == ColorOrder::gray ? 1 : 3) {
  if (input.size.width <= 0 || input.size.height <= 0) {
    throw std::invalid_argument("preprocess: input '" + input.name + "' has size " + std::to_string(input.size.width) +
                                "x" + std::to_string(input.size.height) + "; both must be above 0 (infer-dims)");
  }
  if (input.type == ElementType::i8 || input.type == ElementType::i64) {
    throw std::invalid_argument("preprocess: input '" + input.name +
                                "' takes 8-bit signed or 64-bit integers; pictures are written as f32, f16, u8 or i32");
  }
  const auto width = static_cast<std::size_t>(input.size.width);
  for (int c = 0; c < channel_count_; ++c) {
    normalisation_[c] = {input.scale[c], -input.offset[c] * input.scale[c]};
    border_[c].assign(width, (input.pad_value - input.offset[c]) * input.scale[c]);
    if (!writes_in_place()) scratch_[c].resize(width);
    if (input.layout == Layout::nhwc) typed_[c].resize(width);
  }
}

std::size_t Preprocessor::unit_bytes() const {
  return static_cast<std::size_t>(input_.size.width) * static_cast<std::size_t>(input_.size.height) *
         static_cast<std::size_t>(channel_count_) * bytes_of(input_.type);
}

Letterbox Preprocessor::run(const ImageView& frame, void* out) {
  return run(frame, {0, 0, static_cast<float>(frame.width), static_cast<float>(frame.height)}, out);
}

Letterbox Preprocessor::run(const ImageView& frame, const Box& crop_in_frame, void* out) {
  check_frame(frame);
  const Letterbox box = make_letterbox(input_, crop_in_frame, {frame.width, frame.height});
  if (!box.is_empty()) {
    lay_axes(frame, box);
    aim(frame);
    write_picture(box, out);
  }
  write_border(box, out);
  return box;
}

void Preprocessor::lay_axes(const ImageView& frame, const Letterbox& box) {
  const Size size{frame.width, frame.height};
  if (geometry_.format == frame.format && geometry_.frame == size && is_same(geometry_.box, box)) return;
  geometry_ = {frame.format, size, box};
  const Box& crop = box.crop;
  across_.lay(crop.left, crop.width, size.width, box.width);
  down_.lay(crop.top, crop.height, size.height, box.height);
  if (!is_yuv(frame.format)) return;
  // An odd last column has a chroma sample of its own, half of which lies outside of the frame.
  chroma_across_.lay(crop.left / 2.0, crop.width / 2.0, (size.width + 1) / 2, box.width);
  chroma_down_.lay(crop.top / 2.0, crop.height / 2.0, (size.height + 1) / 2, box.height);
}

void Preprocessor::aim(const ImageView& frame) {
  const bool has_chroma = is_yuv(frame.format);
  if (has_chroma) matrix_ = yuv_matrix(frame.colorimetry.is_bt709, frame.colorimetry.is_full_range);
  // Grey needs no chroma.
  sampler_count_ = has_chroma && channel_count_ == 1 ? 1 : plane_count(frame.format);
  sampled_channels_ = 0;
  for (int p = 0; p < sampler_count_; ++p) {
    const Plane plane{frame.plane[p], frame.stride[p], bytes_of_pixel(frame.format, p)};
    samplers_[p].aim(plane, p > 0 ? chroma_across_ : across_, p > 0 ? chroma_down_ : down_);
    sampled_channels_ += plane.channel_count();
  }
}

void Preprocessor::write_picture(const Letterbox& box, void* out) {
  for (int y = 0; y < box.height; ++y) {
    float* channels[3] = {};
    for (int c = 0; c < channel_count_; ++c) {
      channels[c] = writes_in_place() ? static_cast<float*>(out) + place(c, box.left, box.top + y) : scratch_[c].data();
    }
    convert_row(y, box.width, channels);
    if (!writes_in_place()) store(channels, box.left, box.top + y, box.width, out);
  }
}

// In the order Y, U, V or red, green, blue, or one of grey.
void Preprocessor::sample_row(int y, const Q7* in[3]) {
  int channel = 0;
  for (int p = 0; p < sampler_count_; ++p) {
    const Q7* of_plane[3] = {};
    samplers_[p].row(y, of_plane);
    for (const Q7* row : of_plane) {
      if (row != nullptr) in[channel++] = row;
    }
  }
  if (geometry_.format == PixelFormat::bgrx) std::swap(in[0], in[2]);
}

// `channels` are those of the tensor; from here on colours are asked for as red, green, blue.
void Preprocessor::convert_row(int y, int count, float* const channels[3]) {
  const Q7* in[3] = {};
  sample_row(y, in);
  const bool has_luma = is_yuv(geometry_.format);
  if (channel_count_ == 1) {
    if (has_luma) return rows::luma_to_grey(in[0], count, matrix_, normalisation_[0], channels[0]);
    if (sampled_channels_ == 1) return rows::normalise(in[0], count, normalisation_[0], channels[0]);
    return rows::rgb_to_grey(in, count, normalisation_[0], channels[0]);
  }
  const int red = input_.color == ColorOrder::bgr ? 2 : 0;
  const Normalisation normalisation[3] = {normalisation_[red], normalisation_[1], normalisation_[2 - red]};
  float* const rgb[3] = {channels[red], channels[1], channels[2 - red]};
  if (has_luma) return rows::yuv_to_rgb(in, count, matrix_, normalisation, rgb);
  for (int c = 0; c < 3; ++c) rows::normalise(in[sampled_channels_ == 1 ? 0 : c], count, normalisation[c], rgb[c]);
}

void Preprocessor::write_border(const Letterbox& box, void* out) {
  const int width = input_.size.width;
  const int right = box.left + box.width;
  for (int y = 0; y < input_.size.height; ++y) {
    if (y < box.top || y >= box.top + box.height) {
      write_border_span(0, y, width, out);
    } else {
      write_border_span(0, y, box.left, out);
      write_border_span(right, y, width - right, out);
    }
  }
}

void Preprocessor::write_border_span(int x, int y, int count, void* out) {
  if (count <= 0) return;
  const float* const channels[3] = {border_[0].data(), border_[1].data(), border_[2].data()};
  store(channels, x, y, count, out);
}

void Preprocessor::store(const float* const channels[3], int x, int y, int count, void* out) {
  const std::size_t bytes = bytes_of(input_.type);
  const auto at = [&](int channel) { return static_cast<std::uint8_t*>(out) + place(channel, x, y) * bytes; };
  if (input_.layout == Layout::nchw || channel_count_ == 1) {
    for (int c = 0; c < channel_count_; ++c) convert(channels[c], count, at(c));
    return;
  }
  // First to the tensor's type, then side by side: both loops vectorise, the two in one would not.
  const void* values[3] = {};
  for (int c = 0; c < 3; ++c) {
    convert(channels[c], count, typed_[c].data());
    values[c] = typed_[c].data();
  }
  rows::interleave(values, static_cast<int>(bytes), count, at(0));
}

// To the tensor's type.
void Preprocessor::convert(const float* in, int count, void* out) const {
  switch (input_.type) {
    case ElementType::f32: std::copy_n(in, count, static_cast<float*>(out)); return;
    case ElementType::f16: return rows::store_half(in, count, static_cast<std::uint16_t*>(out));
    case ElementType::u8: return rows::store(in, count, kByteLimits, static_cast<std::uint8_t*>(out));
    default: return rows::store(in, count, kIntLimits, static_cast<std::int32_t*>(out));
  }
}

std::size_t Preprocessor::place(int channel, int x, int y) const {
  const auto width = static_cast<std::size_t>(input_.size.width);
  const auto height = static_cast<std::size_t>(input_.size.height);
  const auto c = static_cast<std::size_t>(channel);
  const std::size_t pixel = static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x);
  if (input_.layout == Layout::nchw) return c * width * height + pixel;
  return pixel * static_cast<std::size_t>(channel_count_) + c;
}

}  // namespace fluvial
