// Detectors whose outputs are boxes beside scores, labels or coverage: DetectNet_v2, DETR with its best queries chosen
// in the graph, SSD, ATSS and FCOS exports.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"

namespace fluvial {
namespace {

// --- DetectNet_v2

bool is_detectnet(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  if (outputs.size() != 2 || outputs[0].shape.size() != 4 || outputs[1].shape.size() != 4) return false;
  const bool is_first = names_any(outputs[0].name, {"cov"}) && names_any(outputs[1].name, {"bbox"});
  const bool is_second = names_any(outputs[1].name, {"cov"}) && names_any(outputs[0].name, {"bbox"});
  if (!is_first && !is_second) return false;
  return outputs[is_first ? 1 : 0].shape[1] == 4 * outputs[is_first ? 0 : 1].shape[1];
}

Family describe_detectnet(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  Family family;
  family.head = Head::detectnet;
  family.needs_nms = true;
  family.usual_threshold = 0.2F;
  family.feeding = rgb_0_to_1("DetectNet_v2 -> RGB, 0..1, stretched (likely)");
  family.evidence.push_back(
      "outputs " + list(outputs) +
      ": one with 4 boxes' edges for each coverage channel of the other -> head detectnet (sure)");
  if (outputs.size() == 2 && outputs[0].shape.size() == 4 && outputs[1].shape.size() == 4)
    family.class_count = static_cast<int>(std::min(outputs[0].shape[1], outputs[1].shape[1]));
  return family;
}

// --- DETR

bool is_detr(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  if (outputs.size() != 3 || find(outputs, 3, 4) == nullptr) return false;
  const auto matrices = [&](bool is_label) {
    return std::count_if(outputs.begin(), outputs.end(), [&](const TensorInfo& output) {
      return output.shape.size() == 2 && (is_integer(output) || output.name == "labels") == is_label;
    });
  };
  return matrices(true) == 1 && matrices(false) == 1;
}

// DINOv3 backbones are the exception among DETRs; only the file's name tells them apart.
Feeding detr_feeding(const ModelInfo& info) {
  const bool is_dino = lowercase(file_name(info.path)).find("dinov3") != std::string::npos;
  if (!is_dino) return rgb_0_to_1("a DETR that is told sizes -> RGB, 0..1, stretched (likely)");
  return rgb_imagenet("the file's name says dinov3 -> RGB, normalised by ImageNet's mean and deviation (likely)");
}

Family describe_detr(const ModelInfo& info, const Inputs& inputs) {
  Family family;
  family.head = Head::detr;
  family.is_usually_coco = true;
  family.evidence.push_back("outputs " + list(info.outputs) +
                            ": labels, boxes and scores of the same queries -> head detr, no nms (sure)");
  if (inputs.size != nullptr) {
    family.feeding = detr_feeding(info);
  } else {
    family.missing = {
        "boxes", "it looks like a DETR, but no input takes sizes, so nothing tells whether boxes are pixels or shares",
        "the head's option boxes=normalised or boxes=pixels"};
  }
  return family;
}

// --- boxes of five numbers, and labels

bool is_boxes_labels(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  if (outputs.size() != 2) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    const Shape& boxes = outputs[i].shape;
    const TensorInfo& labels = outputs[1 - i];
    if (boxes.size() >= 2 && boxes.size() <= 3 && boxes.back() == 5 && labels.shape.size() + 1 == boxes.size() &&
        (is_integer(labels) || names_any(labels.name, {"label"}))) {
      return true;
    }
  }
  return false;
}

Family describe_boxes_labels(const ModelInfo& info, const Inputs& inputs) {
  Family family;
  family.head = Head::boxes_labels;
  family.feeding = zoo_feeding(inputs);
  family.evidence.push_back(
      "outputs " + list(info.outputs) +
      ": boxes of five numbers and their labels -> head boxes_labels, nms is in the graph (sure)");
  return family;
}

// --- boxes and scores of anchors

bool is_boxes_scores(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  if (outputs.size() != 2 || outputs[0].shape.size() != 3 || outputs[1].shape.size() != 3) return false;
  if (find(outputs, 3, 4) == nullptr || outputs[0].shape[1] != outputs[1].shape[1]) return false;
  if (are_offsets_to_priors(outputs)) return false;
  const bool have_names = names_any(outputs[0].name, {"box", "loc", "score", "conf", "cls"}) &&
                          names_any(outputs[1].name, {"box", "loc", "score", "conf", "cls"});
  return have_names && outputs[0].shape[2] > 0 && outputs[1].shape[2] > 0;
}

const TensorInfo& scores_of(const Outputs& outputs) {
  const bool is_first = outputs[0].shape.back() != 4 || (outputs[1].shape.back() == 4 && outputs[1].name == "boxes");
  return outputs[is_first ? 0 : 1];
}

// Which column is no class, and how many are.
void describe_columns(const ModelInfo& info, Family& family) {
  const TensorInfo& scores = scores_of(info.outputs);
  const std::int64_t columns = scores.shape.back();
  const std::string op = metadata_of(info, "op." + scores.name);
  const bool is_softmax = op == "Softmax" || op == "SoftMax";
  const bool has_background = is_softmax || (columns == 2 && op != "Sigmoid");
  family.class_count = static_cast<int>(std::max<std::int64_t>(columns - (has_background ? 1 : 0), 0));
  const std::string seen = "scores of " + std::to_string(columns) + " columns -> ";
  if (has_background) {
    family.options["background"] = std::to_string(columns - 1);
    family.evidence.push_back(
        seen + "the last is background (" +
        (is_softmax ? "likely, a softmax makes them" : "likely, two columns are one class and background") + ")");
    return;
  }
  family.options["background"] = op == "Sigmoid" ? "none" : "auto";
  family.evidence.push_back(seen +
                            "each is a class; should rows sum to one at run time, the column that mostly wins is "
                            "background (likely)");
}

Family describe_boxes_scores(const ModelInfo& info, const Inputs& inputs) {
  const auto& outputs = info.outputs;
  Family family;
  family.head = Head::boxes_scores;
  family.feeding = zoo_feeding(inputs);
  family.needs_nms = true;
  if (outputs.size() != 2 || outputs[0].shape.size() < 2 || outputs[1].shape.empty()) return family;
  family.evidence.push_back("outputs " + list(outputs) + ": boxes and scores of the same " +
                            std::to_string(outputs[0].shape[1]) + " anchors -> head boxes_scores, nms needed (sure)");
  family.options["boxes"] = "normalised";
  describe_columns(info, family);
  return family;
}

}  // namespace

std::vector<FamilyRow> box_families() {
  return {{Head::detectnet, is_detectnet, describe_detectnet},
          {Head::detr, is_detr, describe_detr},
          {Head::boxes_labels, is_boxes_labels, describe_boxes_labels},
          {Head::boxes_scores, is_boxes_scores, describe_boxes_scores}};
}

}  // namespace fluvial
