#include "algo/fixed_input.h"

namespace fluvial {
namespace {

enum class Kind { none, width_height, height_width, no_scale, no_padding };

bool is_named(const std::string& name, const char* part) { return name.find(part) != std::string::npos; }

// RT-DETR and its kin take sizes as whole numbers. PaddleDetection's graphs have inputs of its own names. Those of
// Hugging Face that were trained on padded batches, DETR before all, are told which pixels are no padding.
Kind kind_of(const TensorInfo& input) {
  if (is_pixel_mask(input)) return Kind::no_padding;
  if (input.shape.size() != 2 || input.shape[1] != 2) return Kind::none;
  if (is_named(input.name, "scale_factor")) return input.type == ElementType::f32 ? Kind::no_scale : Kind::none;
  if (is_named(input.name, "im_shape")) return input.type == ElementType::f32 ? Kind::height_width : Kind::none;
  return input.type == ElementType::i64 ? Kind::width_height : Kind::none;
}

template <typename T>
void write(const FixedInput& input, std::size_t units, T* out) {
  for (std::size_t i = 0; i < units * input.times; ++i)
    for (float value : input.values) *out++ = static_cast<T>(value);
}

}  // namespace

bool is_pixel_mask(const TensorInfo& input) {
  const bool is_number =
      input.type == ElementType::i64 || input.type == ElementType::i32 || input.type == ElementType::f32;
  return input.shape.size() == 3 && is_number && is_named(input.name, "pixel_mask");
}

std::string known_as(const TensorInfo& input) {
  switch (kind_of(input)) {
    case Kind::width_height: return "the width and height of the network's input";
    case Kind::height_width: return "the height and width of the network's input";
    case Kind::no_scale: return "1 and 1, so that boxes come in pixels of the network's input";
    case Kind::no_padding: return "1 for each pixel, as none is padding";
    default: return "";
  }
}

Shape closed_mask(Shape shape, Size size) {
  if (shape[1] < 0) shape[1] = size.height;
  if (shape[2] < 0) shape[2] = size.width;
  return shape;
}

FixedInput fixed_input(const TensorInfo& input, Size size) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  switch (kind_of(input)) {
    case Kind::width_height: return {input.name, {width, height}};
    case Kind::height_width: return {input.name, {height, width}};
    case Kind::no_padding: {
      const Shape shape = closed_mask(input.shape, size);
      return {input.name, {1}, static_cast<std::size_t>(shape[1] * shape[2])};
    }
    default: return {input.name, {1, 1}};
  }
}

void write_fixed(const FixedInput& input, std::size_t units, const TensorView& out) {
  switch (out.type) {
    case ElementType::i64: return write(input, units, static_cast<std::int64_t*>(out.data));
    case ElementType::i32: return write(input, units, static_cast<std::int32_t*>(out.data));
    default: return write(input, units, static_cast<float*>(out.data));
  }
}

}  // namespace fluvial
