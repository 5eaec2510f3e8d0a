// Masks of prototypes, as in algo/heads/row_details.cpp: one block a tile of a unit's prototypes and some of the masks
// that lie there. Each cell is read once for all of these masks. A warp has whole rows of cells: it sums them up, and
// reads between their columns by its own means; what lies between rows is made of what all warps have found.
#include "surface/cuda/kernels/mask_task.h"
#include "surface/cuda/kernels/on_both.h"

namespace fluvial::cuda {

// One direction of the part of a mask that lies in a tile, counted from the tile's first cell and the part's first
// place.
struct alignas(16) AxisPart {
  float start, step, least, most;
};
struct MaskPart {
  AxisPart across, down;
  alignas(16) int first;  // of its values
  int columns;            // of the whole mask
  int places_across, places_down;
};

// What a block knows of its masks. Where there are fewer prototypes than are held, weights of 0 stand for the others.
struct MasksOfBlock {
  alignas(16) float weights[most_masks_of_block][prototypes_held];  // of which a thread reads four at once
  MaskPart parts[most_masks_of_block];
  bool has_large;  // a mask of more places here than there are cells
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
__device__ inline int end_of_places(const MaskAxis& axis, int cell) {
  return axis.last < cell ? axis.places : first_place_at(axis, cell);
}

__device__ inline AxisPart part_of(const MaskAxis& axis, int cell, int length, int first_place) {
  return {axis.start - static_cast<float>(cell) + static_cast<float>(first_place) * axis.step, axis.step,
          static_cast<float>(max(axis.first - cell, 0)), static_cast<float>(min(axis.last - cell, length))};
}

__device__ inline MaskPart part_of(const MaskTask& task, const MaskTile& tile) {
  const MaskAxis &across = task.across, &down = task.down;
  const int column = first_place_of(across, tile.left), row = first_place_of(down, tile.top);
  return {part_of(across, tile.left, tile_across, column),
          part_of(down, tile.top, tile_down, row),
          task.first + row * across.places + column,
          across.places,
          end_of_places(across, tile.left + tile_across) - column,
          end_of_places(down, tile.top + tile_down) - row};
}

struct BetweenCells {
  unsigned low;
  float share;  // of the one behind it; where there is none, 0
};

__device__ inline BetweenCells between_cells(const AxisPart& part, float place) {
  constexpr float whole = 8388608.0f;  // from here on floats are whole numbers, which stand in their lowest bits
  constexpr unsigned whole_bits = 0x4B000000;
  const float inside = fminf(fmaxf(part.start + place * part.step, part.least), part.most);
  const float low = __fadd_rd(inside, whole);
  return {__float_as_uint(low) - whole_bits, inside - (low - whole)};
}

__device__ inline float mixed(float a, float b, float share) { return a + (b - a) * share; }

// Weights are multiplied by it, so that a sum is a power of two at once.
constexpr float minus_log2_of_e = -1.44269504f;
__device__ inline float power_of_two(float x) {
#ifdef __CUDACC__
  float power;  // volatile: else the compiler makes a branch around it for threads without a place
  asm volatile("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
#else
  return exp2f(x);
#endif
}
__device__ inline float probability(float sum) { return __fdividef(1.0f, 1.0f + power_of_two(sum)); }

// Of a thread's rows of cells, or of places, the one so many behind its first.
__device__ inline int row_of_thread(int i) { return static_cast<int>(threadIdx.y) + i * threads_down; }

constexpr int masks_of_thread = most_masks_of_block / threads_down;

// Which masks a thread looks at.
struct OwnMasks {
  int weights[masks_of_thread];
  int part;
};

__device__ inline OwnMasks own_masks(const MaskTile& tile) {
  OwnMasks own;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < masks_of_thread; ++i) own.weights[i] = __ldg(tile.masks + row_of_thread(i));
  own.part = __ldg(tile.masks + threadIdx.x % most_masks_of_block);
  return own;
}

// By a warp.
__device__ inline void look_at_part(const MaskTile& tile, const MaskTask& task, int mask, MasksOfBlock& masks) {
  const MaskPart part = part_of(task, tile);
  masks.parts[mask] = part;
  masks.has_large = __any_sync(~0u, part.places_across > cells_across || part.places_down > cells_down);
}

// By all threads of a block together; what they must know comes from afar, and is asked for before it is waited for.
__device__ inline void look_at_masks(const MaskGrid& grid, const MaskTile& tile, const OwnMasks& own,
                                     const MaskTask* tasks, const float* coefficients, MasksOfBlock& masks) {
  const int prototype = threadIdx.x;
  float weights[masks_of_thread];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < masks_of_thread; ++i) {
    const unsigned at = own.weights[i] * grid.count + min(prototype, grid.count - 1);
    weights[i] = prototype < grid.count ? __ldg(coefficients + at) * minus_log2_of_e : 0.0f;
  }
  if (threadIdx.y == 0) look_at_part(tile, tasks[own.part], prototype % most_masks_of_block, masks);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < masks_of_thread; ++i) masks.weights[row_of_thread(i)][prototype] = weights[i];
}

// A row of cells of a thread's. Those beyond the grid are the last one.
__device__ inline const float* cell_of(const MaskGrid& grid, const MaskTile& tile, int row) {
  const int x = min(tile.left + static_cast<int>(threadIdx.x), grid.width - 1);
  const int y = min(tile.top + row, grid.height - 1);
  return grid.prototypes + tile.unit * grid.unit_step + y * grid.width + x;
}

using HeldCells = float[cells_of_thread][prototypes_held];

// Models mostly have all that can be held: then it is not asked for each whether there is one.
template <bool has_all>
__device__ inline void read_cells(const MaskGrid& grid, const MaskTile& tile, HeldCells& held) {
  const auto step = static_cast<unsigned>(grid.width * grid.height) * 4;
  const char* cells[cells_of_thread];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cells_of_thread; ++i)
    cells[i] = reinterpret_cast<const char*>(cell_of(grid, tile, row_of_thread(i)));
  FLUVIAL_UNROLL_ALL
  for (unsigned k = 0; k < prototypes_held; ++k) {
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < cells_of_thread; ++i) {
      const auto* from = reinterpret_cast<const float*>(cells[i] + static_cast<unsigned long long>(step) * k);
      held[i][k] = has_all || k < static_cast<unsigned>(grid.count) ? __ldg(from) : 0.0f;
    }
  }
}

using SumsOfThread = float[cells_of_thread];

__device__ inline void sum_up(const HeldCells& held, const float* weights, SumsOfThread& sums) {
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cells_of_thread; ++i) sums[i] = 0;
  FLUVIAL_UNROLL_ALL
  for (int k = 0; k < prototypes_held; ++k) {
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < cells_of_thread; ++i) sums[i] += held[i][k] * weights[k];
  }
}

__device__ inline float sum_of_others(const MaskGrid& grid, const float* cell, const float* weights) {
  const int step = grid.width * grid.height;
  float sum = 0;
  FLUVIAL_UNROLL_NOTHING
  for (int i = prototypes_held; i < grid.count; ++i) sum += __ldg(cell + i * step) * __ldg(weights + i);
  return sum * minus_log2_of_e;
}

// Of a mask, between the columns of cells, those of two masks side by side: some are written while the ones before are
// read. Places in the last row of cells have a share of 0 in the row behind it, whatever number that holds.
using RowsOfTile = float[cells_down + 1][2][cells_across];
constexpr unsigned row_bytes = 2 * cells_across * sizeof(float);

// A warp has whole rows, so that each thread finds the cells around its place among those of the others.
__device__ inline void read_rows(const AxisPart& across, float column, const SumsOfThread& sums, float* rows) {
  const BetweenCells x = between_cells(across, column);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cells_of_thread; ++i) {
    const float low = __shfl_sync(~0u, sums[i], x.low), high = __shfl_sync(~0u, sums[i], x.low + 1);
    rows[row_of_thread(i) * 2 * cells_across] = mixed(low, high, x.share);
  }
}

__device__ inline void write_rows(MaskPart part, int column, int first, const float* rows, float* values) {
  const int first_value = part.first + column;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cells_of_thread; ++i) {
    const int row = first + row_of_thread(i);
    const BetweenCells y = between_cells(part.down, static_cast<float>(row));
    const auto* low = reinterpret_cast<const float*>(reinterpret_cast<const char*>(rows) + y.low * row_bytes);
    const float value = probability(mixed(low[0], low[2 * cells_across], y.share));
    const bool is_there = column < part.places_across && row < part.places_down;
    if (is_there) values[static_cast<unsigned>(first_value + row * part.columns)] = value;
  }
}

constexpr int masks_at_once = 2;  // between two barriers
struct MasksShared {
  MasksOfBlock masks;
  RowsOfTile rows[masks_at_once];
};

// Nothing of usual masks is done again: all prototypes are held, and there is a thread for each place.
template <int count>
__device__ inline void make_some(const HeldCells& held, int first, int turn, MasksShared& shared, float* values) {
  const int column = threadIdx.x;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < count; ++i) {
    SumsOfThread sums;
    sum_up(held, shared.masks.weights[first + i], sums);
    read_rows(shared.masks.parts[first + i].across, static_cast<float>(column), sums, &shared.rows[i][0][turn][column]);
  }
  __syncthreads();
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < count; ++i)
    write_rows(shared.masks.parts[first + i], column, 0, &shared.rows[i][0][turn][column], values);
}

__device__ inline void make_usual_masks(const HeldCells& held, int count, MasksShared& shared, float* values) {
  int mask = 0, turn = 0;
  FLUVIAL_UNROLL_NOTHING
  for (; mask + masks_at_once <= count; mask += masks_at_once, turn ^= 1)
    make_some<masks_at_once>(held, mask, turn, shared, values);
  FLUVIAL_UNROLL_NOTHING
  for (; mask < count; ++mask, turn ^= 1) make_some<1>(held, mask, turn, shared, values);
}

__device__ inline int widest_of(const MasksOfBlock& masks, int count) {
  int widest = 0;
  FLUVIAL_UNROLL_NOTHING
  for (int i = 0; i < count; ++i) widest = max(widest, masks.parts[i].places_across);
  return widest;
}

// Those that are not held, as models mostly do not have them.
__device__ inline void add_others(const MaskGrid& grid, const MaskTile& tile, const float* weights,
                                  SumsOfThread& sums) {
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cells_of_thread; ++i)
    sums[i] += sum_of_others(grid, cell_of(grid, tile, row_of_thread(i)), weights);
}

__device__ inline void make_any_masks(const MaskGrid& grid, const MaskTile& tile, const HeldCells& held, int count,
                                      MasksShared& shared, const float* coefficients, float* values) {
  const int widest = widest_of(shared.masks, count);
  int turn = 0;
  FLUVIAL_UNROLL_NOTHING
  for (int mask = 0; mask < count; ++mask) {
    const MaskPart& part = shared.masks.parts[mask];
    SumsOfThread sums;
    sum_up(held, shared.masks.weights[mask], sums);
    add_others(grid, tile, coefficients + __ldg(tile.masks + mask) * grid.count, sums);
    FLUVIAL_UNROLL_NOTHING
    for (int left = 0; left < widest; left += cells_across, turn ^= 1) {
      const int column = left + static_cast<int>(threadIdx.x);
      float* rows = &shared.rows[0][0][turn][threadIdx.x];
      read_rows(part.across, static_cast<float>(column), sums, rows);
      __syncthreads();
      FLUVIAL_UNROLL_NOTHING
      for (int top = 0; top < part.places_down; top += cells_down) write_rows(part, column, top, rows, values);
    }
  }
}

extern "C" __global__ void __launch_bounds__(cells_across* threads_down, 4)
    make_masks(MaskGrid grid, const MaskTask* tasks, const MaskTile* tiles, const float* coefficients, float* values) {
  __shared__ MasksShared shared;
  const MaskTile& tile = tiles[blockIdx.x];
  const OwnMasks own = own_masks(tile);
  const int count = tile.count;
  HeldCells held;
  if (grid.count >= prototypes_held)
    read_cells<true>(grid, tile, held);
  else
    read_cells<false>(grid, tile, held);
  look_at_masks(grid, tile, own, tasks, coefficients, shared.masks);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < masks_at_once; ++i)
    if (threadIdx.y < 2) shared.rows[i][cells_down][threadIdx.y][threadIdx.x] = 0.0f;
  __syncthreads();
  if (shared.masks.has_large || grid.count > prototypes_held)
    make_any_masks(grid, tile, held, count, shared, coefficients, values);
  else
    make_usual_masks(held, count, shared, values);
}

}  // namespace fluvial::cuda
