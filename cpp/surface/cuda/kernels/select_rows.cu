// Copies the rows of an output that can hold an object: see types/row_selection.h. One thread a row, one line of blocks a
// unit. `counts` begins at zero and counts past `room`, where nothing is written: whoever reads it sees that rows are
// missing.

namespace fluvial::cuda {

extern "C" __global__ void select_rows(const float* output, Rows rows, int* counts, int* numbers, float* values) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x, unit = blockIdx.y;
  if (row >= rows.rows) return;
  const long long size = static_cast<long long>(rows.rows) * rows.columns;
  const float* first = output + unit * size + static_cast<long long>(row) * rows.row_step;
  bool is_wanted = false;
  for (int c = 0; c < rows.score_count && !is_wanted; ++c)
    is_wanted = first[static_cast<long long>(rows.first_score + c) * rows.column_step] >= rows.least;
  if (!is_wanted) return;
  const int place = atomicAdd(counts + unit, 1);
  if (place >= rows.room) return;
  const long long at = static_cast<long long>(unit) * rows.room + place;
  numbers[at] = row;
  for (int c = 0; c < rows.columns; ++c)
    values[at * rows.columns + c] = first[static_cast<long long>(c) * rows.column_step];
}

}  // namespace fluvial::cuda
