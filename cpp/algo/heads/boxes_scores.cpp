// Every anchor's box and scores, as SSD, ATSS and FCOS give them: boxes [N, A, 4] as left, top, right, bottom, scores
// [N, A, C]; boxes may be [N, A, 1, 4], as YOLOv4's export in
// PyTorch (github.com/Tianxiaomo/pytorch-YOLOv4) has them. The surest class of an anchor is its class. Options:
// "boxes=normalised|pixels": shares of the picture (the default) or pixels of the input.
// "background=none|first|last|auto" or a column's number: that column is no class, and columns after it move one down.
// With "auto", rows that sum to one are taken for a softmax with background, its column the one that mostly wins.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/settled.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

constexpr int kNoBackground = -1;
constexpr int kAutoBackground = -2;

class BoxesScores : public HeadDecoder {
 public:
  BoxesScores(const ModelSpec& spec, std::size_t boxes, std::size_t scores, int columns, int background,
              const HeadSettings& settings)
      : boxes_(boxes),
        scores_(scores),
        columns_(columns),
        background_(background),
        thresholds_(settings),
        units_("boxes_scores", spec, "normalised") {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const float* scores = score_reader_.read(tensor_at(outputs, scores_), unit, {-1, columns_});
    const std::int64_t count = tensor_at(outputs, scores_).shape[1];
    const float* boxes = box_reader_.read(flat(tensor_at(outputs, boxes_)), unit, {count, 4});
    const int background = background_ == kAutoBackground ? background_of(scores, count) : background_;
    settled_.saw({background, count});
    for (std::int64_t i = 0; i < count; ++i) {
      const Best best = best_class(scores + i * columns_, background);
      if (!(best.value >= thresholds_.least()) || !(best.value >= thresholds_.of(best.index))) continue;
      out.push_back({best.index, best.value, box_at(boxes + 4 * i)});
    }
  }

  std::optional<RowSelection> selection() const override {
    if (!settled_.is_settled()) return std::nullopt;
    RowField best, box;
    best.output = scores_;
    best.kind = RowField::greatest;
    best.columns = columns_;
    best.inner_step = columns_;
    best.skipped = settled_.look().background;
    best.least = thresholds_.least();
    box.output = boxes_;
    box.columns = 4;
    box.inner_step = 4;
    return RowSelection{{{1, static_cast<int>(settled_.look().count), {best, box}}}, {}};
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    const int background = settled_.look().background;
    for (std::size_t i = 0; i < rows.count; ++i) {
      Best best = greatest_in(rows.row(i));
      if (background >= 0 && best.index > background) --best.index;
      if (best.value >= thresholds_.of(best.index)) out.push_back({best.index, best.value, box_at(rows.row(i) + 2)});
    }
  }

 private:
  struct Look {
    int background = kNoBackground;
    std::int64_t count = 0;
    bool operator==(const Look& other) const { return background == other.background && count == other.count; }
  };

  static TensorView flat(TensorView boxes) {
    if (boxes.shape.size() == 4 && boxes.shape[2] == 1) boxes.shape.erase(boxes.shape.begin() + 2);
    return boxes;
  }

  Best best_class(const float* row, int background) const {
    const float least = thresholds_.least();
    if (background < 0) return best_of(row, columns_, least);
    const Best before = best_of(row, background, least);
    const Best after = best_of(row + background + 1, columns_ - background - 1, least);
    return before.value >= after.value ? before : Best{background + after.index, after.value};
  }

  // Looks at 64 anchors spread over all.
  int background_of(const float* scores, std::int64_t count) const {
    const std::int64_t step = std::max<std::int64_t>(1, count / 64);
    std::vector<double> sums(static_cast<std::size_t>(columns_), 0.0);
    for (std::int64_t i = 0; i < count; i += step) {
      double sum = 0;
      for (int c = 0; c < columns_; ++c) {
        sum += scores[i * columns_ + c];
        sums[static_cast<std::size_t>(c)] += scores[i * columns_ + c];
      }
      if (!(std::abs(sum - 1) < 0.02)) return kNoBackground;
    }
    return count > 0 ? static_cast<int>(std::max_element(sums.begin(), sums.end()) - sums.begin()) : kNoBackground;
  }

  Box box_at(const float* b) const { return units_.of_edges(b[0], b[1], b[2], b[3]); }

  std::size_t boxes_, scores_;
  int columns_, background_;
  Thresholds thresholds_;
  BoxUnits units_;
  FloatReader score_reader_, box_reader_;
  Settled<Look> settled_;
};

int background_column(const ModelSpec& spec, int columns) {
  const std::string word = option(spec, "background", "none");
  if (word == "none") return kNoBackground;
  if (word == "auto") return columns > 1 ? kAutoBackground : kNoBackground;
  if (word == "first") return 0;
  if (word == "last") return columns - 1;
  const bool is_number = !word.empty() && word.size() < 6 && word.find_first_not_of("0123456789") == std::string::npos;
  const int column = is_number ? std::stoi(word) : columns;
  if (column < columns) return column;
  throw std::invalid_argument("head boxes_scores: option background=" + word +
                              "; allowed are none, first, last, auto " + "or a column below " +
                              std::to_string(columns));
}

}  // namespace

std::unique_ptr<HeadDecoder> make_boxes_scores(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                               const HeadSettings& settings) {
  const std::string needs = "boxes [N, A, 4] or [N, A, 1, 4] and scores [N, A, classes]";
  const auto is_flat = [&](std::size_t i) { return outputs[i].shape.size() == 3 && outputs[i].shape[2] > 0; };
  const auto is_deep = [&](std::size_t i) { return outputs[i].shape.size() == 4 && outputs[i].shape[2] == 1; };
  if (outputs.size() != 2) refuse("boxes_scores", needs, outputs);
  // With four classes the shapes are alike; then the name decides.
  const bool is_swapped = is_deep(1) || (is_flat(0) && outputs[0].shape[2] != 4) ||
                          (is_flat(0) && is_flat(1) && outputs[1].shape[2] == 4 && outputs[1].name == "boxes");
  const std::size_t boxes = is_swapped ? 1 : 0;
  if (!is_flat(1 - boxes) || !(is_flat(boxes) || is_deep(boxes)) || outputs[boxes].shape.back() != 4)
    refuse("boxes_scores", needs, outputs);
  const int columns = static_cast<int>(outputs[1 - boxes].shape[2]);
  return std::make_unique<BoxesScores>(spec, boxes, 1 - boxes, columns, background_column(spec, columns), settings);
}

}  // namespace fluvial::heads
