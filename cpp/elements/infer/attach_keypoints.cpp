#include "elements/infer/attach_keypoints.h"

#include "fluvial/keypoints.h"

namespace fluvial {

void attach_keypoints(unsigned unique_id, NvDsObjectMeta* object, const std::vector<Keypoint>& points) {
  if (points.empty()) return;
  std::vector<FluvialKeypoint> all;
  all.reserve(points.size());
  for (const auto& point : points) all.push_back({point.x, point.y, point.confidence});
  fluvial_add_keypoints_to_obj(object, unique_id, all.data(), static_cast<guint>(all.size()));
}

}  // namespace fluvial
