// Pictures, and a slow, plain converter to compare the fast one with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "surface/format.h"
#include "surface/surface.h"

namespace testing {

using namespace fluvial;

struct Rgb {
  double r, g, b;
};
struct Yuv {
  double y, u, v;  // 0..1, -0.5..0.5, -0.5..0.5
};

inline Yuv to_yuv(Rgb c, bool is_bt709) {
  const double kr = is_bt709 ? 0.2126 : 0.299, kb = is_bt709 ? 0.0722 : 0.114;
  const double y = (kr * c.r + (1 - kr - kb) * c.g + kb * c.b) / 255;
  return {y, (c.b / 255 - y) / (2 - 2 * kb), (c.r / 255 - y) / (2 - 2 * kr)};
}

inline Rgb to_rgb(Yuv c, bool is_bt709) {
  const double kr = is_bt709 ? 0.2126 : 0.299, kb = is_bt709 ? 0.0722 : 0.114;
  const double r = c.y + c.v * (2 - 2 * kr), b = c.y + c.u * (2 - 2 * kb);
  const double g = (c.y - kr * r - kb * b) / (1 - kr - kb);
  const auto level = [](double v) { return std::clamp(v * 255, 0.0, 255.0); };
  return {level(r), level(g), level(b)};
}

inline std::uint8_t level(double v) { return static_cast<std::uint8_t>(std::clamp(std::lround(v), 0L, 255L)); }

inline std::uint8_t* at(const ImageView& view, int plane, int x, int y) {
  return view.plane[plane] + static_cast<std::ptrdiff_t>(y) * view.stride[plane] + x;
}

// Luma as a part of its range, 0..1.
inline double luma(const ImageView& view, int x, int y) {
  const double value = *at(view, 0, x, y);
  return view.colorimetry.is_full_range || !is_yuv(view.format) ? value / 255 : (value - 16) / 219;
}

inline Yuv read_yuv(const ImageView& view, int x, int y) {
  if (view.format == PixelFormat::y444) {
    const double range = view.colorimetry.is_full_range ? 255 : 224;
    return {luma(view, x, y), (*at(view, 1, x, y) - 128) / range, (*at(view, 2, x, y) - 128) / range};
  }
  const bool is_nv12 = view.format == PixelFormat::nv12;
  const double u = *(is_nv12 ? at(view, 1, x / 2 * 2, y / 2) : at(view, 1, x / 2, y / 2));
  const double v = *(is_nv12 ? at(view, 1, x / 2 * 2 + 1, y / 2) : at(view, 2, x / 2, y / 2));
  const double range = view.colorimetry.is_full_range ? 255 : 224;
  return {luma(view, x, y), (u - 128) / range, (v - 128) / range};
}

inline Rgb read_pixel(const ImageView& view, int x, int y) {
  switch (view.format) {
    case PixelFormat::rgba: {
      const auto* p = at(view, 0, 4 * x, y);
      return {double(p[0]), double(p[1]), double(p[2])};
    }
    case PixelFormat::bgrx: {
      const auto* p = at(view, 0, 4 * x, y);
      return {double(p[2]), double(p[1]), double(p[0])};
    }
    case PixelFormat::rgb: {
      const auto* p = at(view, 0, 3 * x, y);
      return {double(p[0]), double(p[1]), double(p[2])};
    }
    case PixelFormat::gray8: {
      const double v = *at(view, 0, x, y);
      return {v, v, v};
    }
    default: return to_rgb(read_yuv(view, x, y), view.colorimetry.is_bt709);
  }
}

// Sets one pixel; chroma of a 2x2 block is that of its last pixel, so pictures have blocks of one colour.
inline void write_pixel(const ImageView& view, int x, int y, Rgb c, double grey) {
  switch (view.format) {
    case PixelFormat::rgba:
    case PixelFormat::bgrx: {
      auto* p = at(view, 0, 4 * x, y);
      const bool is_bgr = view.format == PixelFormat::bgrx;
      p[is_bgr ? 2 : 0] = level(c.r);
      p[1] = level(c.g);
      p[is_bgr ? 0 : 2] = level(c.b);
      p[3] = is_bgr ? 0 : 255;
      break;
    }
    case PixelFormat::rgb: {
      auto* p = at(view, 0, 3 * x, y);
      p[0] = level(c.r);
      p[1] = level(c.g);
      p[2] = level(c.b);
      break;
    }
    case PixelFormat::gray8: *at(view, 0, x, y) = level(grey * 255); break;
    default: {
      const Yuv yuv = to_yuv(c, view.colorimetry.is_bt709);
      const bool is_full = view.colorimetry.is_full_range;
      *at(view, 0, x, y) = level(is_full ? yuv.y * 255 : 16 + yuv.y * 219);
      const std::uint8_t u = level(128 + yuv.u * (is_full ? 255 : 224));
      const std::uint8_t v = level(128 + yuv.v * (is_full ? 255 : 224));
      if (view.format == PixelFormat::nv12) {
        *at(view, 1, x / 2 * 2, y / 2) = u;
        *at(view, 1, x / 2 * 2 + 1, y / 2) = v;
      } else if (view.format == PixelFormat::y444) {
        *at(view, 1, x, y) = u;
        *at(view, 2, x, y) = v;
      } else {
        *at(view, 1, x / 2, y / 2) = u;
        *at(view, 2, x / 2, y / 2) = v;
      }
    }
  }
}

// Random colours in blocks of 2x2 pixels; the same for every format and seed.
inline void paint(const ImageView& view, unsigned seed = 1) {
  std::mt19937 random(seed);
  const int columns = (view.width + 1) / 2, rows = (view.height + 1) / 2;
  std::vector<Rgb> colours(static_cast<std::size_t>(columns * rows));
  for (auto& c : colours) c = {double(random() % 256), double(random() % 256), double(random() % 256)};
  for (int y = 0; y < view.height; ++y)
    for (int x = 0; x < view.width; ++x) {
      const Rgb c = colours[static_cast<std::size_t>(y / 2 * columns + x / 2)];
      write_pixel(view, x, y, c, to_yuv(c, false).y);
    }
}

// What converting `from` into the format of `to` should give.
inline void convert_slowly(const ImageView& from, const ImageView& to) {
  for (int y = 0; y < to.height; ++y)
    for (int x = 0; x < to.width; ++x) {
      const Rgb c = read_pixel(from, x, y);
      const bool has_luma = is_yuv(from.format) || from.format == PixelFormat::gray8;
      write_pixel(to, x, y, c, has_luma ? luma(from, x, y) : to_yuv(c, false).y);
    }
}

// The largest difference of two pictures of one format, in grey levels. Unused bytes (the x of BGRx) do not count.
inline int difference(const ImageView& a, const ImageView& b) {
  int most = 0;
  for (int p = 0; p < plane_count(a.format); ++p)
    for (int y = 0; y < plane_rows(a.format, p, a.height); ++y)
      for (int x = 0; x < row_bytes(a.format, p, a.width); ++x)
        if (a.format != PixelFormat::bgrx || x % 4 != 3)
          most = std::max(most, std::abs(*at(a, p, x, y) - *at(b, p, x, y)));
  return most;
}

constexpr PixelFormat all_formats[] = {PixelFormat::nv12, PixelFormat::i420, PixelFormat::rgba,
                                       PixelFormat::rgb,  PixelFormat::bgrx, PixelFormat::gray8};
constexpr PixelFormat incoming_formats[] = {PixelFormat::nv12, PixelFormat::i420,  PixelFormat::rgba, PixelFormat::rgb,
                                            PixelFormat::bgrx, PixelFormat::gray8, PixelFormat::y444};

}  // namespace testing
