// Pictures of noise and inputs of networks, for what turns the one into the other.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "types/image.h"
#include "types/model.h"

namespace testing {

using namespace fluvial;

// Neighbours differ as much as they can, which is the hardest case for rounding.
struct Noise {
  std::vector<std::uint8_t> memory;
  ImageView view;

  Noise(PixelFormat format, int width, int height, unsigned seed = 1, int padding = 5, Colorimetry colours = {}) {
    view.format = format;
    view.width = width;
    view.height = height;
    view.colorimetry = colours;
    std::size_t offset[3] = {};
    for (int p = 0; p < plane_count(format); ++p) {
      offset[p] = memory.size();
      view.stride[p] = row_bytes(format, p, width) + padding;
      // The last row has no padding: reading past it is an error that sanitizers see.
      const int bytes = view.stride[p] * (plane_rows(format, p, height) - 1) + row_bytes(format, p, width);
      memory.resize(memory.size() + static_cast<std::size_t>(bytes));
    }
    std::mt19937 random(seed);
    for (auto& byte : memory) byte = static_cast<std::uint8_t>(random());
    for (int p = 0; p < plane_count(format); ++p) view.plane[p] = memory.data() + offset[p];
  }
};

inline Box all_of(const ImageView& v) { return {0, 0, static_cast<float>(v.width), static_cast<float>(v.height)}; }

inline InputSpec input(Size size, ElementType type = ElementType::f32, Layout layout = Layout::nchw) {
  InputSpec spec;
  spec.size = size;
  spec.type = type;
  spec.layout = layout;
  spec.pad_value = 114;
  return spec;
}

constexpr PixelFormat formats[] = {PixelFormat::nv12, PixelFormat::i420, PixelFormat::rgba,
                                   PixelFormat::rgb,  PixelFormat::bgrx, PixelFormat::gray8};

}  // namespace testing
