// One row an object, chosen in the graph or ready to be suppressed: a box as left, top, right, bottom, its score and
// its class, in an order that the option "columns" tells. [N, K, columns]; tables of all pictures, [K, columns] and [1,
// 1, K, columns], have a column for the picture, where a row that belongs to none is negative.
//
// Published: box,score,class - YOLOv10, YOLO26 and every Ultralytics export with nms=True, followed by coefficients of
// a mask (prototypes [N, M, h, w] are the second output) or keypoints; DeepStream-Yolo's exports, not yet suppressed.
// batch,box,class,score - YOLOv7's end-to-end export. batch,class,score,box - SSD's DetectionOutput.
// class,score,box - PaddleDetection's, whose second output says how many rows each picture has; a row of none is of
// class -1.
// Sources: github.com/ultralytics/ultralytics, github.com/marcoslucianops/DeepStream-Yolo,
// github.com/WongKinYiu/yolov7 (models/experimental.py), docs.openvino.ai (DetectionOutput),
// github.com/PaddlePaddle/PaddleDetection (multiclass_nms3).
// Options: "columns=..."; "boxes=pixels|normalised"; "first_class=1" where classes count from one;
// "keypoints=17x3": how many keypoints, of how many numbers.
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "algo/heads/row_details.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

constexpr const char* kSix = "box,score,class";
constexpr const char* kSeven = "batch,box,class,score";
constexpr const char* kSsd = "batch,class,score,box";
constexpr const char* kPaddle = "class,score,box";

// Places in a row.
struct Columns {
  int batch = -1;
  int box = 0;
  int score = 4;
  int class_id = 5;
  int count = 6;
};

Columns columns_of(const std::string& word) {
  if (word == kSix) return {};
  if (word == kSeven) return {0, 1, 6, 5, 7};
  if (word == kSsd) return {0, 3, 2, 1, 7};
  if (word == kPaddle) return {-1, 2, 1, 0, 6};
  throw std::invalid_argument("head rows: option columns=" + word + "; allowed are " + kSix + ", " + kSeven + ", " +
                              kSsd + " and " + kPaddle);
}

struct RowsOutputs {
  std::size_t rows = 0;
  std::size_t prototypes = 0;
  std::optional<std::size_t> counts;  // of rows, by picture
  int width = 0;                      // of a row, details and all
  Columns columns;
};

class Rows : public HeadDecoder {
 public:
  Rows(const ModelSpec& spec, const RowsOutputs& outputs, DetailColumns details, const HeadSettings& settings)
      : outputs_(outputs),
        columns_(outputs.columns),
        first_class_(option(spec, "first_class", "0") == "1" ? 1 : 0),
        thresholds_(settings),
        details_(details, spec.input.size),
        units_("rows", spec, "pixels") {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    open(outputs, unit);
    if (details_.needs_prototypes()) details_.note_grid(tensor_at(outputs, outputs_.prototypes));
    for (std::size_t i = 0; i < count_; ++i) {
      const float* row = row_at(i);
      if (columns_.batch >= 0 && row[columns_.batch] != static_cast<float>(unit)) continue;
      add(row, static_cast<std::int32_t>(i), out);
    }
  }

  // Rows are few here. What is worth it is that prototypes stay where they are.
  std::optional<RowSelection> selection() const override {
    if (!details_.needs_prototypes() || whole_rows_ == 0) return std::nullopt;
    RowField score, all;
    score.output = all.output = outputs_.rows;
    score.inner_step = all.inner_step = outputs_.width;
    score.first = columns_.score;
    score.least = thresholds_.least();
    all.columns = outputs_.width;
    return RowSelection{{{1, whole_rows_, {score, all}}}, outputs_.prototypes};
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    for (std::size_t i = 0; i < rows.count; ++i) add(rows.row(i) + 1, rows.numbers[i], out);
  }

  void describe_rows(const SelectedRows& rows, const std::vector<Detection>& kept, std::vector<Details>& out,
                     MaskWishes& masks) override {
    if (kept.empty()) return;
    std::vector<const float*> of_kept;
    for (const auto& detection : kept) of_kept.push_back(row_numbered(rows, detection.row) + 1 + columns_.count);
    details_.read_all(of_kept, kept, rows.unit, out, masks);
  }

  bool has_details() const override { return details_.has_any(); }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    if (kept.empty()) return;
    open(outputs, unit);
    details_.begin(&tensor_at(outputs, outputs_.prototypes), unit);
    for (const auto& detection : kept)
      out.push_back(
          details_.read({row_at(static_cast<std::size_t>(detection.row)) + columns_.count, 1}, detection.box));
  }

 private:
  void add(const float* row, std::int32_t number, std::vector<Detection>& out) const {
    if (!(row[columns_.score] >= thresholds_.least())) return;
    const int class_id = class_of(row[columns_.class_id]);
    if (class_id < 0 || !(row[columns_.score] >= thresholds_.of(class_id))) return;
    out.push_back({class_id, row[columns_.score], box_at(row + columns_.box), number});
  }

  // A table of all pictures is one unit, whatever the batch.
  void open(const std::vector<TensorView>& outputs, std::size_t unit) {
    TensorView tensor = tensor_at(outputs, outputs_.rows);
    const bool is_table = columns_.batch >= 0 || tensor.shape.size() == 2;
    if (is_table && tensor.shape.size() >= 2 && tensor.shape.size() <= 4) {
      const auto rows = static_cast<std::int64_t>(element_count(Shape(tensor.shape.begin(), tensor.shape.end() - 1)));
      tensor.shape = {1, rows, tensor.shape.back()};
    }
    if (columns_.batch < 0 && is_table && unit > 0 && !outputs_.counts) check_unit(tensor, 3, unit);
    values_ = reader_.read(tensor, is_table ? 0 : unit, {-1, outputs_.width});
    count_ = static_cast<std::size_t>(tensor.shape[1]);
    whole_rows_ = is_table || outputs_.counts ? 0 : static_cast<int>(count_);
    if (outputs_.counts) narrow_to(tensor_at(outputs, *outputs_.counts), unit);
  }

  // Rows of the pictures lie behind each other.
  void narrow_to(const TensorView& counts, std::size_t unit) {
    if (unit >= element_count(counts.shape))
      throw std::runtime_error("head rows: output '" + counts.name + "' counts the rows of " +
                               std::to_string(element_count(counts.shape)) + " pictures, not of picture " +
                               std::to_string(unit));
    std::size_t before = 0;
    for (std::size_t i = 0; i < unit; ++i) before += count_in(counts, i);
    before = std::min(before, count_);
    values_ += before * static_cast<std::size_t>(outputs_.width);
    count_ = std::min(count_in(counts, unit), count_ - before);
  }

  static std::size_t count_in(const TensorView& counts, std::size_t i) {
    const std::int64_t count =
        counts.type == ElementType::i64 ? counts.as<std::int64_t>()[i] : counts.as<std::int32_t>()[i];
    return static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
  }

  const float* row_at(std::size_t i) const { return values_ + i * static_cast<std::size_t>(outputs_.width); }

  int class_of(float value) const {
    return value >= static_cast<float>(first_class_) && value < (1 << 24) ? static_cast<int>(value) - first_class_ : -1;
  }

  Box box_at(const float* b) const { return units_.of_edges(b[0], b[1], b[2], b[3]); }

  RowsOutputs outputs_;
  Columns columns_;
  int first_class_;
  Thresholds thresholds_;
  RowDetails details_;
  BoxUnits units_;
  FloatReader reader_;
  const float* values_ = nullptr;
  std::size_t count_ = 0;
  int whole_rows_ = 0;  // of each picture, where they are as many in all
};

bool is_count(const TensorInfo& output) {
  return output.shape.size() == 1 && (output.type == ElementType::i32 || output.type == ElementType::i64);
}

}  // namespace

std::unique_ptr<HeadDecoder> make_rows(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                       const HeadSettings& settings) {
  RowsOutputs found;
  found.columns = columns_of(option(spec, "columns", kSix));
  std::string needs = "rows of " + std::to_string(found.columns.count) + " columns";
  needs += found.columns.batch < 0 ? ", [N, K, columns]" : ", [K, columns] or [1, 1, K, columns]";
  if (outputs.empty() || outputs.size() > 2) refuse("rows", needs, outputs);
  const TensorInfo* prototypes = nullptr;
  if (outputs.size() == 2) {
    const std::size_t beside = outputs[0].shape.size() == 4 || is_count(outputs[0]) ? 0 : 1;
    found.rows = 1 - beside;
    if (is_count(outputs[beside]))
      found.counts = beside;
    else
      prototypes = &outputs[found.prototypes = beside];
  }
  const Shape& shape = outputs[found.rows].shape;
  if (shape.size() < 2 || shape.size() > 4 || (prototypes != nullptr && prototypes->shape.size() != 4))
    refuse("rows", needs, outputs);
  const DetailColumns details = detail_columns("rows", spec, prototypes);
  found.width = static_cast<int>(shape.back());
  if (details.count() > 0) needs += ", and " + std::to_string(details.count()) + " for details";
  if (found.width != found.columns.count + details.count()) refuse("rows", needs, outputs);
  return std::make_unique<Rows>(spec, found, details, settings);
}

}  // namespace fluvial::heads
