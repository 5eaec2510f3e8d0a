// What a model says it sees.
#pragma once

#include <vector>

#include "types/geometry.h"

namespace fluvial {

struct Detection {
  int class_id = 0;
  float confidence = 0;  // 0..1
  Box box;               // pixels of the network's input until un-letterboxed, then of the frame
};

// The winner of one attribute, such as "color" of a vehicle.
struct Classification {
  int attribute = 0;  // index of the attribute: of the output tensor, or of the group in it
  int class_id = 0;
  float confidence = 0;
};

}  // namespace fluvial
