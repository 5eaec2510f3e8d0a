// What the heads share: finding output tensors, reading them as floats, thresholds. For heads/*.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "algo/heads/head.h"

namespace fluvial::heads {

// "boxes f32[1,300,4], labels i64[1,300]", for messages; open sizes are "?".
std::string describe(const TensorInfo& tensor);
std::string describe(const std::vector<TensorInfo>& tensors);

// For make_*: "head yolox: needs ...; found ...".
[[noreturn]] void refuse(const char* head, const std::string& needs, const std::vector<TensorInfo>& found);

std::string option(const ModelSpec& spec, const std::string& key, const std::string& otherwise);

// An option of few words; where it is not said, `otherwise`, or the first. Throws std::invalid_argument that lists them
// for another.
std::string choice(const ModelSpec& spec, const char* head, const std::string& key,
                   const std::vector<std::string>& words, const std::string& otherwise = "");

// Boxes in pixels of the network's input. Option "boxes": they are "pixels" already, or "normalised": shares of it.
class BoxUnits {
 public:
  // Throws std::invalid_argument for another word.
  BoxUnits(const char* head, const ModelSpec& spec, const char* otherwise);
  Box of_edges(float left, float top, float right, float bottom) const {
    return {left * x_, top * y_, (right - left) * x_, (bottom - top) * y_};
  }
  Box of_centre(float x, float y, float width, float height) const {
    return {(x - width / 2) * x_, (y - height / 2) * y_, width * x_, height * y_};
  }

 private:
  float x_ = 1;
  float y_ = 1;
};

// One unit of a tensor, whatever the batch. Numbers are floats; f16, u8 and i8 are converted into the reader's scratch.
class FloatReader {
 public:
  // The unit's numbers; its shape without the batch must be `shape`, where -1 is any size. Throws std::runtime_error.
  const float* read(const TensorView& tensor, std::size_t unit, const Shape& shape);

 private:
  std::vector<float> scratch_;
};

// One unit of labels [N, count]: i64, i32, or the float types that some exporters leave.
class LabelReader {
 public:
  // Throws std::runtime_error if the tensor has another shape or type. The tensor's memory is read until the next
  // open().
  void open(const TensorView& tensor, std::size_t unit, std::size_t count);
  int at(std::size_t i) const;  // -1 for what can be no class id

 private:
  FloatReader floats_;
  ElementType type_ = ElementType::i64;
  const void* data_ = nullptr;  // of the unit
};

// Throws std::runtime_error unless the tensor is there, of this rank, and has this unit (the first dimension).
void check_unit(const TensorView& tensor, std::size_t rank, std::size_t unit);
const TensorView& tensor_at(const std::vector<TensorView>& tensors, std::size_t index);

// Least confidences by class; what is no class of the list takes the setting for all.
class Thresholds {
 public:
  explicit Thresholds(const HeadSettings& settings);
  float of(int class_id) const {
    const auto i = static_cast<std::size_t>(class_id);
    return i < by_class_.size() ? by_class_[i] : otherwise_;
  }
  float least() const { return least_; }  // below this, no class can pass

 private:
  std::vector<float> by_class_;
  float otherwise_;
  float least_;
};

struct Best {
  int index = 0;
  float value = 0;
};

// The greatest of `count` values, the first of equals. Its place is looked for only if it reaches `least`, as most rows
// of most models hold nothing.
Best best_of(const float* values, int count, float least);

float sigmoid(float x);

// --- rows that a GPU has chosen (types/row_selection.h) ---

// Where 1 / (1 + exp(-x)) reaches a probability, a little below, so that no rounding loses a row.
float least_logit(float probability);
// The row of this number, which must be among them.
const float* row_numbered(const SelectedRows& rows, std::int32_t number);
// Those whose numbers are in [first, end).
SelectedRows rows_between(const SelectedRows& rows, std::size_t first, std::size_t end);
// What a RowField::greatest brought.
inline Best greatest_in(const float* two) { return {static_cast<int>(two[1]), two[0]}; }

std::unique_ptr<HeadDecoder> make_yolox(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_yolo(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_rows(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_yolo_grids(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_counted(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_detr_raw(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_detr(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_boxes_scores(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_boxes_labels(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_boxes_masks(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_classification(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_detectnet(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_yunet(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_retinaface(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_gfl(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_centernet(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_fcos(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_retinanet(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_segmentation(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_movenet(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_simcc(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_heatmaps(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_embedding(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
std::unique_ptr<HeadDecoder> make_text(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);

}  // namespace fluvial::heads
