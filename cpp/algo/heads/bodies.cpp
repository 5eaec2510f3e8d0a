#include "algo/heads/bodies.h"

#include <algorithm>

namespace fluvial::heads {
namespace {

float mean_confidence(const std::vector<Keypoint>& points) {
  float sum = 0;
  for (const auto& point : points) sum += point.confidence;
  return points.empty() ? 0 : sum / static_cast<float>(points.size());
}

Box box_around(const std::vector<Keypoint>& points, float least) {
  Box box;
  bool is_first = true;
  for (const auto& point : points) {
    if (!(point.confidence >= least)) continue;
    const float left = is_first ? point.x : std::min(box.left, point.x);
    const float top = is_first ? point.y : std::min(box.top, point.y);
    const float right = is_first ? point.x : std::max(box.right(), point.x);
    const float bottom = is_first ? point.y : std::max(box.bottom(), point.y);
    box = {left, top, right - left, bottom - top};
    is_first = false;
  }
  return box;
}

}  // namespace

void OneBody::decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) {
  read_points(outputs, unit, points_);
  const float confidence = mean_confidence(points_);
  const float least = thresholds_.of(0);
  if (confidence >= least) out.push_back({0, confidence, box_around(points_, least)});
}

void OneBody::describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                       std::vector<Details>& out) {
  if (kept.empty()) return;
  read_points(outputs, unit, points_);
  for (std::size_t i = 0; i < kept.size(); ++i) out.push_back({points_, {}});
}

float as_confidence(float value) { return value > 0 ? std::min(value, 1.0F) : 0.0F; }

}  // namespace fluvial::heads
