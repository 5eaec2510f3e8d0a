// Non-maximum suppression: of boxes of one class that overlap, the surest stays.
#pragma once

#include <vector>

#include "types/detection.h"

namespace fluvial {

struct NmsSettings {
  float iou_threshold = 0.5F;  // boxes that overlap a surer one by more are dropped; 1 or more: none is
  int topk = 0;                // boxes kept of a class, the surest; 0 or less: all
};

// Greedy, class by class. What stays is ordered by falling confidence; equals keep the order they came in. Detections
// whose confidence is not a number are dropped. `by_class` is indexed by class id; classes beyond it take the last
// entry.
void nms(std::vector<Detection>& detections, const std::vector<NmsSettings>& by_class);
void nms(std::vector<Detection>& detections, const NmsSettings& settings);

}  // namespace fluvial
