// What a parser of the user's is told before its first frame.
#pragma once

#include <string>
#include <vector>

#include "types/geometry.h"

namespace fluvial {

struct ParserInfo {
  Size network;         // pixels of the network's input
  int class_count = 0;  // 0: any
  std::vector<std::string> labels;
  std::vector<bool> batched_outputs;      // whose first dimension is the batch
  float threshold = 0;                    // of classes beyond the list
  std::vector<float> threshold_by_class;  // least confidences
};

}  // namespace fluvial
