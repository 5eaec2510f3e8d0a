// Masks of prototypes (YOLACT, YOLO's segmentations), made where the prototypes are.
#pragma once

#include <cstddef>
#include <vector>

#include "types/geometry.h"

namespace fluvial {

// One mask: over the box there are `size` places, and at each the probability of the prototypes' sum, weighted by the
// coefficients. Sums are read in between the cells of the region alone, which covers the box.
struct MaskWish {
  std::size_t unit = 0;                 // whose prototypes
  const float* coefficients = nullptr;  // one for each prototype
  Box box;                              // pixels of the network's input
  Size size;
  int left = 0, top = 0, right = 0, bottom = 0;  // cells of the prototypes
};

// How the prototypes of a unit lie: [count, grid.height, grid.width], over a picture of so many pixels a cell.
struct PrototypeGrid {
  int count = 0;
  Size grid;
  float scale_x = 1, scale_y = 1;
};

// Those of a batch, so that a GPU is asked once.
struct MaskWishes {
  PrototypeGrid grid;  // of each unit
  std::vector<MaskWish> all;
};

}  // namespace fluvial
