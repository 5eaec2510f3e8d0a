// What Ultralytics' exporter writes into a model about itself, and `fluvial export` in the same words.
#pragma once

#include <string>

#include "types/model.h"

namespace fluvial {

struct Ultralytics {
  bool is_author = false;  // it says so; the rest may be there all the same
  std::string author;      // who: "Ultralytics", "fluvial train"
  std::string task;        // "detect", "segment", "pose", "obb", "classify"
  bool is_detr = false;    // RT-DETR; all else is YOLO
  int class_count = 0;     // names; 0: it has none
  std::string keypoints;   // "17x3"
  int keypoint_columns = 0;
  Size size;  // 0: not said
};

Ultralytics ultralytics_of(const ModelInfo& info);

}  // namespace fluvial
