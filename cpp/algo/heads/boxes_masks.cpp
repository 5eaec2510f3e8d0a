// Mask R-CNN and its kin: detections that the graph has chosen, each with a mask of its own.
//
//   torchvision, Detectron2   boxes [K, 4], labels [K], scores [K], masks [K, 1, h, w]
//   Open Model Zoo, mmdeploy  boxes [N, K, 5] with the score, labels [N, K], masks [N, K, h, w], or all without N
//   TensorFlow                detection_boxes [N, K, 4], _scores, _classes [N, K], _masks [N, K, h, w]
//   TAO                       generate_detections [N, K, 6], mask_fcn_logits [N, K, C, h, w]: one for each class
//
// A mask lies over its box, mostly in 28 x 28 cells, or over the whole picture (torchvision pastes it there).
// Sources: arxiv.org/abs/1703.06870; github.com/pytorch/vision, models/detection; docs.nvidia.com/tao/tao-toolkit.
// Options: "boxes=pixels|normalised"; "corners=xyxy|yxyx"; "columns=box,score,class|box,class,score" of six columns;
// "first_class=1" where classes count from one; "over=auto|box|picture"; "masks=auto|probabilities|logits".
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "algo/families/shapes.h"
#include "algo/heads/between.h"
#include "algo/heads/places.h"
#include "algo/heads/tensors.h"
#include "algo/letterbox.h"

namespace fluvial::heads {
namespace {

constexpr int kMostCells = 256;  // of a side, of masks that are cut out of a picture

// One mask, or a plane of one, and the box that it lies over.
struct Grid {
  const float* values;
  Size size;
  Box over;
};

int cells_under(float length, float whole, int cells, int most) {
  const float share = whole > 0 ? length / whole : 0;
  return std::clamp(static_cast<int>(std::lround(share * static_cast<float>(cells))), 1, most);
}

// The part of it that lies over `box`. Over its own box it is what it was.
Mask part_of(const Grid& grid, const Box& box) {
  const auto place = [](int i, int count, float edge, float length, float origin, float whole, int cells) {
    const float pixel = edge + length * (static_cast<float>(i) + 0.5F) / static_cast<float>(count);
    return (pixel - origin) / whole * static_cast<float>(cells) - 0.5F;
  };
  Mask mask;
  mask.size = {cells_under(box.width, grid.over.width, grid.size.width, kMostCells),
               cells_under(box.height, grid.over.height, grid.size.height, kMostCells)};
  mask.values.reserve(static_cast<std::size_t>(mask.size.width) * static_cast<std::size_t>(mask.size.height));
  for (int y = 0; y < mask.size.height; ++y) {
    const Between rows =
        between(place(y, mask.size.height, box.top, box.height, grid.over.top, grid.over.height, grid.size.height),
                grid.size.height);
    const float* upper = grid.values + std::ptrdiff_t{rows.low} * grid.size.width;
    const float* lower = grid.values + std::ptrdiff_t{rows.high} * grid.size.width;
    for (int x = 0; x < mask.size.width; ++x) {
      const Between columns =
          between(place(x, mask.size.width, box.left, box.width, grid.over.left, grid.over.width, grid.size.width),
                  grid.size.width);
      mask.values.push_back(mix(mix(upper[columns.low], upper[columns.high], columns.share),
                                mix(lower[columns.low], lower[columns.high], columns.share), rows.share));
    }
  }
  return mask;
}

class BoxesMasks : public HeadDecoder {
 public:
  BoxesMasks(const ModelSpec& spec, const MaskPlaces& places, const std::vector<TensorInfo>& outputs,
             const HeadSettings& settings)
      : places_(places),
        has_batch_(outputs[places.boxes].shape.size() == 3),
        width_(outputs[places.boxes].shape.back()),
        input_(spec.input.size),
        left_(choice(spec, "boxes_masks", "corners", {"xyxy", "yxyx"}) == "yxyx" ? 1 : 0),
        is_class_first_(choice(spec, "boxes_masks", "columns", {"box,score,class", "box,class,score"}) ==
                        "box,class,score"),
        first_class_(choice(spec, "boxes_masks", "first_class", {"0", "1"}) == "1" ? 1 : 0),
        over_(choice(spec, "boxes_masks", "over", {"auto", "box", "picture"})),
        thresholds_(settings),
        units_("boxes_masks", spec, "pixels") {
    const std::string values = choice(spec, "boxes_masks", "masks", {"auto", "probabilities", "logits"});
    are_logits_ = values == "logits" || (values == "auto" && names_any(outputs[places.masks].name, {"logit"}));
  }

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    open(outputs, unit);
    for (std::int64_t i = 0; i < count_; ++i) {
      const float score = score_of(i);
      if (!(score >= thresholds_.least())) continue;
      const int class_id = label_of(i) - first_class_;
      if (class_id < 0 || !(score >= thresholds_.of(class_id))) continue;
      out.push_back({class_id, score, box_of(i), static_cast<std::int32_t>(i)});
    }
  }

  bool has_details() const override { return true; }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    if (kept.empty()) return;
    open(outputs, unit);
    open_masks(tensor_at(outputs, places_.masks), unit);
    for (const auto& detection : kept) out.push_back({{}, mask_of(detection)});
  }

 private:
  TensorView with_batch(TensorView tensor) const {
    if (!has_batch_) tensor.shape.insert(tensor.shape.begin(), 1);
    return tensor;
  }

  void open(const std::vector<TensorView>& outputs, std::size_t unit) {
    const TensorView boxes = with_batch(tensor_at(outputs, places_.boxes));
    rows_ = box_reader_.read(boxes, unit, {-1, width_});
    units_in_batch_ = boxes.shape[0];
    count_ = boxes.shape[1];
    if (width_ == 4) scores_ = score_reader_.read(with_batch(tensor_at(outputs, *places_.scores)), unit, {count_});
    if (width_ < 6)
      labels_.open(with_batch(tensor_at(outputs, *places_.labels)), unit, static_cast<std::size_t>(count_));
  }

  // Whatever dimensions count units, rows and classes, they lie one behind the other.
  void open_masks(const TensorView& masks, std::size_t unit) {
    if (masks.shape.size() < 3) refuse_masks(masks);
    const std::int64_t height = masks.shape[masks.shape.size() - 2], width = masks.shape.back();
    const std::int64_t cells = count_ * width * height;
    const auto numbers = static_cast<std::int64_t>(element_count(masks.shape)) / units_in_batch_;
    if (cells <= 0 || numbers < cells || numbers % cells != 0) refuse_masks(masks);
    classes_ = numbers / cells;
    grid_ = {static_cast<int>(width), static_cast<int>(height)};
    values_ = mask_reader_.read({masks.name, masks.type, {units_in_batch_, numbers}, masks.data}, unit, {-1});
  }

  [[noreturn]] void refuse_masks(const TensorView& masks) const {
    throw std::runtime_error("output '" + masks.name + "': it must hold a mask for each of " + std::to_string(count_) +
                             " boxes, or one a class; found " +
                             heads::describe(TensorInfo{masks.name, masks.type, masks.shape}));
  }

  const float* row(std::int64_t i) const { return rows_ + i * width_; }
  float score_of(std::int64_t i) const {
    return width_ == 4 ? scores_[i] : row(i)[width_ == 6 && is_class_first_ ? 5 : 4];
  }
  // -1 for what can be no class.
  int label_of(std::int64_t i) const {
    if (width_ < 6) return labels_.at(static_cast<std::size_t>(i));
    const float label = row(i)[is_class_first_ ? 4 : 5];
    return label >= 0 && label < 1e6F ? static_cast<int>(label) : -1;
  }
  Box box_of(std::int64_t i) const {
    const float* b = row(i);
    const int top = 1 - left_;
    return units_.of_edges(b[left_], b[top], b[2 + left_], b[2 + top]);
  }

  Mask mask_of(const Detection& kept) const {
    const std::int64_t plane = classes_ > 1 ? label_of(kept.row) : 0;
    if (plane < 0 || plane >= classes_) return {};  // of a class that has none
    const std::int64_t cells = std::int64_t{grid_.width} * grid_.height;
    const bool is_pasted = over_ == "picture" || (over_ == "auto" && grid_ == input_);
    const Box whole{0, 0, static_cast<float>(input_.width), static_cast<float>(input_.height)};
    const Grid grid{values_ + (kept.row * classes_ + plane) * cells, grid_, is_pasted ? whole : box_of(kept.row)};
    if (grid.over.area() <= 0) return {};
    Mask mask = part_of(grid, kept.box);
    if (are_logits_)
      for (float& value : mask.values) value = sigmoid(value);
    return mask;
  }

  MaskPlaces places_;
  bool has_batch_;
  std::int64_t width_;  // columns of a box
  Size input_;
  int left_;  // place of a corner's x
  bool is_class_first_;
  int first_class_;
  std::string over_;
  bool are_logits_ = false;
  Thresholds thresholds_;
  BoxUnits units_;

  FloatReader box_reader_, score_reader_, mask_reader_;
  LabelReader labels_;
  const float* rows_ = nullptr;
  const float* scores_ = nullptr;
  std::int64_t units_in_batch_ = 1, count_ = 0;
  const float* values_ = nullptr;  // of the unit's masks
  std::int64_t classes_ = 1;       // masks of a row
  Size grid_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_boxes_masks(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                              const HeadSettings& settings) {
  const auto places = mask_places(outputs);
  if (!places) {
    refuse("boxes_masks",
           "boxes [K, 4] with scores [K] and labels [K], [K, 5] with labels, or [K, 6], and 'masks' [K, ..., h, w], or "
           "all with a batch before",
           outputs);
  }
  return std::make_unique<BoxesMasks>(spec, *places, outputs, settings);
}

}  // namespace fluvial::heads
