// 4 x 2 pixels between reading and writing: how they change their format, and how they are written. All of it stays in
// registers: arrays are indexed by constants.
#pragma once

#include "surface/cuda/kernels/bytes.h"
#include "surface/cuda/kernels/transform.h"

namespace fluvial::cuda {

struct Cell {
  unsigned luma[cell_height];                // of four pixels, or grey
  unsigned chroma;                           // U, V, U, V
  unsigned colour[cell_height][cell_width];  // red, green, blue, alpha
};

// Where a cell lies on the target: its first pixel, and which of its columns and rows are in the picture.
struct Spot {
  int x, y;
  int begin, end, rows;
};

constexpr unsigned opaque = 0xFF000000;

__device__ inline const unsigned char* row_of(const unsigned char* first, const SourcePlane& plane, int row) {
  return first + static_cast<long long>(row) * plane.down;
}
__device__ inline bool has_luma(int format) { return format == Move::nv12 || format == Move::i420; }
__device__ inline bool has_colours(int format) { return !has_luma(format) && format != Move::gray8; }
// Red and blue change places, where blue comes first.
__device__ inline unsigned in_order(int format, unsigned colour) {
  return format == Move::bgrx ? __byte_perm(colour, 0, 0x3012) : colour;
}

// --- formats ---------------------------------------------------------------------------------------------------------

// What chroma adds to the luma of 2 x 2 pixels.
struct Tint {
  float red, green, blue;
};

__device__ inline Tint tint_of(const Move& move, unsigned chroma, int pair) {
  const float u = float_of_byte(chroma, 2 * pair) - 128.0f, v = float_of_byte(chroma, 2 * pair + 1) - 128.0f;
  const float red = v * move.red_v + move.black, blue = u * move.blue_u + move.black;
  const float green = u * move.green_u + v * move.green_v + move.black;
  return {red, green, blue};
}

__device__ inline void colours_of_yuv(const Move& move, Cell& cell) {
  FLUVIAL_UNROLL_ALL
  for (int pair = 0; pair < 2; ++pair) {
    const Tint tint = tint_of(move, cell.chroma, pair);
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < 4; ++i) {
      const float luma = float_of_byte(cell.luma[i / 2], 2 * pair + i % 2);
      const unsigned three = together(level(luma * move.luma + tint.red), level(luma * move.luma + tint.green),
                                      level(luma * move.luma + tint.blue), 0);
      cell.colour[i / 2][2 * pair + i % 2] = three | opaque;
    }
  }
}

__device__ inline void colours_of_grey(Cell& cell) {
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 8; ++i) cell.colour[i / 4][i % 4] = byte_of(cell.luma[i / 4], i % 4) * 0x010101U | opaque;
}

__device__ inline float weighed(const float (&weights)[4], float red, float green, float blue) {
  return red * weights[0] + (green * weights[1] + (blue * weights[2] + weights[3]));
}

__device__ inline unsigned luma_of(const Move& move, unsigned colour) {
  return level(weighed(move.to_luma, float_of_byte(colour, 0), float_of_byte(colour, 1), float_of_byte(colour, 2)));
}

__device__ inline void luma_of_colours(const Move& move, Cell& cell) {
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < cell_height; ++row) {
    const auto& c = cell.colour[row];
    cell.luma[row] = together(luma_of(move, c[0]), luma_of(move, c[1]), luma_of(move, c[2]), luma_of(move, c[3]));
  }
}

// Of the mean of 2 x 2 pixels. At odd edges the last pixel stands there twice, which leaves the mean as it is.
__device__ inline void chroma_of_colours(const Move& move, Cell& cell) {
  unsigned u[2], v[2];
  FLUVIAL_UNROLL_ALL
  for (int pair = 0; pair < 2; ++pair) {
    unsigned red_blue = 0, green = 0;
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < 4; ++i) {
      const unsigned colour = cell.colour[i / 2][2 * pair + i % 2];
      red_blue += colour & even_bytes;
      green += byte_of(colour, 1);
    }
    const float r = float_of(red_blue & 0xFFFF), g = float_of(green), b = float_of(red_blue >> 16);
    u[pair] = level(weighed(move.to_u, r, g, b));
    v[pair] = level(weighed(move.to_v, r, g, b));
  }
  cell.chroma = together(u[0], v[0], u[1], v[1]);
}

__device__ inline void luma_between_ranges(const Move& move, Cell& cell) {
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < cell_height; ++row) {
    unsigned of[4];
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < 4; ++i) of[i] = level(float_of_byte(cell.luma[row], i) * move.grey_gain + move.grey_bias);
    cell.luma[row] = together(of[0], of[1], of[2], of[3]);
  }
}

// What the target's format needs and the source's does not have.
__device__ inline void convert(const Move& move, Cell& cell) {
  const bool from_luma = has_luma(move.from_format), to_luma = has_luma(move.to_format);
  const bool by_colours =
      has_colours(move.from_format) || has_colours(move.to_format) || (from_luma && to_luma && !move.keeps_chroma);
  if (by_colours) {
    if (from_luma) colours_of_yuv(move, cell);
    if (move.from_format == Move::gray8) colours_of_grey(cell);
    if (has_colours(move.to_format)) return;
    luma_of_colours(move, cell);
    if (to_luma) chroma_of_colours(move, cell);
    return;
  }
  if (!move.keeps_grey) luma_between_ranges(move, cell);
  if (!from_luma) cell.chroma = 0x80808080;
}

__device__ inline void make_black(const Move& move, Cell& cell) {
  cell.chroma = 0x80808080;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 8; ++i) {
    cell.luma[i / 4] = (level(move.to_luma[3]) & 255U) * 0x01010101U;
    cell.colour[i / 4][i % 4] = move.to_format == Move::rgba ? opaque : 0;
  }
}

// --- writing ---------------------------------------------------------------------------------------------------------

__device__ inline void write_luma(const Move& move, const MovePlaces& places, const Spot& spot, const Cell& cell) {
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < cell_height; ++row)
    if (row < spot.rows)
      store_bytes(places.to[0] + static_cast<long long>(spot.y + row) * move.stride[0] + spot.x, cell.luma[row],
                  spot.begin, spot.end);
}

__device__ inline void store_pair(unsigned char* at, unsigned pair, int begin, int end) {
  if (begin == 0 && end == 2 && begins_at(at, 2))
    *reinterpret_cast<unsigned short*>(at) = static_cast<unsigned short>(pair);
  else
    store_bytes(at, pair, begin, end);
}

__device__ inline void write_chroma(const Move& move, const MovePlaces& places, const Spot& spot, const Cell& cell) {
  const long long row = spot.y / 2;
  const int end = (spot.end + 1) / 2;
  if (move.to_format == Move::nv12) {
    store_bytes(places.to[1] + row * move.stride[1] + spot.x, cell.chroma, spot.begin, 2 * end);
    return;
  }
  const int x = spot.x / 2;
  store_pair(places.to[1] + row * move.stride[1] + x, __byte_perm(cell.chroma, 0, 0x4420), spot.begin / 2, end);
  store_pair(places.to[2] + row * move.stride[2] + x, __byte_perm(cell.chroma, 0, 0x4431), spot.begin / 2, end);
}

// Pixels of four bytes begin at multiples of four.
__device__ inline void write_four(unsigned char* at, const Spot& spot, const unsigned (&colours)[cell_width]) {
  auto* words = reinterpret_cast<unsigned*>(at);
  if (spot.begin == 0 && spot.end == cell_width && begins_at(at, 16)) {
    *reinterpret_cast<uint4*>(words) = make_uint4(colours[0], colours[1], colours[2], colours[3]);
    return;
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cell_width; ++i)
    if (i >= spot.begin && i < spot.end) words[i] = colours[i];
}

// Three bytes of each pixel.
__device__ inline void three_words(const unsigned (&c)[cell_width], unsigned (&words)[3]) {
  words[0] = __byte_perm(c[0], c[1], 0x4210);
  words[1] = __byte_perm(c[1], c[2], 0x5421);
  words[2] = __byte_perm(c[2], c[3], 0x6542);
}

__device__ inline void write_three(unsigned char* at, const Spot& spot, const unsigned (&colours)[cell_width]) {
  unsigned words[3];
  three_words(colours, words);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 3; ++i)
    store_bytes(at + 4 * i, words[i], max(3 * spot.begin - 4 * i, 0), min(3 * spot.end - 4 * i, 4));
}

__device__ inline void write_colours(const Move& move, const MovePlaces& places, const Spot& spot, Cell& cell) {
  const int bytes = move.to_format == Move::rgb ? 3 : 4;
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < cell_height; ++row) {
    if (row >= spot.rows) return;
    auto& colours = cell.colour[row];
    unsigned char* at = places.to[0] + static_cast<long long>(spot.y + row) * move.stride[0] + spot.x * bytes;
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < cell_width; ++i) colours[i] = in_order(move.to_format, colours[i]);
    if (bytes == 4)
      write_four(at, spot, colours);
    else
      write_three(at, spot, colours);
  }
}

__device__ inline void write_cell(const Move& move, const MovePlaces& places, const Spot& spot, Cell& cell) {
  if (has_colours(move.to_format)) return write_colours(move, places, spot, cell);
  write_luma(move, places, spot, cell);
  if (has_luma(move.to_format)) write_chroma(move, places, spot, cell);
}

}  // namespace fluvial::cuda
