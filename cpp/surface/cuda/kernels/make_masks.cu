// Masks of prototypes, as in algo/heads/row_details.cpp: one block a tile of a unit's prototypes and some of the masks
// that lie there. Each cell is read once, by a thread of its own, for all of these masks; a cell's sum for a mask is
// shared by the places around it.
#include "surface/cuda/kernels/mask_task.h"
#include "surface/cuda/kernels/on_both.h"

namespace fluvial::cuda {

constexpr int cells_of_block = cells_across * cells_down;
constexpr int prototypes_held = 32;  // of a cell, by its thread: all are asked for before the first is looked at

// One direction of the part of a mask that lies in a tile, counted from the tile's first cell and the part's first
// place.
struct AxisPart {
  float start, step, least, most;
  int last;  // most
  int places;
};
struct MaskPart {
  AxisPart across, down;
  int first;    // of its values
  int columns;  // of the whole mask
};

// What a block knows of its masks. Where there are fewer prototypes than are held the last one stands for the others,
// with weights of 0.
struct MasksOfBlock {
  alignas(16) float weights[most_masks_of_block][prototypes_held];  // of which a thread reads four at once
  MaskPart parts[most_masks_of_block];
};

// Places before this one lie before the cell. Two tiles ask this about the cell that they share: what one leaves out
// the other has.
__device__ inline int first_place_at(const MaskAxis& axis, int cell) {
  const float place = ceilf((static_cast<float>(cell) - axis.start) * axis.places_of_cell);
  return static_cast<int>(fminf(fmaxf(place, 0.0f), static_cast<float>(axis.places)));
}

// Those that lie beyond the cells of the mask count to the nearest of these.
__device__ inline int first_place_of(const MaskAxis& axis, int cell) {
  return axis.first >= cell ? 0 : first_place_at(axis, cell);
}

__device__ inline AxisPart part_of(const MaskAxis& axis, int cell, int length) {
  const int next = cell + length, first = first_place_of(axis, cell), last = min(axis.last - cell, length);
  const int end = axis.last < next ? axis.places : first_place_at(axis, next);
  return {axis.start - static_cast<float>(cell) + static_cast<float>(first) * axis.step,
          axis.step,
          static_cast<float>(max(axis.first - cell, 0)),
          static_cast<float>(last),
          last,
          end - first};
}

struct BetweenCells {
  int low, high;
  float share;
};

__device__ inline BetweenCells between_cells(const AxisPart& part, int place) {
  const float inside = fminf(fmaxf(part.start + static_cast<float>(place) * part.step, part.least), part.most);
  const int low = static_cast<int>(inside);
  return {low, min(low + 1, part.last), inside - static_cast<float>(low)};
}

__device__ inline float mixed(float a, float b, float share) { return a + (b - a) * share; }

__device__ inline float probability(float logit) { return __fdividef(1.0f, 1.0f + __expf(-logit)); }

__device__ inline MaskPart part_of(const MaskTask& task, const MaskTile& tile) {
  const AxisPart across = part_of(task.across, tile.left, tile_across), down = part_of(task.down, tile.top, tile_down);
  const int column = first_place_of(task.across, tile.left), row = first_place_of(task.down, tile.top);
  return {across, down, task.first + row * task.across.places + column, task.across.places};
}

// By all threads of a block together; what they must know comes from afar, and is asked for before it is waited for.
__device__ inline void look_at_masks(const MaskGrid& grid, const MaskTile& tile, const MaskTask* tasks,
                                     const float* coefficients, MasksOfBlock& masks) {
  constexpr int of_thread = most_masks_of_block / cells_down;
  const int prototype = threadIdx.x, row = threadIdx.y;
  float weights[of_thread];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < of_thread; ++i) {
    const float* of_mask = coefficients + __ldg(tile.masks + row + i * cells_down) * grid.count;
    const float weight = __ldg(of_mask + min(prototype, grid.count - 1));
    weights[i] = prototype < grid.count ? weight : 0.0f;
  }
  const int own = row * cells_across + prototype;
  if (own < most_masks_of_block) masks.parts[own] = part_of(tasks[__ldg(tile.masks + own)], tile);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < of_thread; ++i) masks.weights[row + i * cells_down][prototype] = weights[i];
}

// A thread's.
__device__ inline const float* cell_of(const MaskGrid& grid, const MaskTile& tile) {
  const int x = min(tile.left + static_cast<int>(threadIdx.x), grid.width - 1);
  const int y = min(tile.top + static_cast<int>(threadIdx.y), grid.height - 1);
  return grid.prototypes + tile.unit * grid.unit_step + y * grid.width + x;
}

using HeldCell = float[prototypes_held];

__device__ inline void read_cell(const MaskGrid& grid, const MaskTile& tile, HeldCell& held) {
  const float* cell = cell_of(grid, tile);
  const int step = grid.width * grid.height;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < prototypes_held; ++i) held[i] = __ldg(cell + min(i, grid.count - 1) * step);
}

__device__ inline float sum_of_held(const HeldCell& held, const float* weights) {
  float even = 0, odd = 0;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < prototypes_held; i += 2) {
    even += held[i] * weights[i];
    odd += held[i + 1] * weights[i + 1];
  }
  return even + odd;
}

// Of more prototypes than models mostly have.
__device__ inline float sum_of_others(const MaskGrid& grid, const MaskTile& tile, const float* weights) {
  const float* cell = cell_of(grid, tile);
  const int step = grid.width * grid.height;
  float sum = 0;
  FLUVIAL_UNROLL_NOTHING
  for (int i = prototypes_held; i < grid.count; ++i) sum += __ldg(cell + i * step) * __ldg(weights + i);
  return sum;
}

using MaskSums = float[cells_down][cells_across];

__device__ inline void write_places(const MaskPart& part, const MaskSums& sums, float* values) {
  FLUVIAL_UNROLL_NOTHING
  for (int row = threadIdx.y; row < part.down.places; row += cells_down) {
    const BetweenCells y = between_cells(part.down, row);
    FLUVIAL_UNROLL_NOTHING
    for (int column = threadIdx.x; column < part.across.places; column += cells_across) {
      const BetweenCells x = between_cells(part.across, column);
      const float logit = mixed(mixed(sums[y.low][x.low], sums[y.low][x.high], x.share),
                                mixed(sums[y.high][x.low], sums[y.high][x.high], x.share), y.share);
      values[part.first + row * part.columns + column] = probability(logit);
    }
  }
}

extern "C" __global__ void __launch_bounds__(cells_of_block, 4)
    make_masks(MaskGrid grid, const MaskTask* tasks, const MaskTile* tiles, const float* coefficients, float* values) {
  __shared__ MasksOfBlock masks;
  __shared__ MaskSums sums[2];  // a mask's are written while those of the one before are read
  const MaskTile& tile = tiles[blockIdx.x];
  const int count = tile.count;
  HeldCell held;
  read_cell(grid, tile, held);
  look_at_masks(grid, tile, tasks, coefficients, masks);
  __syncthreads();
  FLUVIAL_UNROLL_NOTHING
  for (int i = 0; i < count; ++i) {
    float sum = sum_of_held(held, masks.weights[i]);
    if (grid.count > prototypes_held) sum += sum_of_others(grid, tile, coefficients + tile.masks[i] * grid.count);
    sums[i % 2][threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    write_places(masks.parts[i], sums[i % 2], values);
  }
}

}  // namespace fluvial::cuda
