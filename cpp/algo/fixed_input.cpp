#include "algo/fixed_input.h"

namespace fluvial {
namespace {

enum class Kind { none, width_height, height_width, no_scale };

bool is_named(const std::string& name, const char* part) { return name.find(part) != std::string::npos; }

// RT-DETR and its kin take sizes as whole numbers. PaddleDetection's graphs have inputs of its own names.
Kind kind_of(const TensorInfo& input) {
  if (input.shape.size() != 2 || input.shape[1] != 2) return Kind::none;
  if (is_named(input.name, "scale_factor")) return input.type == ElementType::f32 ? Kind::no_scale : Kind::none;
  if (is_named(input.name, "im_shape")) return input.type == ElementType::f32 ? Kind::height_width : Kind::none;
  return input.type == ElementType::i64 ? Kind::width_height : Kind::none;
}

template <typename T>
void write(const FixedInput& input, std::size_t units, T* out) {
  for (std::size_t i = 0; i < units; ++i)
    for (float value : input.values) *out++ = static_cast<T>(value);
}

}  // namespace

std::string known_as(const TensorInfo& input) {
  switch (kind_of(input)) {
    case Kind::width_height: return "the width and height of the network's input";
    case Kind::height_width: return "the height and width of the network's input";
    case Kind::no_scale: return "1 and 1, so that boxes come in pixels of the network's input";
    default: return "";
  }
}

FixedInput fixed_input(const TensorInfo& input, Size size) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  switch (kind_of(input)) {
    case Kind::width_height: return {input.name, {width, height}};
    case Kind::height_width: return {input.name, {height, width}};
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
