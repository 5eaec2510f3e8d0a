#include "algo/heads/field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "algo/simd.h"

namespace fluvial::heads {
namespace {

// The planes of a map one after the other: each pass is a comparison of two arrays.
FLUVIAL_SIMD
void keep_greater(const float* plane, int channel, std::size_t cells, Best* best) {
  for (std::size_t i = 0; i < cells; ++i) {
    const bool is_greater = plane[i] > best[i].value;
    best[i].value = is_greater ? plane[i] : best[i].value;
    best[i].index = is_greater ? channel : best[i].index;
  }
}

}  // namespace

void Field::open(const std::vector<TensorView>& outputs, std::size_t unit, std::size_t cells) {
  const TensorView& tensor = tensor_at(outputs, output_);
  const Shape& s = tensor.shape;
  const auto count = static_cast<std::int64_t>(cells);
  const bool is_map = s.size() == 4 && s[1] == channels_ && s[2] * s[3] == count;
  const bool is_rows = !is_map && s.size() == 4 && s[3] == channels_ && s[1] * s[2] == count;
  const Shape promised = is_map || is_rows ? Shape{s[1], s[2], s[3]} : Shape{count, channels_};
  data_ = reader_.read(tensor, unit, promised);
  cells_ = cells;
  cell_step_ = whole_cell_step_ = is_map ? 1 : static_cast<std::size_t>(channels_);
  channel_step_ = whole_channel_step_ = is_map ? cells : 1;
  is_chosen_ = false;
}

void Field::open(const SelectedRows& rows, std::size_t at, RowField::Kind kind) {
  data_ = rows.values + at;
  cells_ = rows.count;
  cell_step_ = rows.width;
  channel_step_ = 1;
  is_chosen_ = kind != RowField::values;
}

RowField Field::row_field(int first, int count, RowField::Kind kind, float least) const {
  RowField field;
  field.output = output_;
  field.columns = count;
  field.inner_step = static_cast<std::int64_t>(whole_cell_step_);
  field.column_step = static_cast<std::int64_t>(whole_channel_step_);
  field.first = first * field.column_step;
  field.kind = kind;
  field.least = least;
  return field;
}

bool Field::looks_logits(int first, int count) const {
  const std::size_t step = std::max<std::size_t>(1, cells_ / 64);
  for (std::size_t cell = 0; cell < cells_; cell += step) {
    float best = -std::numeric_limits<float>::infinity();
    for (int c = first; c < first + count; ++c) best = std::max(best, at(cell, c));
    if (best < 0 || best > 1) return true;
  }
  return false;
}

void Field::find_best(int first, int count) {
  best_.assign(cells_, {0, -std::numeric_limits<float>::infinity()});
  for (int c = 0; c < count; ++c)
    keep_greater(data_ + static_cast<std::size_t>(first + c) * channel_step_, c, cells_, best_.data());
}

Scores::Scores(const ModelSpec& spec, const char* head) {
  const std::string word = choice(spec, head, "scores", {"auto", "probabilities", "logits"});
  is_auto_ = word == "auto";
  is_logits_ = word == "logits";
}

float Scores::score(float probability) const {
  if (!is_logits_) return probability;
  if (probability <= 0) return -std::numeric_limits<float>::infinity();
  if (probability >= 1) return std::numeric_limits<float>::infinity();
  return std::log(probability / (1 - probability));
}

}  // namespace fluvial::heads
