// Of an output with a row for each place in the picture, the few rows that can hold an object.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fluvial {

// Which rows those are: where the greatest of some columns is at least `least`.
struct RowSelection {
  std::size_t output = 0;      // its place among the model's outputs, [N, rows, columns] or [N, columns, rows], f32
  bool is_transposed = false;  // the latter
  int rows = 0;
  int columns = 0;
  int first_score = 0;  // column
  int score_count = 1;
  float least = 0;
};

inline bool operator==(const RowSelection& a, const RowSelection& b) {
  return a.output == b.output && a.is_transposed == b.is_transposed && a.rows == b.rows && a.columns == b.columns &&
         a.first_score == b.first_score && a.score_count == b.score_count && a.least == b.least;
}

// Those of one unit, in the order of their numbers. Does not own them.
struct SelectedRows {
  std::size_t count = 0;
  const std::int32_t* numbers = nullptr;  // of the rows in the output
  const float* const* values = nullptr;   // `columns` of each
};

}  // namespace fluvial
