// types/row_selection.h for a kernel. No includes: NVRTC has none.
#pragma once

namespace fluvial::cuda {

struct RowSource {
  enum Type { f32, f16, i8, u8, i32, i64 };  // as ElementType
  enum Kind { values, greatest, share };     // as RowField
  // Of a greatest number that is tested: what lies where it can be read together, four columns of a row, or eight rows
  // of a column, each beginning at a multiple of as many.
  enum Lying { apart, columns_together, rows_together };
  const void* data;     // of the first unit
  long long unit_step;  // elements, as all steps
  long long first, outer_step, inner_step, column_step;
  int columns, type, kind, skipped;
  int is_tested;
  float least;
  int lying;
};

struct RowTask {
  static constexpr int most_parts = 8, most_fields = 4;
  struct Part {
    int first_row, rows, inner_count;
    RowSource fields[most_fields];
  };
  int fields;
  int width;  // numbers of a row
  int room;   // rows of a unit that are kept
  Part parts[most_parts];
};

}  // namespace fluvial::cuda
