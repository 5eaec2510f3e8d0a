// types/mask_wish.h for a kernel. No includes: NVRTC has none.
#pragma once

namespace fluvial::cuda {

// A block of threads makes a tile of a mask, of so many cells at most: each of its threads sums up one of them.
constexpr int cells_across = 32, cells_down = 16;

struct MaskTask {
  float left, top, width, height;  // of the box
  int columns, rows;               // of the mask
  int first;                       // its place among the values
  int region_left, region_top, region_right, region_bottom;
  int tile_columns, tile_rows;  // whose places lie between the cells of one block
};

// The prototypes of one unit.
struct MaskGrid {
  const float* prototypes;
  int count, width, height;
  float scale_x, scale_y;
};

}  // namespace fluvial::cuda
