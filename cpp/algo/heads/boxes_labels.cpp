// Detections that the graph has already chosen: boxes [N, 5] or [1, N, 5] as left, top, right, bottom, score in pixels
// of the input, and labels [N] or [1, N]. Without a batch dimension the only unit is 0.
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

class BoxesLabels : public HeadDecoder {
 public:
  BoxesLabels(std::size_t boxes, bool has_batch, const HeadSettings& settings)
      : boxes_(boxes), has_batch_(has_batch), thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const TensorView boxes = with_batch(tensor_at(outputs, boxes_));
    const TensorView labels = with_batch(tensor_at(outputs, 1 - boxes_));
    const float* rows = reader_.read(boxes, unit, {-1, 5});
    const auto count = static_cast<std::size_t>(boxes.shape[1]);
    labels_.open(labels, unit, count);
    for (std::size_t i = 0; i < count; ++i) {
      const float* row = rows + 5 * i;
      if (!(row[4] >= thresholds_.least())) continue;
      const int class_id = labels_.at(i);
      if (class_id < 0 || row[4] < thresholds_.of(class_id)) continue;
      out.push_back({class_id, row[4], {row[0], row[1], row[2] - row[0], row[3] - row[1]}});
    }
  }

 private:
  TensorView with_batch(TensorView tensor) const {
    if (!has_batch_) tensor.shape.insert(tensor.shape.begin(), 1);
    return tensor;
  }

  std::size_t boxes_;
  bool has_batch_;
  Thresholds thresholds_;
  FloatReader reader_;
  LabelReader labels_;
};

bool is_boxes(const TensorInfo& tensor) {
  return (tensor.shape.size() == 2 || tensor.shape.size() == 3) && tensor.shape.back() == 5;
}

}  // namespace

std::unique_ptr<HeadDecoder> make_boxes_labels(const ModelSpec&, const std::vector<TensorInfo>& outputs,
                                               const HeadSettings& settings) {
  const std::string needs = "boxes [N, 5] and labels [N], or both with a batch before";
  if (outputs.size() != 2) refuse("boxes_labels", needs, outputs);
  const std::size_t boxes = is_boxes(outputs[0]) ? 0 : 1;
  const TensorInfo& labels = outputs[1 - boxes];
  if (!is_boxes(outputs[boxes]) || labels.shape.size() + 1 != outputs[boxes].shape.size()) {
    refuse("boxes_labels", needs, outputs);
  }
  return std::make_unique<BoxesLabels>(boxes, outputs[boxes].shape.size() == 3, settings);
}

}  // namespace fluvial::heads
