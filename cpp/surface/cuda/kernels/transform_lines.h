// NV12 becomes pixels of three bytes, each from its own: a warp's threads, which are side by side, put all of its rows
// into shared memory and write them in lines. Threads for themselves would write a third of every 32 bytes.
#pragma once

#include "surface/cuda/kernels/transform_cell.h"

namespace fluvial::cuda {

constexpr int warps_with_lines = 8, rows_of_warp = cells_of(Sampling::lined) * cell_height;
constexpr int bytes_of_line = 32 * cell_width * 3;
struct alignas(16) Lines {
  unsigned words[warps_with_lines][rows_of_warp][bytes_of_line / 4];
};

// Of a warp: its first pixel, and its rows.
struct LinedSpot {
  int x, first, down;
  __device__ int row(int i) const { return first + i / cell_height * down + i % cell_height; }
};

__device__ inline void three_of_yuv(const Move& move, const Tint (&tints)[2], unsigned luma, unsigned (&words)[3]) {
  unsigned levels[3 * cell_width];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cell_width; ++i) {
    const float grey = float_of_byte(luma, i);
    levels[3 * i] = level(grey * move.luma + tints[i / 2].red);
    levels[3 * i + 1] = level(grey * move.luma + tints[i / 2].green);
    levels[3 * i + 2] = level(grey * move.luma + tints[i / 2].blue);
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 3; ++i)
    words[i] = together(levels[4 * i], levels[4 * i + 1], levels[4 * i + 2], levels[4 * i + 3]);
}

// Words of four pixels from rows that begin at multiples of four. Beside the picture the last ones are read again.
__device__ inline void read_lined(const Move& move, const MovePlaces& places, const LinedSpot& spot,
                                  Cell (&cells)[cells_of(Sampling::lined)]) {
  const int x = min(static_cast<int>(spot.x + threadIdx.x * cell_width), move.width - cell_width);
  const auto word = [&](int p, int row) {
    return *reinterpret_cast<const unsigned*>(row_of(places.from[p], move.from[p], row) + x);
  };
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cells_of(Sampling::lined); ++i) {
    FLUVIAL_UNROLL_ALL
    for (int row = 0; row < cell_height; ++row)
      cells[i].luma[row] = word(0, min(spot.row(cell_height * i + row), move.height - 1));
    cells[i].chroma = word(1, min(spot.row(cell_height * i), move.height - 1) / 2);
  }
}

template <typename Unit>
__device__ inline void write_lines(const Move& move, const MovePlaces& places, const LinedSpot& spot,
                                   const unsigned (&lines)[rows_of_warp][bytes_of_line / 4]) {
  constexpr int most = bytes_of_line / sizeof(Unit);
  const int lane = threadIdx.x, count = (move.width - spot.x) * 3 / static_cast<int>(sizeof(Unit));
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < rows_of_warp; ++row) {
    const int y = spot.row(row);
    auto* to = reinterpret_cast<Unit*>(places.to[0] + static_cast<long long>(y) * move.stride[0] + 3 * spot.x);
    const auto* line = reinterpret_cast<const Unit*>(lines[row]);
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < (most + 31) / 32; ++i) {
      const int at = lane + 32 * i;
      if (y < move.height && at < min(count, most)) to[at] = line[at];
    }
  }
}

__device__ inline void transform_lines(const Move& move, const MovePlaces& places, Lines& all) {
  const LinedSpot spot = {
      static_cast<int>(blockIdx.x * 32 * cell_width),
      static_cast<int>((blockIdx.y * cells_of(Sampling::lined) * blockDim.y + threadIdx.y) * cell_height),
      static_cast<int>(blockDim.y * cell_height)};
  if (spot.first >= move.height) return;  // a whole warp: its threads are those of a row
  Cell cells[cells_of(Sampling::lined)];
  read_lined(move, places, spot, cells);
  auto& lines = all.words[threadIdx.y];
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < rows_of_warp; ++row) {
    const Cell& cell = cells[row / cell_height];
    const Tint tints[2] = {tint_of(move, cell.chroma, 0), tint_of(move, cell.chroma, 1)};
    unsigned three[3];
    three_of_yuv(move, tints, cell.luma[row % cell_height], three);
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < 3; ++i) lines[row][3 * threadIdx.x + i] = three[i];
  }
  __syncwarp();
  if (move.width % 16 == 0 && move.stride[0] % 16 == 0 && begins_at(places.to[0], 16))
    write_lines<uint4>(move, places, spot, lines);
  else
    write_lines<unsigned>(move, places, spot, lines);
}

}  // namespace fluvial::cuda
