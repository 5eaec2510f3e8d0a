// Classifiers: outputs that are vectors, one for each attribute.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"

namespace fluvial {
namespace {

bool are_attributes(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  return !outputs.empty() && std::all_of(outputs.begin(), outputs.end(), [](const TensorInfo& output) {
    return is_vector(output.shape) && vector_length(output.shape) > 1 && !is_integer(output) && !is_embedding(output) &&
           !names_any(output.name, {"keypoint", "landmark", "kps"});
  });
}

// Networks converted from Caffe keep their pooled outputs' height and width.
bool are_pooled(const Outputs& outputs) {
  return outputs.size() >= 2 && std::all_of(outputs.begin(), outputs.end(), [](const TensorInfo& output) {
           return output.shape.size() == 4 && output.shape[2] == 1 && output.shape[3] == 1 && output.shape[1] <= 64;
         });
}

void describe_attributes(const ModelInfo& info, Family& family) {
  std::string independent;
  std::string wanted;
  std::string points;
  const auto append = [](std::string& text, const std::string& name) { text += (text.empty() ? "" : ",") + name; };
  for (const auto& output : info.outputs) {
    const bool is_sigmoid = metadata_of(info, "op." + output.name) == "Sigmoid";
    // Two exclusive answers are made by a softmax; two sigmoids beside other attributes are a place in the picture.
    const bool is_point = is_sigmoid && vector_length(output.shape) == 2 && info.outputs.size() > 1;
    append(is_point ? points : wanted, output.name);
    if (is_sigmoid && !is_point) append(independent, output.name);
    if (lowercase(output.name).find("softmax") == std::string::npos) continue;
    family.options["multi_label"] = "none";
    family.evidence.push_back("output " + output.name + " is named a softmax -> exclusive classes (sure)");
  }
  if (!independent.empty()) {
    family.options["multi_label"] = independent;
    family.evidence.push_back("a sigmoid makes " + independent + " -> its classes are independent (likely)");
  }
  if (!points.empty() && !wanted.empty()) {
    family.options["outputs"] = wanted;
    family.evidence.push_back("a sigmoid makes the two numbers of each of " + points +
                              " -> points, not classes; left out (guess)");
  }
}

Family describe_classification(const ModelInfo& info, const Inputs&) {
  const auto& outputs = info.outputs;
  Family family;
  family.head = Head::classification;
  family.usual_threshold = 0.5F;
  const bool is_one = outputs.size() == 1;
  family.evidence.push_back((is_one ? "output " : "outputs ") + list(outputs) +
                            (is_one ? " is a vector" : " are vectors") + " -> head classification (likely)");
  if (are_pooled(outputs)) {
    family.feeding = bgr_0_to_255(
        "names and shapes as in Open Model Zoo -> BGR, 0..255, stretched, what else is needed is in the graph "
        "(likely)");
  }
  std::int64_t classes = 0;
  for (const auto& output : outputs) classes = std::max(classes, vector_length(output.shape));
  family.class_count = static_cast<int>(classes);
  describe_attributes(info, family);
  return family;
}

}  // namespace

std::vector<FamilyRow> classification_families() {
  return {{Head::classification, are_attributes, describe_classification}};
}

}  // namespace fluvial
