#include <algorithm>

#include "algo/families/family.h"

namespace fluvial {

Feeding rgb_0_to_1(std::string why) {
  Feeding feeding;
  std::fill_n(feeding.scale, 3, 1 / 255.0F);
  feeding.why = std::move(why);
  return feeding;
}

Feeding bgr_0_to_255(std::string why) {
  Feeding feeding;
  feeding.color = ColorOrder::bgr;
  feeding.why = std::move(why);
  return feeding;
}

Feeding rgb_imagenet(std::string why) {
  constexpr float kMean[] = {0.485F, 0.456F, 0.406F};
  constexpr float kDeviation[] = {0.229F, 0.224F, 0.225F};
  Feeding feeding;
  for (int c = 0; c < 3; ++c) {
    feeding.offset[c] = kMean[c] * 255;
    feeding.scale[c] = 1 / (kDeviation[c] * 255);
  }
  feeding.why = std::move(why);
  return feeding;
}

// Open Model Zoo names the picture of its PyTorch detectors so; others write "images", "input" or "input.1".
Feeding zoo_feeding(const Inputs& inputs) {
  if (inputs.picture == nullptr || inputs.picture->name != "image") return {};
  return bgr_0_to_255(
      "names and shapes as in Open Model Zoo -> BGR, 0..255, stretched, what else is needed is in the graph (likely)");
}

Feeding bordered(Feeding feeding, bool is_centred) {
  feeding.keeps_aspect = true;
  feeding.is_padding_centred = is_centred;
  feeding.pad_value = 114;
  return feeding;
}

}  // namespace fluvial
