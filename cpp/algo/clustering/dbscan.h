// DBSCAN over boxes: a crowd of boxes is one object, and a box without company is none.
//
// NVIDIA's own is not public. Here the distance of two boxes is 1 - IoU, which gives its published settings (eps 0.7
// with three boxes) their meaning; the rest follows the words of its header and documentation.
#pragma once

#include <vector>

#include "types/detection.h"

namespace fluvial {

struct DbscanSettings {
  float eps = 0;        // boxes at most so far apart are neighbours
  int min_boxes = 0;    // neighbours, itself counted, that make a box the core of a cluster; 0 or less: nothing is done
  float min_score = 0;  // least sum of a cluster's confidences
  float most_area_to_hit = 60;  // root of the mean box's area over the count of boxes; a larger cluster is dropped
};

// Of one class. The cores that are neighbours, and their neighbours, are a cluster. It becomes one box: the mean,
// weighted by confidence, with the confidence of the surest. What is in no cluster is dropped.
void dbscan(std::vector<Detection>& found, const DbscanSettings& settings);

// Only drops what is in no cluster; the boxes of clusters stay, for nms().
void dbscan_filter(std::vector<Detection>& found, const DbscanSettings& settings);

}  // namespace fluvial
