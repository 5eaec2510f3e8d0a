// What a user may choose about tracking.
#pragma once

#include <string>
#include <vector>

#include "algo/kalman.h"

namespace fluvial {

// Defaults were measured on people, with detectors good and bad, at 7 to 30 frames a second.
struct TrackerSettings {
  float min_confidence = 0.1F;       // 0..1: weaker detections are not looked at
  float high_confidence = 0.5F;      // 0..1: weaker ones may extend a track, never start one
  float min_iou = 0.15F;             // 0..1: least overlap of a prediction with a sure detection
  float min_iou_low = 0.4F;          // 0..1: the same with a weak detection
  float max_iou_new = 0.4F;          // 0..1: a detection that overlaps a seen track more than this starts no other
  bool needs_same_class = true;      // else a track may take a detection of another class, and then changes class
  int max_targets = 256;             // tracks kept, seen and lost; beyond it the longest lost makes room
  float probation_evidence = 0.9F;   // a track is active once the squares of its detections' confidences add up to
                                     // this: one of .95, two of .7, four of .5. 0: at once
  int probation_frames = 1;          // and has been seen in so many frames; 0 and 1: at once
  int early_termination_frames = 1;  // missed frames that end a tentative track
  int lost_frames = 30;              // frames that an unseen track is kept, and may be found again
  int coast_frames = 0;              // frames that an unseen track stays active, at its predicted box
  float box_smoothing = 0.7F;        // 0..1: from the detection's own box (0) to the filter's (1)
  bool has_unique_ids = false;       // for the element: ids unique beyond this tracker (upper half random)
  KalmanNoise noise;
};

// One setting as data, so that checks, files and documents need no list of their own.
struct TrackerField {
  const char* name;  // the member's; "noise_" before those of noise
  bool is_whole;     // an int or a bool (0, 1)
  double low;
  double high;
  double (*get)(const TrackerSettings&);
  void (*set)(TrackerSettings&, double);

  bool allows(double value) const;  // false for NaN, and for a fraction where whole numbers are meant
  std::string allowed() const;      // "0 to 1", "a whole number from 1 to 100000"
};

const std::vector<TrackerField>& tracker_fields();

// Throws std::invalid_argument naming the first field that is out of range, its value and what is allowed.
void check(const TrackerSettings& settings);

}  // namespace fluvial
