// Of outputs with a row for each place in the picture (or for each class of each place), the few rows that can hold an
// object: a head says how they are found, a GPU finds them, and only their numbers come back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace fluvial {

constexpr float any_value = -std::numeric_limits<float>::infinity();

// Numbers of one output that every row has: column c of row (outer, inner) is element
// first + outer * outer_step + inner * inner_step + c * column_step of the unit.
struct RowField {
  enum Kind { values, greatest, share };
  std::size_t output = 0;  // its place among the model's outputs, whose first dimension is the batch
  int columns = 1;
  std::int64_t outer_step = 0, inner_step = 0, column_step = 1, first = 0;
  // What comes back. values: each column. greatest: the greatest and its column, the first of equals. share: the same,
  // but with exp(greatest) / the sum of exp of all columns, a softmax.
  Kind kind = values;
  int skipped = -1;         // column that does not count for what is greatest
  float least = any_value;  // a row whose greatest (or share) is below does not come back

  int width() const { return kind == values ? columns : 2; }
};

// Rows with the same fields: one grid of several, or all there are.
struct RowPart {
  int outer_count = 1, inner_count = 0;
  std::vector<RowField> fields;
  int rows() const { return outer_count * inner_count; }
  int width() const {
    int sum = 0;
    for (const auto& field : fields) sum += field.width();
    return sum;
  }
};

// A class for each pixel: a byte comes back. Of floats it is the column that is greatest, and `none` where the field
// has a least and what is greatest is not above that; of one column, whether it is above (1) or not (0). Whole numbers,
// of one column, are classes themselves.
struct PixelClasses {
  static constexpr int none = 255;
  RowField field;  // inner: the pixel
  int pixels = 0;
};

// Rows are numbered through all parts, in each the inner ones of the first outer one first. Fields are as wide in all.
struct RowSelection {
  std::vector<RowPart> parts;
  std::optional<std::size_t> prototypes;  // an output [N, M, h, w] that masks are made of, where it is
  std::optional<PixelClasses> pixels;
  int rows() const {
    int sum = 0;
    for (const auto& part : parts) sum += part.rows();
    return sum;
  }
  int width() const { return parts.empty() ? 0 : parts.front().width(); }
};

// Those of one unit, in the order of their numbers. Does not own them.
struct SelectedRows {
  std::size_t count = 0;
  const std::int32_t* numbers = nullptr;
  const float* values = nullptr;  // `width` of each row, field after field
  std::size_t width = 0;
  const std::uint8_t* pixels = nullptr;  // the class of each
  std::size_t unit = 0;

  const float* row(std::size_t i) const { return values + i * width; }
};

}  // namespace fluvial
