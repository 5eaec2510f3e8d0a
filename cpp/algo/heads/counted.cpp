// Suppression in the graph, with a count: how many [N, 1] or [N], boxes [N, K, 4], scores [N, K], classes [N, K].
// TensorRT's EfficientNMS_TRT (num_dets, det_boxes, det_scores, det_classes: pixels of the input) and BatchedNMS_TRT
// (num_detections, nmsed_boxes, ...), and TensorFlow's detectors (num_detections, detection_boxes, ...: shares of the
// picture, top before left, classes from one).
// Sources: github.com/NVIDIA/TensorRT, plugin/efficientNMSPlugin; github.com/tensorflow/models, object_detection.
// Options: "boxes=pixels|normalised"; "corners=xyxy|yxyx"; "first_class=1" where classes count from one.
#include <algorithm>

#include "algo/heads/places.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

class Counted : public HeadDecoder {
 public:
  Counted(const ModelSpec& spec, const CountedPlaces& places, const HeadSettings& settings)
      : places_(places),
        first_class_(option(spec, "first_class", "0") == "1" ? 1 : 0),
        left_(option(spec, "corners", "xyxy") == "yxyx" ? 1 : 0),
        thresholds_(settings),
        units_("counted", spec, "pixels") {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const TensorView& boxes = tensor_at(outputs, places_.boxes);
    const float* box = box_reader_.read(boxes, unit, {-1, 4});
    const std::int64_t room = boxes.shape[1];
    const float* scores = score_reader_.read(tensor_at(outputs, places_.scores), unit, {room});
    labels_.open(tensor_at(outputs, places_.classes), unit, static_cast<std::size_t>(room));
    const std::int64_t count = std::min<std::int64_t>(count_of(tensor_at(outputs, places_.count), unit), room);
    for (std::int64_t i = 0; i < count; ++i, box += 4) {
      if (!(scores[i] >= thresholds_.least())) continue;
      const int class_id = labels_.at(static_cast<std::size_t>(i)) - first_class_;
      if (class_id < 0 || !(scores[i] >= thresholds_.of(class_id))) continue;
      out.push_back({class_id, scores[i], box_at(box), static_cast<std::int32_t>(i)});
    }
  }

 private:
  // A count that is no number is none.
  int count_of(TensorView tensor, std::size_t unit) {
    if (tensor.shape.size() == 1) tensor.shape.push_back(1);
    counts_.open(tensor, unit, 1);
    return counts_.at(0);
  }

  Box box_at(const float* b) const {
    const int top = 1 - left_;
    return units_.of_edges(b[left_], b[top], b[2 + left_], b[2 + top]);
  }

  CountedPlaces places_;
  int first_class_;
  int left_;  // place of a corner's x
  Thresholds thresholds_;
  BoxUnits units_;
  FloatReader box_reader_, score_reader_;
  LabelReader labels_, counts_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_counted(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                          const HeadSettings& settings) {
  const auto places = counted_places(outputs);
  if (!places) {
    refuse("counted",
           "num_dets [N, 1], det_boxes [N, K, 4], det_scores [N, K] and det_classes [N, K], or TensorFlow's names",
           outputs);
  }
  return std::make_unique<Counted>(spec, *places, settings);
}

}  // namespace fluvial::heads
