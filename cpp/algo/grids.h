// What one-stage detectors share: grids of cells over the picture, and outputs that belong to one grid each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "types/geometry.h"
#include "types/tensor.h"

namespace fluvial {

struct Grid {
  int stride = 1;  // pixels of the network's input from one cell to the next
  int width = 0, height = 0;
  std::size_t first = 0;  // cells of the grids before it
  std::size_t cells() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

// Row by row; sizes are rounded up, as padded convolutions leave them.
std::vector<Grid> grids_of(Size input, const std::vector<int>& strides);
std::size_t cells_in(const std::vector<Grid>& grids);

// Cells and channels of an output [N, cells, C] or, as a map, [N, C, H, W]; -1 where open, 0 for another rank.
std::int64_t cells_of(const TensorInfo& output);
std::int64_t channels_of(const TensorInfo& output);

// Orders indices into `outputs`, the finest grid first: by their cells, else by the number at the end of their names
// ("cls_8"), else as they were.
void sort_by_grid(const std::vector<TensorInfo>& outputs, std::vector<std::size_t>& indices);

// Outputs with so many channels, sorted so.
std::vector<std::size_t> outputs_by_grid(const std::vector<TensorInfo>& outputs, std::int64_t channels);

// Whether that tells that both belong to one grid.
bool are_of_one_grid(const TensorInfo& a, const TensorInfo& b);

// Whether `outputs[indices[i]]` may have as many cells as grid i; what is open may.
bool may_lie_on(const std::vector<Grid>& grids, const std::vector<TensorInfo>& outputs,
                const std::vector<std::size_t>& indices);

}  // namespace fluvial
