#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/heads/head.h"

namespace fluvial {
namespace {

// The more particular first: what a later row would match too is told by names, or by shapes that nothing else has.
const std::vector<FamilyRow>& rows() {
  static const std::vector<FamilyRow> all = [] {
    std::vector<FamilyRow> list;
    for (const auto& part : {face_families(), mask_families(), counted_families(), query_families(), dense_families(),
                             box_families(), rows_families(), grid_families(), yolo_families(), pose_families(),
                             vector_families(), classification_families(), segmentation_families()})
      list.insert(list.end(), part.begin(), part.end());
    return list;
  }();
  return all;
}

bool is_close(std::int64_t a, int b) { return a > 1 && b > 0 && a * 8 >= b && a <= b; }

bool is_pose(const TensorInfo& output) {
  const Shape& s = output.shape;
  const auto is_body = [](std::int64_t d) { return d == 17 || d == 18 || d == 33; };
  const bool are_points = s.size() >= 3 && is_body(s[s.size() - 2]) && (s.back() == 2 || s.back() == 3);
  const bool are_maps = s.size() == 4 && is_body(s[1]) && s[2] > 8 && s[3] > 8;
  return are_points || are_maps || names_any(output.name, {"keypoint", "pose"});
}

bool is_segmentation(const TensorInfo& output, const Inputs& inputs) {
  const Shape& s = output.shape;
  if (s.size() == 3) return is_close(s[1], inputs.pixels.height) && is_close(s[2], inputs.pixels.width);
  if (s.size() != 4) return false;
  const bool is_nchw = is_close(s[2], inputs.pixels.height) && is_close(s[3], inputs.pixels.width);
  const bool is_nhwc = is_close(s[1], inputs.pixels.height) && is_close(s[2], inputs.pixels.width);
  return is_nchw || is_nhwc;
}

// Classes lie before anchors.
bool is_unsuppressed_paddle(const Outputs& outputs) {
  const TensorInfo* boxes = find(outputs, 3, 4);
  if (outputs.size() != 2 || boxes == nullptr) return false;
  const TensorInfo& scores = outputs[boxes == &outputs[0] ? 1 : 0];
  return scores.shape.size() == 3 && scores.shape[2] == boxes->shape[1] && scores.shape[1] != boxes->shape[1];
}

}  // namespace

Family family_of(const ModelInfo& info, const Inputs& inputs, std::optional<Head> wanted) {
  for (const auto& row : rows()) {
    if ((!wanted || *wanted == row.head) && row.matches(info, inputs)) return row.describe(info, inputs);
  }
  if (!wanted) return {};
  for (const auto& row : rows()) {
    if (row.head != *wanted) continue;
    Family family = row.describe(info, inputs);
    family.evidence.insert(family.evidence.begin(), std::string("the config says head ") + name_of(*wanted));
    family.feeding = {};  // that of a model which this one is not
    return family;
  }
  return {};
}

std::string resemblance(const ModelInfo& info, const Inputs& inputs) {
  const Outputs& outputs = info.outputs;
  const std::string task = metadata_of(info, "task");
  const auto any = [&](auto is_so) { return std::any_of(outputs.begin(), outputs.end(), is_so); };
  if (outputs.empty()) return "";
  if (is_unsuppressed_paddle(outputs))
    return "PaddleDetection's boxes [N,A,4] and scores [N,C,A] without suppression (export it with nms, "
           "exclude_nms=False)";
  if (task == "obb") return "oriented boxes (YOLO-OBB)";
  if (are_offsets_to_priors(outputs))
    return "an SSD, or one of its kind, whose boxes are offsets to priors (export it with its own post-processing, "
           "DetectionOutput or "
           "TensorFlow's detection_boxes)";
  if (any([](const auto& o) { return names_any(o.name, {"kps", "landmark"}); })) {
    return "a face detector with landmarks of a kind that is not known";
  }
  if (task == "pose" || any(is_pose)) return "pose keypoints";
  if (task == "segment" || any([&](const auto& o) { return is_segmentation(o, inputs); }))
    return "a picture (a mask, depth, an image)";
  if (any([](const auto& o) { return o.shape.size() == 4; })) return "feature maps";
  return "";
}

}  // namespace fluvial
