// Masks of prototypes, in the arithmetic of algo/heads/row_details.cpp: one line of blocks a mask, one thread a place
// of it, which adds up the four cells around it.
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

extern "C" __global__ void make_masks(MaskGrid grid, const MaskTask* tasks, const float* coefficients, float* values) {
  const MaskTask task = tasks[blockIdx.y];
  const float* own = coefficients + static_cast<long long>(blockIdx.y) * grid.count;
  const long long cells = static_cast<long long>(grid.width) * grid.height;
  for (int at = blockIdx.x * blockDim.x + threadIdx.x; at < task.columns * task.rows; at += gridDim.x * blockDim.x) {
    const BetweenCells x = between_cells(task.left, task.width, at % task.columns, task.columns, grid.scale_x,
                                         task.region_left, task.region_right);
    const BetweenCells y = between_cells(task.top, task.height, at / task.columns, task.rows, grid.scale_y,
                                         task.region_top, task.region_bottom);
    const float* upper = grid.prototypes + static_cast<long long>(y.low) * grid.width;
    const float* lower = grid.prototypes + static_cast<long long>(y.high) * grid.width;
    float a = 0, b = 0, c = 0, d = 0;
    FLUVIAL_UNROLL_SOME
    for (int k = 0; k < grid.count; ++k) {
      const float weight = __ldg(own + k);
      const long long at = k * cells;
      a += weight * __ldg(upper + at + x.low);
      b += weight * __ldg(upper + at + x.high);
      c += weight * __ldg(lower + at + x.low);
      d += weight * __ldg(lower + at + x.high);
    }
    const float logit = mixed(mixed(a, b, x.share), mixed(c, d, x.share), y.share);
    values[task.first + at] = 1.0f / (1.0f + expf(-logit));
  }
}

}  // namespace fluvial::cuda
