// types/mask_wish.h for a kernel. No includes: NVRTC has none.
#pragma once

namespace fluvial::cuda {

struct MaskTask {
  float left, top, width, height;  // of the box
  int columns, rows;               // of the mask
  int first;                       // its place among the values
  int region_left, region_top, region_right, region_bottom;
};

// The prototypes of one unit.
struct MaskGrid {
  const float* prototypes;
  int count, width, height;
  float scale_x, scale_y;
};

}  // namespace fluvial::cuda
