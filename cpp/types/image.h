// One picture in memory, whoever owns it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fluvial {

// Y444 only comes in: no surface has it.
enum class PixelFormat { unknown, nv12, i420, rgba, rgb, bgrx, gray8, y444 };

inline bool is_yuv(PixelFormat format) {
  return format == PixelFormat::i420 || format == PixelFormat::nv12 || format == PixelFormat::y444;
}

// How YUV becomes RGB. Ignored for RGB and grey pictures.
struct Colorimetry {
  bool is_bt709 = false;       // else BT.601
  bool is_full_range = false;  // 0..255, else 16..235
};

// Does not own its pixels. Planes: NV12 is Y, UV; I420 and Y444 are Y, U, V; the others have one.
struct ImageView {
  PixelFormat format = PixelFormat::unknown;
  int width = 0;
  int height = 0;
  std::uint8_t* plane[3] = {};
  int stride[3] = {};  // bytes from one row to the next
  Colorimetry colorimetry;
};

inline int plane_count(PixelFormat format) {
  switch (format) {
    case PixelFormat::i420:
    case PixelFormat::y444: return 3;
    case PixelFormat::nv12: return 2;
    case PixelFormat::unknown: return 0;
    default: return 1;
  }
}

// Bytes of one row of one plane that carry pixels.
inline int row_bytes(PixelFormat format, int plane, int width) {
  switch (format) {
    case PixelFormat::nv12: return plane == 0 ? width : (width + 1) / 2 * 2;
    case PixelFormat::i420: return plane == 0 ? width : (width + 1) / 2;
    case PixelFormat::rgba:
    case PixelFormat::bgrx: return width * 4;
    case PixelFormat::rgb: return width * 3;
    default: return width;
  }
}

inline int plane_rows(PixelFormat format, int plane, int height) {
  const bool is_chroma = plane > 0 && (format == PixelFormat::nv12 || format == PixelFormat::i420);
  return is_chroma ? (height + 1) / 2 : height;
}

// Of all planes, without what fills up their rows.
inline std::uint64_t bytes_of_pixels(const ImageView& view) {
  std::uint64_t bytes = 0;
  for (int p = 0; p < plane_count(view.format); ++p)
    bytes += static_cast<std::uint64_t>(row_bytes(view.format, p, view.width)) *
             static_cast<std::uint64_t>(plane_rows(view.format, p, view.height));
  return bytes;
}

}  // namespace fluvial
