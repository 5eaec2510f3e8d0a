// Masks of prototypes, in the arithmetic of algo/heads/row_details.cpp: one plane of blocks a mask, one block a tile of
// it. Places lie between cells, about as many as there are cells: so each cell is summed up once, by a thread of its
// own, and its sum is shared by the places around it.
#include "surface/cuda/kernels/mask_task.h"
#include "surface/cuda/kernels/on_both.h"

namespace fluvial::cuda {

struct BetweenCells {
  int low, high;
  float share;
};

__device__ inline BetweenCells between_cells(float edge, float length, int i, int count, float scale, int first,
                                             int end) {
  const float pixel = edge + length * (i + 0.5f) / count;
  const float inside = fminf(fmaxf(pixel / scale - 0.5f - first, 0.0f), static_cast<float>(end - first - 1));
  const int low = static_cast<int>(inside);
  return {first + low, first + min(low + 1, end - first - 1), inside - low};
}

__device__ inline float mixed(float a, float b, float share) { return a + (b - a) * share; }

constexpr int prototypes_at_once = 16, cells_of_block = cells_across * cells_down;

// Of so many prototypes: all are asked for before the first is looked at.
template <int count>
__device__ inline float part_of_sum(const float* cell, int cells, const float* weights) {
  float value[count], sum = 0;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < count; ++i) value[i] = __ldg(cell + i * cells);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < count; ++i) sum += value[i] * weights[i];
  return sum;
}

// A block's weights of prototypes, as many at once.
using Weights = float[cells_of_block];

__device__ inline int own_cell() { return threadIdx.y * cells_across + threadIdx.x; }

// Of all of them; the first weights, as many as there is room for, are there already. All threads of the block come
// here, for one mask.
__device__ inline float weighted_sum(const MaskGrid& grid, const float* coefficients, int x, int y, Weights& weights) {
  const int cells = grid.width * grid.height, own = own_cell();
  const float* cell = grid.prototypes + y * grid.width + x;
  float sum = 0;
  for (int first = 0; first < grid.count; first += cells_of_block) {
    const int count = min(grid.count - first, cells_of_block);
    if (first > 0) {
      __syncthreads();
      if (own < count) weights[own] = __ldg(coefficients + first + own);
      __syncthreads();
    }
    int i = 0;
    FLUVIAL_UNROLL_NOTHING
    for (; i + prototypes_at_once <= count; i += prototypes_at_once, cell += prototypes_at_once * cells)
      sum += part_of_sum<prototypes_at_once>(cell, cells, weights + i);
    FLUVIAL_UNROLL_NOTHING
    for (; i < count; ++i, cell += cells) sum += part_of_sum<1>(cell, cells, weights + i);
  }
  return sum;
}

extern "C" __global__ void __launch_bounds__(cells_of_block, 3)
    make_masks(MaskGrid grid, const MaskTask* tasks, const float* coefficients, float* values) {
  __shared__ float cells[cells_down][cells_across];
  __shared__ Weights weights;
  const float* coefficients_of_mask = coefficients + static_cast<long long>(blockIdx.z) * grid.count;
  __shared__ MaskTask task;
  // All at once, as each of them comes from afar: a word of the task and a weight for each thread.
  constexpr int words_of_task = sizeof(MaskTask) / sizeof(int);
  static_assert(words_of_task <= cells_of_block);
  if (own_cell() < words_of_task)
    reinterpret_cast<int*>(&task)[own_cell()] = __ldg(reinterpret_cast<const int*>(tasks + blockIdx.z) + own_cell());
  if (own_cell() < grid.count) weights[own_cell()] = __ldg(coefficients_of_mask + own_cell());
  __syncthreads();
  const int first_column = blockIdx.x * task.tile_columns, first_row = blockIdx.y * task.tile_rows;
  if (first_column >= task.columns || first_row >= task.rows) return;  // the whole block
  const auto across_at = [&](int column) {
    return between_cells(task.left, task.width, column, task.columns, grid.scale_x, task.region_left,
                         task.region_right);
  };
  const auto down_at = [&](int row) {
    return between_cells(task.top, task.height, row, task.rows, grid.scale_y, task.region_top, task.region_bottom);
  };
  const int in_x = threadIdx.x, in_y = threadIdx.y;
  const int left = across_at(first_column).low, top = down_at(first_row).low;
  cells[in_y][in_x] = weighted_sum(grid, coefficients_of_mask, min(left + in_x, task.region_right - 1),
                                   min(top + in_y, task.region_bottom - 1), weights);
  __syncthreads();
  const int column = first_column + in_x, row = first_row + in_y;
  if (in_x >= task.tile_columns || column >= task.columns || in_y >= task.tile_rows || row >= task.rows) return;
  const BetweenCells x = across_at(column), y = down_at(row);
  const float* upper = cells[y.low - top];
  const float* lower = cells[y.high - top];
  const float logit = mixed(mixed(upper[x.low - left], upper[x.high - left], x.share),
                            mixed(lower[x.low - left], lower[x.high - left], x.share), y.share);
  values[task.first + row * task.columns + column] = 1.0f / (1.0f + expf(-logit));
}

}  // namespace fluvial::cuda
