// Detectors with a mask for each object, known by an output that is named so beside boxes.
#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/heads/places.h"

namespace fluvial {
namespace {

bool has_masks(const ModelInfo& info, const Inputs&) { return mask_places(info.outputs).has_value(); }

// A plane for each class, if they are planes; else 0.
int planes_of(const Shape& boxes, const Shape& masks) {
  const bool has_planes = masks.size() == boxes.size() + 2 && masks[masks.size() - 3] > 1;
  return has_planes ? static_cast<int>(masks[masks.size() - 3]) : 0;
}

bool is_torchvision(const Outputs& outputs) {
  for (const char* name : {"boxes", "labels", "scores", "masks"}) {
    bool is_there = false;
    for (const auto& output : outputs) is_there = is_there || output.name == name;
    if (!is_there) return false;
  }
  return true;
}

// Of six columns, only TAO's name tells the order.
void describe_columns(const std::string& boxes, Family& family) {
  if (names_any(boxes, {"generate_detections"})) {
    family.options = {{"corners", "yxyx"}, {"columns", "box,class,score"}};
    family.evidence.emplace_back(
        "generate_detections, as TAO's Mask R-CNN has it -> top before left, class before score, class 0 is background "
        "(sure)");
    return;
  }
  family.missing = {"columns", "'" + boxes + "' has a box, a class and a score in a row, and nothing tells their order",
                    "the head's option columns=box,score,class or columns=box,class,score"};
}

void describe_kind(const ModelInfo& info, const Inputs& inputs, const MaskPlaces& places, Family& family) {
  const TensorInfo& boxes = info.outputs[places.boxes];
  if (boxes.shape.back() == 6) return describe_columns(boxes.name, family);
  if (names_any(boxes.name, {"detection_boxes"})) {
    family.options = {{"boxes", "normalised"}, {"corners", "yxyx"}, {"first_class", "1"}};
    family.evidence.emplace_back(
        "TensorFlow's names -> shares of the picture, top before left, classes from one (sure)");
  } else if (is_torchvision(info.outputs)) {
    family.evidence.emplace_back("torchvision's names -> boxes in pixels, class 0 is background (likely)");
    family.feeding = rgb_0_to_1("torchvision normalises in the graph -> RGB, 0..1, stretched (likely)");
  } else {
    family.evidence.emplace_back("nothing tells the unit of boxes -> pixels of the network's input (likely)");
    family.feeding = zoo_feeding(inputs);
  }
}

Family describe_masks(const ModelInfo& info, const Inputs& inputs) {
  Family family;
  family.head = Head::boxes_masks;
  family.usual_threshold = 0.5F;
  const auto places = mask_places(info.outputs);
  if (!places) return family;
  const TensorInfo& masks = info.outputs[places->masks];
  family.evidence.push_back("outputs " + list(info.outputs) + ": " + masks.name +
                            " beside boxes -> head boxes_masks, nothing left to suppress (sure)");
  if (names_any(masks.name, {"logit"}))
    family.evidence.push_back(masks.name + " -> logits, of which probabilities are made (sure)");
  family.class_count = planes_of(info.outputs[places->boxes].shape, masks.shape);
  describe_kind(info, inputs, *places, family);
  return family;
}

}  // namespace

std::vector<FamilyRow> mask_families() { return {{Head::boxes_masks, has_masks, describe_masks}}; }

}  // namespace fluvial
