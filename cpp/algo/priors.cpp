#include "algo/priors.h"

#include <algorithm>
#include <cmath>

namespace fluvial {

Box box_from(const Prior& prior, const float* offsets, OffsetScale scale) {
  const float most = std::log(1000.0F / 16);
  const float width = prior.width * std::exp(std::min(offsets[2] * scale.size, most));
  const float height = prior.height * std::exp(std::min(offsets[3] * scale.size, most));
  return {prior.x + offsets[0] * scale.centre * prior.width - width / 2,
          prior.y + offsets[1] * scale.centre * prior.height - height / 2, width, height};
}

const std::vector<FaceLayout>& face_layouts() {
  static const std::vector<FaceLayout> all = {
      {"RetinaFace", {8, 16, 32}, {{16, 32}, {64, 128}, {256, 512}}},
      {"the slim and RFB nets of 1 MB", {8, 16, 32, 64}, {{10, 16, 24}, {32, 48}, {64, 96}, {128, 192, 256}}},
  };
  return all;
}

std::vector<Prior> face_priors(const FaceLayout& layout, Size input) {
  std::vector<Prior> priors;
  const auto grids = grids_of(input, layout.strides);
  for (std::size_t i = 0; i < grids.size(); ++i) {
    const auto stride = static_cast<float>(grids[i].stride);
    for (int y = 0; y < grids[i].height; ++y)
      for (int x = 0; x < grids[i].width; ++x)
        for (float size : layout.sizes[i])
          priors.push_back(
              {(static_cast<float>(x) + 0.5F) * stride, (static_cast<float>(y) + 0.5F) * stride, size, size});
  }
  return priors;
}

const FaceLayout* face_layout_of(std::int64_t count, Size input) {
  for (const auto& layout : face_layouts())
    if (count < 0 || static_cast<std::size_t>(count) == face_priors(layout, input).size()) return &layout;
  return nullptr;
}

}  // namespace fluvial
