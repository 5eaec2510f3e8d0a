// One-stage detectors: their outputs grid by grid, whichever way they are split. For heads/*.cpp only.
#pragma once

#include <optional>
#include <vector>

#include "algo/dense.h"
#include "algo/heads/field.h"

namespace fluvial::heads {

// One grid, or all of them joined.
struct DensePart {
  Field scores, boxes;
  std::optional<Field> centres;
  std::size_t first, cells;  // of all grids' cells

  void open(const std::vector<TensorView>& outputs, std::size_t unit, std::size_t rows_in_cell);
  // Of rows that a GPU chose by row_part(), which are numbered as cells are.
  void open(const SelectedRows& rows);
  // The best class of each cell, where it reaches `least`; channels [first, first + count) of the boxes; the centre,
  // where that reaches its own least.
  RowPart row_part(int classes, float least, int first_box, int box_count, float least_centre = any_value) const;
};

std::vector<DensePart> parts_of(const std::vector<TensorInfo>& outputs, const DenseOutputs& found,
                                const std::vector<Grid>& grids);

// Where a cell of all grids lies.
struct CellPlace {
  float left, top;  // of the cell, in pixels
  float stride;

  // `edges`: left, top, right, bottom, pixels away from the point that is `shift` inside of the cell.
  Box box_around(float shift, const float* edges) const;
};
CellPlace cell_at(const std::vector<Grid>& grids, std::size_t cell);

}  // namespace fluvial::heads
