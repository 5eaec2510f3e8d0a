// Segmentation: one output that is a picture of classes, or of a score for each class.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"

namespace fluvial {
namespace {

constexpr std::int64_t kMostClasses = 256;

// Not smaller than an eighth of the input, as networks halve it three times at most before they classify pixels.
bool is_part(std::int64_t d, int whole) { return d > 1 && whole > 0 && d * 8 >= whole && d <= whole; }

bool covers(std::int64_t height, std::int64_t width, const Inputs& inputs) {
  return is_part(height, inputs.pixels.height) && is_part(width, inputs.pixels.width);
}

bool is_nhwc(const Shape& s, const Inputs& inputs) {
  return s.size() == 4 && covers(s[1], s[2], inputs) && !covers(s[2], s[3], inputs);
}

std::int64_t channels_of(const Shape& s, const Inputs& inputs) {
  if (s.size() == 3) return 1;
  return is_nhwc(s, inputs) ? s[3] : s[1];
}

bool is_whole(const TensorInfo& output) {
  return is_integer(output) || output.type == ElementType::u8 || output.type == ElementType::i8;
}

bool says_so(const ModelInfo& info, const TensorInfo& output) {
  return names_any(output.name, {"seg", "mask", "argmax"}) || names_any(file_name(info.path), {"seg", "deeplab"}) ||
         metadata_of(info, "task").find("segmentation") != std::string::npos;
}

// Depth, mattes and pictures have the same shapes: of one channel or three, the name has to say it.
bool is_map(const ModelInfo& info, const TensorInfo& output, const Inputs& inputs) {
  const Shape& s = output.shape;
  if (s.size() == 3) return is_whole(output) && covers(s[1], s[2], inputs);
  if (s.size() != 4 || !(covers(s[2], s[3], inputs) || is_nhwc(s, inputs))) return false;
  const std::int64_t channels = channels_of(s, inputs);
  if (is_whole(output)) return channels == 1;
  const bool is_softmax = metadata_of(info, "op." + output.name) == "Softmax";
  if (channels == 1 || channels == 3) return is_softmax || says_so(info, output);
  return channels > 0 && channels <= kMostClasses;
}

// Second outputs are of layers before, for training (torchvision's "aux"): of the same shape, or it is no such model.
bool is_segmentation(const ModelInfo& info, const Inputs& inputs) {
  const auto& outputs = info.outputs;
  if (outputs.empty() || !is_map(info, outputs[0], inputs)) return false;
  return std::all_of(outputs.begin(), outputs.end(), [&](const auto& o) { return o.shape == outputs[0].shape; });
}

Family describe_segmentation(const ModelInfo& info, const Inputs& inputs) {
  Family family;
  family.head = Head::segmentation;
  if (info.outputs.empty()) return family;
  const auto& output = info.outputs[0];
  const Shape& s = output.shape;
  const std::int64_t channels = channels_of(s, inputs);
  const bool are_scores = !is_whole(output);
  family.evidence.push_back(
      "output " + output.name + " is a picture of " +
      (are_scores ? std::to_string(channels) + (channels == 1 ? " score" : " scores") : std::string("a class")) +
      " a pixel -> head segmentation (" + (says_so(info, output) ? "sure" : "likely") + ")");
  if (info.outputs.size() > 1) family.evidence.push_back("the other outputs have its shape -> left out (likely)");
  if (s.size() == 4) family.options["layout"] = is_nhwc(s, inputs) ? "nhwc" : "nchw";
  family.options["output"] = output.name;
  if (are_scores) family.class_count = static_cast<int>(channels == 1 ? 2 : channels);
  if (are_scores && metadata_of(info, "op." + output.name) == "Softmax") {
    family.options["scores"] = "probabilities";
    family.evidence.push_back("a softmax makes " + output.name + " -> probabilities (sure)");
  }
  return family;
}

}  // namespace

std::vector<FamilyRow> segmentation_families() {
  return {{Head::segmentation, is_segmentation, describe_segmentation}};
}

}  // namespace fluvial
