// DETR without post-processing in the graph: logits [N, Q, C] and boxes [N, Q, 4] as centre and size, shares of the
// picture. Two ways to score:
//   softmax  DETR, YOLOS, Table Transformer: over classes and, last, no object; a query is its surest class.
//   sigmoid  Deformable DETR, DINO, RT-DETR, D-FINE, DEIM, RF-DETR: each class by itself; of all queries' classes the
//            `topk` surest are objects, so that a query can be two.
// Sources: github.com/facebookresearch/detr and github.com/fundamentalvision/Deformable-DETR (PostProcess),
// github.com/lyuwenyu/RT-DETR, github.com/Peterande/D-FINE, github.com/roboflow/rf-detr.
// Options: "scores=softmax|sigmoid"; "topk=300" by default; "boxes=normalised|pixels".
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/places.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

class DetrRaw : public HeadDecoder {
 public:
  DetrRaw(const ModelSpec& spec, const QueryPlaces& places, int columns, bool is_softmax, std::size_t topk,
          const HeadSettings& settings)
      : places_(places),
        columns_(columns),
        is_softmax_(is_softmax),
        topk_(topk),
        thresholds_(settings),
        units_("detr_raw", spec, "normalised") {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const TensorView& logits = tensor_at(outputs, places_.logits);
    const float* row = logit_reader_.read(logits, unit, {-1, columns_});
    const std::int64_t queries = logits.shape[1];
    const float* boxes = box_reader_.read(tensor_at(outputs, places_.boxes), unit, {queries, 4});
    queries_ = static_cast<int>(queries);
    const std::size_t begin = out.size();
    for (std::int64_t i = 0; i < queries; ++i, row += columns_) {
      const Box box = box_at(boxes + 4 * i);
      is_softmax_ ? add_surest(row, box, i, out) : add_all(row, box, i, out);
    }
    if (!is_softmax_) keep_topk(out, begin);
  }

  // A row is a query, or a class of a query.
  std::optional<RowSelection> selection() const override {
    if (queries_ == 0) return std::nullopt;
    RowField score, box;
    score.output = places_.logits;
    box.output = places_.boxes;
    box.columns = 4;
    if (is_softmax_) {
      score.kind = RowField::share;
      score.columns = score.inner_step = columns_;
      score.skipped = columns_ - 1;
      score.least = thresholds_.least() - 1e-6F;  // sums are rounded in another order
      box.inner_step = 4;
      return RowSelection{{{1, queries_, {score, box}}}, {}};
    }
    score.outer_step = columns_;
    score.inner_step = 1;
    score.least = least_logit(thresholds_.least());
    box.outer_step = 4;
    return RowSelection{{{queries_, columns_, {score, box}}}, {}};
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    const std::size_t begin = out.size();
    for (std::size_t i = 0; i < rows.count; ++i) {
      const float* row = rows.row(i);
      const std::int32_t number = rows.numbers[i];
      const Best best = is_softmax_ ? greatest_in(row) : Best{number % columns_, sigmoid(row[0])};
      if (!(best.value >= thresholds_.of(best.index))) continue;
      const Box box = box_at(row + (is_softmax_ ? 2 : 1));
      out.push_back({best.index, best.value, box, is_softmax_ ? number : number / columns_});
    }
    if (!is_softmax_) keep_topk(out, begin);
  }

 private:
  // The greatest logit is the reference: none of the powers can overflow.
  void add_surest(const float* row, const Box& box, std::int64_t query, std::vector<Detection>& out) const {
    const int classes = columns_ - 1;
    const Best best = best_of(row, classes, -kHuge);
    const float greatest = std::max(best.value, row[classes]);
    float sum = 0;
    for (int c = 0; c < columns_; ++c) sum += std::exp(row[c] - greatest);
    const float score = std::exp(best.value - greatest) / sum;
    if (score >= thresholds_.of(best.index)) out.push_back({best.index, score, box, static_cast<std::int32_t>(query)});
  }

  void add_all(const float* row, const Box& box, std::int64_t query, std::vector<Detection>& out) const {
    const float least = least_logit(thresholds_.least());
    if (!(best_of(row, columns_, least).value >= least)) return;
    for (int c = 0; c < columns_; ++c) {
      if (!(row[c] >= least)) continue;
      const float score = sigmoid(row[c]);
      if (score >= thresholds_.of(c)) out.push_back({c, score, box, static_cast<std::int32_t>(query)});
    }
  }

  void keep_topk(std::vector<Detection>& out, std::size_t begin) const {
    if (out.size() - begin <= topk_) return;
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
                     [](const Detection& a, const Detection& b) { return a.confidence > b.confidence; });
    out.resize(begin + topk_);
  }

  Box box_at(const float* b) const { return units_.of_centre(b[0], b[1], b[2], b[3]); }

  static constexpr float kHuge = 3.4e38F;

  QueryPlaces places_;
  int columns_;
  bool is_softmax_;
  std::size_t topk_;
  Thresholds thresholds_;
  BoxUnits units_;
  FloatReader logit_reader_, box_reader_;
  int queries_ = 0;  // of the last whole output
};

std::size_t topk_of(const ModelSpec& spec) {
  const std::string word = option(spec, "topk", "300");
  const bool is_number = !word.empty() && word.size() < 7 && word.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && std::stoi(word) > 0) return static_cast<std::size_t>(std::stoi(word));
  throw std::invalid_argument("head detr_raw: option topk=" + word + "; allowed are numbers from 1 to 999999");
}

}  // namespace

std::unique_ptr<HeadDecoder> make_detr_raw(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                           const HeadSettings& settings) {
  const auto places = query_places(outputs);
  if (!places)
    refuse("detr_raw", "pred_boxes [N, Q, 4] and logits [N, Q, classes] (of RF-DETR dets and labels)", outputs);
  const std::string scores = option(spec, "scores", "");
  if (scores != "softmax" && scores != "sigmoid")
    throw std::invalid_argument("head detr_raw: option scores=" + scores + "; allowed are softmax and sigmoid");
  const int columns = static_cast<int>(outputs[places->logits].shape[2]);
  if (scores == "softmax" && columns < 2)
    refuse("detr_raw", "logits of a class and of no object at least, for scores=softmax", outputs);
  return std::make_unique<DetrRaw>(spec, *places, columns, scores == "softmax", topk_of(spec), settings);
}

}  // namespace fluvial::heads
