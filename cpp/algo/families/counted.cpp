// Detectors whose graph suppresses and says how many it kept, known by the names of its outputs.
#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/heads/places.h"

namespace fluvial {
namespace {

bool is_counted(const ModelInfo& info, const Inputs&) { return counted_places(info.outputs).has_value(); }

Family describe_counted(const ModelInfo& info, const Inputs&) {
  Family family;
  family.head = Head::counted;
  family.usual_threshold = 0.3F;
  const auto places = counted_places(info.outputs);
  if (!places) return family;
  const std::string& boxes = info.outputs[places->boxes].name;
  const std::string seen =
      "outputs " + list(info.outputs) + ": boxes, scores, classes and their count -> head counted, ";
  if (names_any(boxes, {"detection_boxes"})) {
    family.options = {{"boxes", "normalised"}, {"corners", "yxyx"}, {"first_class", "1"}};
    family.evidence.push_back(seen + "TensorFlow's: shares of the picture, top before left, classes from one (sure)");
  } else if (names_any(boxes, {"det_boxes"})) {
    family.options["boxes"] = "pixels";
    family.is_usually_coco = true;
    family.evidence.push_back(seen + "TensorRT's EfficientNMS, of a YOLO: pixels (likely)");
    family.feeding =
        bordered(rgb_0_to_1("EfficientNMS of a YOLO -> RGB, 0..1, centred with a border of 114 (guess)"), true);
  } else {
    family.evidence.push_back(seen + "nothing left to suppress (sure)");
    family.missing = {"boxes",
                      "its boxes can be pixels or shares of the picture, as BatchedNMS gives both, and nothing tells",
                      "the head's option boxes=pixels or boxes=normalised"};
  }
  return family;
}

}  // namespace

std::vector<FamilyRow> counted_families() { return {{Head::counted, is_counted, describe_counted}}; }

}  // namespace fluvial
