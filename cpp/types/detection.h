// What a model says it sees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "types/geometry.h"

namespace fluvial {

struct Detection {
  int class_id = 0;
  float confidence = 0;  // 0..1
  Box box;               // pixels of the network's input until un-letterboxed, then of the frame
  std::int32_t row = 0;  // which of the model's rows it was read from: the head's own number, for its details
};

struct Keypoint {
  float x = 0, y = 0;    // as the box
  float confidence = 0;  // 0..1
};

// Probabilities over a detection's box, row by row; 0 by 0: the model gives no masks.
struct Mask {
  Size size;
  std::vector<float> values;
};

// What a detection has beside its box.
struct Details {
  std::vector<Keypoint> keypoints;
  Mask mask;
};

// The winner of one attribute, such as "color" of a vehicle.
struct Classification {
  int attribute = 0;  // index of the attribute: of the output tensor, or of the group in it
  int class_id = 0;
  float confidence = 0;
  std::string text;  // what was read, of models that read; else empty
};

// A class for each pixel of the network's input, or of a smaller picture that stands for it.
struct Segmentation {
  Size size;
  int class_count = 0;
  std::vector<int> classes;          // row by row; -1: none is sure enough
  std::vector<float> probabilities;  // [class_count, height, width]; empty where the model gives classes alone
};

}  // namespace fluvial
