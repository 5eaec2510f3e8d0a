#include "algo/heads/dense_parts.h"

namespace fluvial::heads {

void DensePart::open(const std::vector<TensorView>& outputs, std::size_t unit, std::size_t rows_in_cell) {
  scores.open(outputs, unit, cells * rows_in_cell);
  boxes.open(outputs, unit, cells * rows_in_cell);
  if (centres) centres->open(outputs, unit, cells);
}

void DensePart::open(const SelectedRows& rows) {
  constexpr std::size_t chosen = 2;  // the class's score and the class
  scores.open(rows, 0, RowField::greatest);
  boxes.open(rows, chosen, RowField::values);
  if (centres) centres->open(rows, rows.width - 1, RowField::values);
}

RowPart DensePart::row_part(int classes, float least, int first_box, int box_count, float least_centre) const {
  RowPart part;
  part.inner_count = static_cast<int>(cells);
  part.fields = {scores.row_field(0, classes, RowField::greatest, least), boxes.row_field(first_box, box_count)};
  if (centres) part.fields.push_back(centres->row_field(0, 1, RowField::values, least_centre));
  return part;
}

std::vector<DensePart> parts_of(const std::vector<TensorInfo>& outputs, const DenseOutputs& found,
                                const std::vector<Grid>& grids) {
  const auto field = [&](std::size_t i) { return Field(i, static_cast<int>(channels_of(outputs[i]))); };
  std::vector<DensePart> parts;
  for (std::size_t i = 0; i < found.scores.size(); ++i) {
    const bool is_joined = found.is_joined();
    parts.push_back({field(found.scores[i]), field(found.boxes[i]), std::nullopt, is_joined ? 0 : grids[i].first,
                     is_joined ? cells_in(grids) : grids[i].cells()});
    if (!found.centres.empty()) parts.back().centres = field(found.centres[i]);
  }
  return parts;
}

Box CellPlace::box_around(float shift, const float* edges) const {
  return {left + shift - edges[0], top + shift - edges[1], edges[0] + edges[2], edges[1] + edges[3]};
}

CellPlace cell_at(const std::vector<Grid>& grids, std::size_t cell) {
  std::size_t i = 0;
  while (i + 1 < grids.size() && grids[i + 1].first <= cell) ++i;
  const std::size_t within = cell - grids[i].first;
  const auto width = static_cast<std::size_t>(grids[i].width);
  const auto stride = static_cast<float>(grids[i].stride);
  return {static_cast<float>(within % width) * stride, static_cast<float>(within / width) * stride, stride};
}

}  // namespace fluvial::heads
