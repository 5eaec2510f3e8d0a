#include "elements/infer/gpu/tensor_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "algo/preprocess.h"
#include "surface/cuda/surface.h"

namespace fluvial::cuda {
namespace {

int format_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::nv12: return Picture::nv12;
    case PixelFormat::i420: return Picture::i420;
    case PixelFormat::rgba: return Picture::rgba;
    case PixelFormat::bgrx: return Picture::bgrx;
    case PixelFormat::rgb: return Picture::rgb;
    case PixelFormat::gray8: return Picture::gray8;
    default: throw std::invalid_argument("a surface without pixels");
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
  picture.left = box.left;
  picture.top = box.top;
  picture.width = box.width;
  picture.height = box.height;
  picture.across = direction(crop.left, crop.width, size.width, box.width);
  picture.down = direction(crop.top, crop.height, size.height, box.height);
  if (!has_chroma) return;
  picture.chroma_across = direction(crop.left / 2.0, crop.width / 2.0, (size.width + 1) / 2, box.width);
  picture.chroma_down = direction(crop.top / 2.0, crop.height / 2.0, (size.height + 1) / 2, box.height);
}

void set_colours(const Colorimetry& colours, Picture& picture) {
  const YuvMatrix m = yuv_matrix(colours.is_bt709, colours.is_full_range);
  // Of grey levels, where the matrix is of their 128th parts.
  picture.luma = m.luma * kQ7One;
  picture.red_v = m.red_v * kQ7One;
  picture.green_u = m.green_u * kQ7One;
  picture.green_v = m.green_v * kQ7One;
  picture.blue_u = m.blue_u * kQ7One;
  picture.luma_bias = m.luma_bias;
  picture.red_bias = m.red_bias;
  picture.green_bias = m.green_bias;
  picture.blue_bias = m.blue_bias;
}

}  // namespace

TensorWriter::TensorWriter(Device& device, const InputSpec& spec) : device_(device), spec_(spec) {
  const Preprocessor judge(spec);  // throws for what cannot be written
  input_.width = spec.size.width;
  input_.height = spec.size.height;
  input_.channels = spec.color == ColorOrder::gray ? 1 : 3;
  input_.type = type_of(spec.type);
  input_.is_nhwc = spec.layout == Layout::nhwc;
  input_.first_is_blue = spec.color == ColorOrder::bgr;
  for (int c = 0; c < input_.channels; ++c) {
    input_.gain[c] = spec.scale[c];
    input_.bias[c] = -spec.offset[c] * spec.scale[c];
    input_.border[c] = (spec.pad_value - spec.offset[c]) * spec.scale[c];
  }
}

Letterbox TensorWriter::add(const Surface& surface, const Box& crop, void* out, Stream stream) {
  const SurfaceFormat& format = surface.format();
  const Letterbox box = make_letterbox(spec_, crop, format.size);
  Picture picture{};
  picture.out = out;
  picture.format = format_of(format.pixels);
  if (!box.is_empty()) {
    lay(box, format.size, is_yuv(format.pixels), picture);
    if (is_yuv(format.pixels)) set_colours(format.colorimetry, picture);
    use_surface(surface, picture, stream);
  }
  pictures_.push_back(picture);
  return box;
}

void TensorWriter::use_surface(const Surface& surface, Picture& picture, Stream stream) {
  ImageView view = surface.planes();
  if (surface.memory() != NVBUF_MEM_CUDA_DEVICE) {
    blocks_.push_back(upload(device_, view, stream, view));
  }
  for (int p = 0; p < plane_count(view.format); ++p) {
    picture.plane[p] = view.plane[p];
    picture.stride[p] = view.stride[p];
  }
}

std::vector<DeviceBlock> TensorWriter::launch(Stream stream) {
  if (pictures_.empty()) return {};
  const std::size_t bytes = pictures_.size() * sizeof(Picture);
  const DeviceBlock host = device_.allocate_host(bytes), table = device_.allocate(bytes);
  std::memcpy(host.get(), pictures_.data(), bytes);
  const Function kernel = device_.kernel("pictures_to_tensor");
  const Current current(device_);
  FLUVIAL_CUDA(cuMemcpyHtoDAsync_v2, address_of(table), host.get(), bytes, stream);
  constexpr unsigned width = 32, height = 8;  // threads of a block: rows of a warp read and write side by side
  const auto blocks = [](int pixels, unsigned of) { return (static_cast<unsigned>(pixels) + of - 1) / of; };
  DevicePointer pictures = address_of(table);
  void* parameters[] = {&pictures, &input_};
  FLUVIAL_CUDA(cuLaunchKernel, kernel, blocks(input_.width, width), blocks(input_.height, height),
               static_cast<unsigned>(pictures_.size()), width, height, 1, 0, stream, parameters, nullptr);
  pictures_.clear();
  blocks_.push_back(host);
  blocks_.push_back(table);
  return std::exchange(blocks_, {});
}

}  // namespace fluvial::cuda
