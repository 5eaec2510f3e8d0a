// DETR with its top queries chosen in the graph (RT-DETR, D-FINE, DEIM): labels [N, Q], boxes [N, Q, 4] as left, top,
// right, bottom, scores [N, Q]. Boxes are in pixels of the size that was fed, which fixed_input() makes the
// network's; option "boxes=normalised" is for exports without such an input, whose boxes are shares of the picture.
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

struct Places {
  std::size_t labels, boxes, scores;
};

class Detr : public HeadDecoder {
 public:
  Detr(const ModelSpec& spec, Places places, const HeadSettings& settings)
      : places_(places), thresholds_(settings), units_("detr", spec, "pixels") {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const float* scores = score_reader_.read(tensor_at(outputs, places_.scores), unit, {-1});
    const std::int64_t queries = tensor_at(outputs, places_.scores).shape[1];
    const float* boxes = box_reader_.read(tensor_at(outputs, places_.boxes), unit, {queries, 4});
    labels_.open(tensor_at(outputs, places_.labels), unit, static_cast<std::size_t>(queries));
    for (std::int64_t i = 0; i < queries; ++i) {
      if (!(scores[i] >= thresholds_.least())) continue;
      const int class_id = labels_.at(static_cast<std::size_t>(i));
      if (class_id < 0 || !(scores[i] >= thresholds_.of(class_id))) continue;
      out.push_back({class_id, scores[i], box_at(boxes + 4 * i)});
    }
  }

 private:
  Box box_at(const float* b) const { return units_.of_edges(b[0], b[1], b[2], b[3]); }

  Places places_;
  Thresholds thresholds_;
  BoxUnits units_;
  FloatReader score_reader_, box_reader_;
  LabelReader labels_;
};

// By type and shape; of two matrices of one type, by name.
bool find_places(const std::vector<TensorInfo>& outputs, Places& places) {
  constexpr std::size_t kNone = 99;
  places = {kNone, kNone, kNone};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& [name, type, shape] = outputs[i];
    if (shape.size() == 3 && shape[2] == 4) places.boxes = i;
    if (shape.size() != 2) continue;
    const bool is_integer = type == ElementType::i64 || type == ElementType::i32;
    (is_integer || name == "labels" ? places.labels : places.scores) = i;
  }
  return places.labels != kNone && places.boxes != kNone && places.scores != kNone;
}

}  // namespace

std::unique_ptr<HeadDecoder> make_detr(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                       const HeadSettings& settings) {
  Places places{};
  if (!find_places(outputs, places)) {
    refuse("detr", "labels [N, Q] (i64 or i32), boxes [N, Q, 4] and scores [N, Q]", outputs);
  }
  return std::make_unique<Detr>(spec, places, settings);
}

}  // namespace fluvial::heads
