// YOLOX: [N, anchors, 5 + classes + D], each row x, y, w, h, objectness, classes; score = objectness * class. D details
// are coefficients of a mask with prototypes [N, D, h, w] as another output (YOLOv5-seg), or keypoints.
//
// Exports differ in how much the graph did. A raw one gives places in the grid: centre = (xy + cell) * stride and
// size = exp(wh) * stride, over grids of strides 8, 16 and 32; a decoded one gives pixels, centre and size (YOLOv5 and
// v7 look the same, with three anchors a cell). Some leave out the sigmoid. Unless the options say
// ("boxes=raw|decoded", "scores=probabilities|logits"), the numbers do, frame by frame: coordinates of a raw grid stay
// near 0 wherever the cell lies, and probabilities are never outside of 0..1, while objectness of background as a logit
// is far below 0. "keypoints=17x3": how many keypoints, of how many numbers.
// Sources: github.com/Megvii-BaseDetection/YOLOX; github.com/ultralytics/yolov5, models/yolo.py (Segment).
#include <algorithm>
#include <cmath>

#include "algo/heads/row_details.h"
#include "algo/heads/settled.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

struct Cell {
  float x, y, stride;
};

constexpr float kAny = any_value;  // logits may be below 0
constexpr int kStrides[] = {8, 16, 32};

std::vector<Cell> grid_of(Size input) {
  std::vector<Cell> cells;
  for (int stride : kStrides) {
    for (int y = 0; y < input.height / stride; ++y) {
      for (int x = 0; x < input.width / stride; ++x) {
        cells.push_back({static_cast<float>(x), static_cast<float>(y), static_cast<float>(stride)});
      }
    }
  }
  return cells;
}

struct YoloxOutputs {
  std::size_t rows = 0;
  std::size_t prototypes = 0;
  int columns = 0;
};

class Yolox : public HeadDecoder {
 public:
  Yolox(const ModelSpec& spec, const YoloxOutputs& outputs, DetailColumns details, std::vector<Cell> cells,
        const HeadSettings& settings)
      : outputs_(outputs),
        columns_(outputs.columns),
        class_count_(outputs.columns - 5 - details.count()),
        width_(static_cast<float>(spec.input.size.width)),
        boxes_(option(spec, "boxes", "auto")),
        scores_(option(spec, "scores", "auto")),
        cells_(std::move(cells)),
        thresholds_(settings),
        details_(details, spec.input.size) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const TensorView& tensor = tensor_at(outputs, outputs_.rows);
    const float* rows = reader_.read(tensor, unit, {-1, columns_});
    const auto count = static_cast<std::size_t>(tensor.shape[1]);
    const bool has_grid = count == cells_.size();
    if (details_.needs_prototypes()) details_.note_grid(tensor_at(outputs, outputs_.prototypes));
    Look look;
    look.count = count;
    look.is_raw = has_grid && (boxes_ == "raw" || (boxes_ == "auto" && looks_raw(rows)));
    look.is_logits = scores_ == "logits" || (scores_ == "auto" && looks_logits(rows, count));
    settled_.saw(look);
    for (std::size_t i = 0; i < count; ++i) {
      const float* row = rows + i * static_cast<std::size_t>(columns_);
      if (is_possible(row, look)) add(row, best_of(row + 5, class_count_, kAny), i, look, out);
    }
  }

  std::optional<RowSelection> selection() const override {
    if (!settled_.is_settled()) return std::nullopt;
    const Look& look = settled_.look();
    const float least = look.is_logits ? least_logit(thresholds_.least()) : thresholds_.least();
    RowField box, objectness, classes;
    box.columns = 4;
    objectness.first = 4;
    classes.first = 5;
    classes.columns = class_count_;
    classes.kind = RowField::greatest;
    objectness.least = classes.least = least;  // neither can lift the product
    RowPart part{1, static_cast<int>(look.count), {box, objectness, classes}};
    if (has_details()) {
      RowField details;
      details.first = 5 + class_count_;
      details.columns = details_.columns();
      part.fields.push_back(details);
    }
    for (auto& field : part.fields) {
      field.output = outputs_.rows;
      field.inner_step = columns_;
    }
    RowSelection wanted{{part}, {}};
    if (details_.needs_prototypes()) wanted.prototypes = outputs_.prototypes;
    return wanted;
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    const Look& look = settled_.look();
    for (std::size_t i = 0; i < rows.count; ++i) {
      const float* row = rows.row(i);
      if (is_possible(row, look)) add(row, greatest_in(row + 5), static_cast<std::size_t>(rows.numbers[i]), look, out);
    }
  }

  void describe_rows(const SelectedRows& rows, const std::vector<Detection>& kept, std::vector<Details>& out,
                     MaskWishes& masks) override {
    if (kept.empty()) return;
    std::vector<const float*> of_kept;
    for (const auto& detection : kept) of_kept.push_back(row_numbered(rows, detection.row) + 7);
    details_.read_all(of_kept, kept, rows.unit, out, masks);
  }

  bool has_details() const override { return details_.has_any(); }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    if (kept.empty()) return;
    const float* rows = reader_.read(tensor_at(outputs, outputs_.rows), unit, {-1, columns_});
    details_.begin(&tensor_at(outputs, outputs_.prototypes), unit);
    for (const auto& detection : kept) {
      const float* row = rows + static_cast<std::size_t>(detection.row) * static_cast<std::size_t>(columns_);
      out.push_back(details_.read({row + 5 + class_count_, 1}, detection.box));
    }
  }

 private:
  // How the numbers are to be read.
  struct Look {
    bool is_raw = false, is_logits = false;
    std::size_t count = 0;  // rows
    bool operator==(const Look& other) const {
      return is_raw == other.is_raw && is_logits == other.is_logits && count == other.count;
    }
  };

  static float probability(float value, const Look& look) { return look.is_logits ? sigmoid(value) : value; }

  // No class can lift the product.
  bool is_possible(const float* row, const Look& look) const {
    return probability(row[4], look) >= thresholds_.least();
  }

  void add(const float* row, const Best& best, std::size_t i, const Look& look, std::vector<Detection>& out) const {
    const float confidence = probability(row[4], look) * probability(best.value, look);
    if (!(confidence >= thresholds_.of(best.index))) return;
    out.push_back({best.index, confidence, look.is_raw ? raw_box(row, cells_[i]) : decoded_box(row),
                   static_cast<std::int32_t>(i)});
  }

  // The last column of cells of the finest grid lies at the right edge, in pixels.
  bool looks_raw(const float* rows) const {
    const auto grid_width = static_cast<std::size_t>(width_) / kStrides[0];
    double sum = 0;
    int seen = 0;
    for (std::size_t i = grid_width - 1; i < cells_.size() && cells_[i].stride <= kStrides[0]; i += grid_width) {
      sum += rows[i * static_cast<std::size_t>(columns_)];
      ++seen;
    }
    return seen > 0 && sum / seen < width_ / 4;
  }

  bool looks_logits(const float* rows, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i) {
      const float objectness = rows[i * static_cast<std::size_t>(columns_) + 4];
      if (objectness < 0 || objectness > 1) return true;
    }
    return false;
  }

  static Box raw_box(const float* row, const Cell& cell) {
    const float width = std::exp(row[2]) * cell.stride;
    const float height = std::exp(row[3]) * cell.stride;
    return {(row[0] + cell.x) * cell.stride - width / 2, (row[1] + cell.y) * cell.stride - height / 2, width, height};
  }

  static Box decoded_box(const float* row) { return {row[0] - row[2] / 2, row[1] - row[3] / 2, row[2], row[3]}; }

  YoloxOutputs outputs_;
  int columns_, class_count_;
  float width_;
  std::string boxes_, scores_;
  std::vector<Cell> cells_;
  Thresholds thresholds_;
  RowDetails details_;
  FloatReader reader_;
  Settled<Look> settled_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_yolox(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                        const HeadSettings& settings) {
  auto cells = grid_of(spec.input.size);
  std::string needs = "one [N, anchors, 5 + classes], with " + std::to_string(cells.size()) +
                      " anchors at this input size if boxes are raw";
  YoloxOutputs found;
  if (outputs.size() == 2) {
    found.prototypes = outputs[0].shape.size() == 4 ? 0 : 1;
    found.rows = 1 - found.prototypes;
  }
  const TensorInfo* prototypes = outputs.size() == 2 ? &outputs[found.prototypes] : nullptr;
  if (outputs.empty() || outputs.size() > 2 || (prototypes != nullptr && prototypes->shape.size() != 4))
    refuse("yolox", needs, outputs);
  const Shape& shape = outputs[found.rows].shape;
  const DetailColumns details = detail_columns("yolox", spec, prototypes);
  if (details.count() > 0) needs += ", and " + std::to_string(details.count()) + " columns for details";
  if (shape.size() != 3 || shape[2] < 6 + details.count()) refuse("yolox", needs, outputs);
  found.columns = static_cast<int>(shape[2]);
  const bool has_grid = shape[1] < 0 || shape[1] == static_cast<std::int64_t>(cells.size());
  if (!has_grid && option(spec, "boxes", "auto") == "raw") refuse("yolox", needs, outputs);
  return std::make_unique<Yolox>(spec, found, details, std::move(cells), settings);
}

}  // namespace fluvial::heads
