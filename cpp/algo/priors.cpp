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

namespace {

Prior retina_anchor(int stride, int scale, int ratio, bool is_whole) {
  const double ratios[] = {0.5, 1, 2};
  double size = 4.0 * stride * std::pow(2, scale / 3.0);
  if (is_whole) size = std::floor(size + 1e-6);
  double width = size / std::sqrt(ratios[ratio]);
  double height = size * std::sqrt(ratios[ratio]);
  if (is_whole) {  // half to even, as PyTorch
    width = 2 * std::nearbyint(width / 2);
    height = 2 * std::nearbyint(height / 2);
  }
  return {0, 0, static_cast<float>(width), static_cast<float>(height)};
}

}  // namespace

std::vector<Prior> retina_anchors(const std::vector<Grid>& grids, const RetinaAnchors& layout) {
  std::vector<Prior> anchors;
  for (const auto& grid : grids) {
    const auto stride = static_cast<float>(grid.stride);
    std::vector<Prior> cell;
    for (int i = 0; i < 9; ++i) {
      const int scale = layout.are_scales_outside ? i / 3 : i % 3;
      const int ratio = layout.are_scales_outside ? i % 3 : i / 3;
      cell.push_back(retina_anchor(grid.stride, scale, ratio, layout.are_whole));
    }
    const float shift = layout.is_in_middle ? 0.5F : 0;
    for (int y = 0; y < grid.height; ++y)
      for (int x = 0; x < grid.width; ++x)
        for (const auto& anchor : cell)
          anchors.push_back({(static_cast<float>(x) + shift) * stride, (static_cast<float>(y) + shift) * stride,
                             anchor.width, anchor.height});
  }
  return anchors;
}

const FaceLayout* face_layout_of(std::int64_t count, Size input) {
  for (const auto& layout : face_layouts())
    if (count < 0 || static_cast<std::size_t>(count) == face_priors(layout, input).size()) return &layout;
  return nullptr;
}

}  // namespace fluvial
