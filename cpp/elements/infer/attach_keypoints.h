// Key points become user metadata of their object: fluvial/keypoints.h.
#pragma once

#include <vector>

#include "nvdsmeta.h"
#include "types/detection.h"

namespace fluvial {

// `points` in pixels of the frame; without any, nothing is attached.
void attach_keypoints(unsigned unique_id, NvDsObjectMeta* object, const std::vector<Keypoint>& points);

}  // namespace fluvial
