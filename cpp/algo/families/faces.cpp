// Faces with landmarks: YuNet, RetinaFace.
#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/priors.h"

namespace fluvial {
namespace {

std::size_t count_of(const Outputs& outputs, std::int64_t channels) {
  return outputs_by_grid(outputs, channels).size();
}

Family faces(Head head, float threshold, float iou) {
  Family family;
  family.head = head;
  family.class_count = 1;
  family.labels = {"face"};
  family.needs_nms = true;
  family.usual_threshold = threshold;
  family.usual_iou = iou;
  family.usual_size = {640, 640};
  return family;
}

// --- YuNet

bool is_yunet(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  return outputs.size() == 12 && count_of(outputs, 1) == 6 && count_of(outputs, 4) == 3 && count_of(outputs, 10) == 3;
}

Family describe_yunet(const ModelInfo& info, const Inputs&) {
  Family family = faces(Head::yunet, 0.6F, 0.3F);
  family.evidence.push_back("outputs " + list(info.outputs) +
                            ": for each of three grids two scores, a box and five landmarks -> head yunet, nms needed "
                            "(sure)");
  family.size_multiple = 32;
  family.feeding = bgr_0_to_255("YuNet -> BGR, 0..255, top left with a black border (likely)");
  family.feeding.keeps_aspect = true;
  return family;
}

// --- RetinaFace

bool is_retinaface(const ModelInfo& info, const Inputs& inputs) {
  const auto& outputs = info.outputs;
  if (outputs.size() != 3 || count_of(outputs, 4) != 1 || count_of(outputs, 2) != 1 || count_of(outputs, 10) != 1)
    return false;
  const std::int64_t count = cells_of(outputs[0]);
  if (cells_of(outputs[1]) != count || cells_of(outputs[2]) != count) return false;
  return inputs.pixels.width <= 0 || inputs.pixels.height <= 0 || face_layout_of(count, inputs.pixels) != nullptr;
}

Family describe_retinaface(const ModelInfo& info, const Inputs&) {
  Family family = faces(Head::retinaface, 0.6F, 0.4F);
  family.evidence.push_back("outputs " + list(info.outputs) +
                            ": a box, two scores and five landmarks of each prior -> head retinaface, nms needed "
                            "(sure)");
  family.feeding = bgr_0_to_255("RetinaFace -> BGR, minus the mean 104, 117, 123, top left with a border (likely)");
  family.feeding.keeps_aspect = true;
  family.feeding.pad_value = 114;
  const float mean[] = {104, 117, 123};
  for (int c = 0; c < 3; ++c) family.feeding.offset[c] = mean[c];
  return family;
}

}  // namespace

std::vector<FamilyRow> face_families() {
  return {{Head::yunet, is_yunet, describe_yunet}, {Head::retinaface, is_retinaface, describe_retinaface}};
}

}  // namespace fluvial
