// Pose: the joints of bodies, of the whole picture or of the crop of one person.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/heads/head.h"

namespace fluvial {
namespace {

constexpr float kRoomAround = 1.25F;  // top-down models were trained on boxes that much larger

bool is_single_pose(const Shape& s) { return s.size() == 4 && s[1] == 1 && s[3] == 3 && s[2] >= 4 && s[2] <= 256; }

// 17 joints and a box of at most some dozens of bodies. Detectors with the same columns have thousands of rows.
bool is_multi_pose(const Shape& s) { return s.size() == 3 && s[1] >= 1 && s[1] <= 32 && s[2] == 17 * 3 + 5; }

bool is_movenet(const ModelInfo& info, const Inputs&) {
  if (info.outputs.size() != 1 || is_integer(info.outputs[0])) return false;
  return is_single_pose(info.outputs[0].shape) || is_multi_pose(info.outputs[0].shape);
}

bool is_simcc(const ModelInfo& info, const Inputs& inputs) {
  const auto& o = info.outputs;
  if (o.size() != 2 || o[0].shape.size() != 3 || o[1].shape.size() != 3 || o[0].shape[1] != o[1].shape[1]) return false;
  if (names_any(o[0].name, {"simcc"}) && names_any(o[1].name, {"simcc"})) return true;
  return inputs.pixels.width > 0 && o[0].shape[2] == 2 * inputs.pixels.width &&
         o[1].shape[2] == 2 * inputs.pixels.height;
}

// Networks of people have a quarter of the input's size and 17 maps; others must say what they are.
bool is_heatmaps(const ModelInfo& info, const Inputs& inputs) {
  if (info.outputs.empty() || info.outputs[0].shape.size() != 4 || is_integer(info.outputs[0])) return false;
  const auto& output = info.outputs[0];
  const Shape& s = output.shape;
  const bool is_quarter = s[2] > 1 && s[2] * 4 == inputs.pixels.height && s[3] * 4 == inputs.pixels.width;
  const bool says_so = names_any(output.name, {"heatmap", "keypoint"}) ||
                       names_any(file_name(info.path), {"hrnet", "pose", "simplebaseline"});
  return is_quarter && info.outputs.size() == 1 && (s[1] == 17 || (says_so && s[1] > 1));
}

Family pose(Head head, std::int64_t joints, const std::string& seen, const char* sure) {
  Family family;
  family.head = head;
  family.evidence.push_back(seen + " -> head " + name_of(head) + " (" + sure + ")");
  family.class_count = 1;
  family.labels = {"person"};
  family.usual_threshold = 0.25F;
  family.object_margin = kRoomAround;
  if (joints > 0)
    family.evidence.push_back(std::to_string(joints) + " key points" +
                              (joints == 17 ? " -> in COCO's order: nose, eyes, ears, shoulders... (likely)" : ""));
  return family;
}

// A border as TensorFlow's resize_with_pad makes it.
Family describe_movenet(const ModelInfo& info, const Inputs&) {
  const Shape s = info.outputs.empty() ? Shape{} : info.outputs[0].shape;
  const bool is_multi = s.size() == 3;
  Family family = pose(Head::movenet,
                       is_multi        ? 17
                       : s.size() == 4 ? s[2]
                                       : 0,
                       "output " + list(info.outputs) +
                           (is_multi ? " has joints and boxes of bodies, as MoveNet MultiPose"
                                     : " has y, x, score of each joint, as MoveNet"),
                       s.size() == 4 && s[2] != 17 ? "likely" : "sure");
  auto& feeding = family.feeding;
  feeding.keeps_aspect = feeding.is_padding_centred = feeding.takes_integers = true;
  feeding.why = "MoveNet -> RGB, 0..255, its aspect kept, in the middle (likely)";
  family.usual_size = {256, 256};
  return family;
}

Family describe_simcc(const ModelInfo& info, const Inputs&) {
  const bool has_outputs = !info.outputs.empty() && info.outputs[0].shape.size() == 3;
  Family family = pose(Head::simcc, has_outputs ? info.outputs[0].shape[1] : 0,
                       "outputs " + list(info.outputs) + " have two vectors a joint, as RTMPose", "sure");
  family.feeding =
      rgb_imagenet("RTMPose -> RGB, ImageNet's mean and deviation, its aspect kept, in the middle (likely)");
  family.feeding.keeps_aspect = family.feeding.is_padding_centred = true;
  return family;
}

Family describe_heatmaps(const ModelInfo& info, const Inputs&) {
  const bool has_outputs = !info.outputs.empty() && info.outputs[0].shape.size() == 4;
  Family family = pose(Head::heatmaps, has_outputs ? info.outputs[0].shape[1] : 0,
                       "output " + list(info.outputs) + " is a heat map a joint, a quarter of the input", "likely");
  family.feeding = rgb_imagenet(
      "HRNet, SimpleBaseline -> RGB, ImageNet's mean and deviation, its aspect kept, in the middle (likely)");
  family.feeding.keeps_aspect = family.feeding.is_padding_centred = true;
  return family;
}

}  // namespace

std::vector<FamilyRow> pose_families() {
  return {{Head::movenet, is_movenet, describe_movenet},
          {Head::simcc, is_simcc, describe_simcc},
          {Head::heatmaps, is_heatmaps, describe_heatmaps}};
}

}  // namespace fluvial
