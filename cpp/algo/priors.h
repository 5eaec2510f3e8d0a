// Boxes that a detector starts from, one or several in each cell, and the boxes that its offsets make of them.
#pragma once

#include <vector>

#include "algo/grids.h"
#include "types/geometry.h"

namespace fluvial {

// Centre and size, in pixels of the network's input.
struct Prior {
  float x = 0, y = 0, width = 0, height = 0;
};

// What offsets are multiplied with ("variances"): 0.1 and 0.2 in SSD and its kin, 1 in RetinaNet.
struct OffsetScale {
  float centre = 1, size = 1;
};

// `offsets`: x, y of the centre in shares of the prior, then logarithms of the growth of width and height. No box grows
// past 1000 / 16 times its prior, as in Faster R-CNN and its kin.
Box box_from(const Prior& prior, const float* offsets, OffsetScale scale);

// RetinaFace and its smaller kin: squares of some sizes around the middle of each cell.
struct FaceLayout {
  const char* name;
  std::vector<int> strides;
  std::vector<std::vector<float>> sizes;  // by grid
};
const std::vector<FaceLayout>& face_layouts();
std::vector<Prior> face_priors(const FaceLayout& layout, Size input);
// RetinaNet: 4 * stride large, and 2^(1/3) and 2^(2/3) times that, each with height : width of 1/2, 1 and 2.
struct RetinaAnchors {
  bool are_whole = false;           // torchvision's: sizes cut, then edges rounded to whole pixels
  bool are_scales_outside = false;  // the ratio changes fastest
  bool is_in_middle = false;        // of its cell; else around its top left corner
};
std::vector<Prior> retina_anchors(const std::vector<Grid>& grids, const RetinaAnchors& layout);

// The layout that has so many priors at this input size; the first where the number is open; nullptr: none.
const FaceLayout* face_layout_of(std::int64_t count, Size input);

}  // namespace fluvial
