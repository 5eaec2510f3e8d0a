// One colour over pixels of four bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace fluvial {

// Two channels in one number: 255 * 256 fits into 16 bits. Pixels without full alpha (which video has not) move towards
// it as the colours do.
class Blender {
 public:
  Blender() = default;  // leaves pixels as they are
  // A colour in the picture's own order of bytes; alpha is 0..256, so that the product is a shift.
  Blender(const std::array<std::uint8_t, 3>& bytes, int alpha)
      : under_(static_cast<std::uint32_t>(256 - alpha)),
        even_((bytes[0] | static_cast<std::uint32_t>(bytes[2]) << 16U) * static_cast<std::uint32_t>(alpha) + half),
        odd_((bytes[1] | 255U << 16U) * static_cast<std::uint32_t>(alpha) + half) {}

  // The first channel in the lowest byte, as this machine reads it from memory.
  std::uint32_t operator()(std::uint32_t pixel) const {
    const std::uint32_t even = ((pixel & lanes) * under_ + even_) >> 8U & lanes;
    const std::uint32_t odd = (((pixel >> 8U) & lanes) * under_ + odd_) & ~lanes;
    return even | odd;
  }
  void operator()(std::uint8_t* pixel) const { store(pixel, (*this)(load(pixel))); }

  static std::uint32_t load(const std::uint8_t* pixel) {
    std::uint32_t value = 0;
    std::memcpy(&value, pixel, sizeof(value));
    return value;
  }
  static void store(std::uint8_t* pixel, std::uint32_t value) { std::memcpy(pixel, &value, sizeof(value)); }

 private:
  static constexpr std::uint32_t lanes = 0x00FF00FF;
  static constexpr std::uint32_t half = 0x00800080;
  std::uint32_t under_ = 256, even_ = 0, odd_ = 0;
};

}  // namespace fluvial
