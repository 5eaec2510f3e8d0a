// YOLOv8 and later, without suppression in the graph: [N, 4 + C + D, cells], or [N, cells, 4 + C + D]. Each cell has
// its box as centre and size, a probability for each class, and D details: coefficients of a mask with prototypes
// [N, D, h, w] as second output (YOLO-seg), or keypoints in pixels (YOLO-pose). There is no objectness.
// Source: github.com/ultralytics/ultralytics, nn/modules/head.py; YOLOv9 (github.com/WongKinYiu/yolov9) does the same.
// Options: "layout=columns,cells|cells,columns", else the larger size is the cells'; "boxes=pixels|normalised";
// "keypoints=17x3": how many keypoints, of how many numbers.
#include <algorithm>
#include <limits>

#include "algo/heads/row_details.h"
#include "algo/heads/tensors.h"
#include "algo/simd.h"

namespace fluvial::heads {
namespace {

FLUVIAL_SIMD
void keep_greatest(const float* values, std::size_t count, float* greatest) {
  for (std::size_t i = 0; i < count; ++i) greatest[i] = values[i] > greatest[i] ? values[i] : greatest[i];
}

struct YoloOutputs {
  std::size_t rows = 0;
  std::size_t prototypes = 0;
  bool is_transposed = true;  // [N, columns, cells]
  int columns = 0;
};

class Yolo : public HeadDecoder {
 public:
  Yolo(const ModelSpec& spec, const YoloOutputs& outputs, DetailColumns details, const HeadSettings& settings)
      : outputs_(outputs),
        class_count_(outputs.columns - 4 - details.count()),
        thresholds_(settings),
        details_(details, spec.input.size),
        units_("yolo", spec, "pixels") {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    open(outputs, unit);
    if (details_.needs_prototypes()) details_.note_grid(tensor_at(outputs, outputs_.prototypes));
    if (outputs_.is_transposed) find_greatest();
    for (std::size_t i = 0; i < count_; ++i) {
      if (outputs_.is_transposed && !(greatest_[i] >= thresholds_.least())) continue;
      const Best best = outputs_.is_transposed ? class_with(greatest_[i], i) : best_in_row(i);
      if (!(best.value >= thresholds_.of(best.index))) continue;
      out.push_back({best.index, best.value, box_at(row(i)), static_cast<std::int32_t>(i)});
    }
  }

  std::optional<RowSelection> selection() const override {
    if (count_ == 0) return std::nullopt;
    const std::int64_t step = outputs_.is_transposed ? static_cast<std::int64_t>(count_) : 1;
    const auto columns = [&](int first, int count) {
      RowField field;
      field.output = outputs_.rows;
      field.columns = count;
      field.inner_step = outputs_.is_transposed ? 1 : outputs_.columns;
      field.column_step = step;
      field.first = first * step;
      return field;
    };
    RowPart part{1, static_cast<int>(count_), {columns(0, 4), columns(4, class_count_)}};
    part.fields[1].kind = RowField::greatest;
    part.fields[1].least = thresholds_.least();
    if (has_details()) part.fields.push_back(columns(4 + class_count_, details_.columns()));
    RowSelection wanted{{part}, {}};
    if (details_.needs_prototypes()) wanted.prototypes = outputs_.prototypes;
    return wanted;
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    for (std::size_t i = 0; i < rows.count; ++i) {
      const float* row = rows.row(i);
      const Best best = greatest_in(row + 4);
      if (!(best.value >= thresholds_.of(best.index))) continue;
      out.push_back({best.index, best.value, box_at({row, 1}), rows.numbers[i]});
    }
  }

  void describe_rows(const SelectedRows& rows, const std::vector<Detection>& kept, std::vector<Details>& out,
                     MaskWishes& masks) override {
    if (kept.empty()) return;
    std::vector<const float*> of_kept;
    for (const auto& detection : kept) of_kept.push_back(row_numbered(rows, detection.row) + 6);
    details_.read_all(of_kept, kept, rows.unit, out, masks);
  }

  bool has_details() const override { return details_.has_any(); }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    if (kept.empty()) return;
    open(outputs, unit);
    details_.begin(&tensor_at(outputs, outputs_.prototypes), unit);
    for (const auto& detection : kept) {
      const RowView all = row(static_cast<std::size_t>(detection.row));
      const RowView rest{all.first + static_cast<std::size_t>(4 + class_count_) * all.step, all.step};
      out.push_back(details_.read(rest, detection.box));
    }
  }

 private:
  void open(const std::vector<TensorView>& outputs, std::size_t unit) {
    const TensorView& tensor = tensor_at(outputs, outputs_.rows);
    const Shape wanted = outputs_.is_transposed ? Shape{outputs_.columns, -1} : Shape{-1, outputs_.columns};
    values_ = reader_.read(tensor, unit, wanted);
    count_ = static_cast<std::size_t>(tensor.shape[outputs_.is_transposed ? 2 : 1]);
  }

  RowView row(std::size_t i) const {
    if (outputs_.is_transposed) return {values_ + i, count_};
    return {values_ + i * static_cast<std::size_t>(outputs_.columns), 1};
  }

  // Class by class, as the memory lies; which class it was is looked for in the few cells that matter.
  void find_greatest() {
    greatest_.assign(count_, -std::numeric_limits<float>::infinity());
    for (int c = 0; c < class_count_; ++c)
      keep_greatest(values_ + static_cast<std::size_t>(4 + c) * count_, count_, greatest_.data());
  }

  Best class_with(float value, std::size_t i) const {
    const RowView all = row(i);
    int c = 0;
    while (c + 1 < class_count_ && all[4 + c] != value) ++c;
    return {c, value};
  }

  Best best_in_row(std::size_t i) const { return best_of(row(i).first + 4, class_count_, thresholds_.least()); }

  Box box_at(RowView b) const { return units_.of_centre(b[0], b[1], b[2], b[3]); }

  YoloOutputs outputs_;
  int class_count_;
  Thresholds thresholds_;
  RowDetails details_;
  BoxUnits units_;
  FloatReader reader_;
  const float* values_ = nullptr;
  std::size_t count_ = 0;
  std::vector<float> greatest_;  // of a cell's classes
};

// There are more cells than columns; an open size is that of the cells.
bool is_transposed(const ModelSpec& spec, const Shape& shape) {
  const std::string layout = option(spec, "layout", "auto");
  if (layout == "columns,cells") return true;
  if (layout == "cells,columns") return false;
  return shape[2] < 0 || (shape[1] > 0 && shape[1] < shape[2]);
}

}  // namespace

std::unique_ptr<HeadDecoder> make_yolo(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                       const HeadSettings& settings) {
  const std::string needs = "[N, 4 + classes, cells] or [N, cells, 4 + classes], of masks with prototypes [N, M, h, w]";
  YoloOutputs found;
  const TensorInfo* prototypes = nullptr;
  bool has_rows = false;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].shape.size() == 3) {
      if (has_rows) refuse("yolo", needs, outputs);
      found.rows = i;
      has_rows = true;
    } else if (outputs[i].shape.size() == 4) {
      found.prototypes = i;
      prototypes = &outputs[i];
    }
  }
  if (!has_rows) refuse("yolo", needs, outputs);
  const Shape& shape = outputs[found.rows].shape;
  found.is_transposed = is_transposed(spec, shape);
  found.columns = static_cast<int>(shape[found.is_transposed ? 1 : 2]);
  const DetailColumns details = detail_columns("yolo", spec, prototypes);
  if (found.columns < 5 + details.count()) {
    const std::string beside = std::to_string(details.count());
    refuse("yolo", details.count() > 0 ? needs + ", with " + beside + " columns for details beside" : needs, outputs);
  }
  return std::make_unique<Yolo>(spec, found, details, settings);
}

}  // namespace fluvial::heads
