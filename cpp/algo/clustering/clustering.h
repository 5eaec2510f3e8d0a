// How the boxes that a model finds of one object become one: nvinfer's cluster-mode, with its settings by class.
#pragma once

#include <vector>

#include "algo/clustering/dbscan.h"
#include "algo/nms.h"
#include "types/detection.h"

namespace fluvial {

enum class ClusterMode { group_rectangles = 0, dbscan = 1, nms = 2, hybrid = 3, none = 4 };

struct ClusterSettings {
  ClusterMode mode = ClusterMode::nms;
  float iou_threshold = 0.5F;  // nms, hybrid
  int topk = 0;                // the surest of a class; 0 or less: all. Not of group rectangles
  float threshold_after = 0;   // least confidence of what is left: nms and hybrid above it, dbscan at least it
  int group_threshold = 0;     // group rectangles
  float eps = 0;               // group rectangles and DBSCAN
  int min_boxes = 0;           // DBSCAN, hybrid
  float min_score = 0;
};

// Classes beyond `by_class`, which is not empty, take its last entry. What is left is ordered by falling confidence,
// equals by class; with mode none and without topk it is left as it came. Detections whose confidence is not a number
// are dropped where anything is clustered.
void cluster(std::vector<Detection>& found, const std::vector<ClusterSettings>& by_class);

}  // namespace fluvial
