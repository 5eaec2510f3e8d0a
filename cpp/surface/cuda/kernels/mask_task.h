// types/mask_wish.h for a kernel. No includes: NVRTC has none.
#pragma once

namespace fluvial::cuda {

// A block sums up so many cells of the prototypes for each of its masks, and makes what lies between them: a tile. The
// last cells of a tile, across and down, are the first of the next one.
constexpr int cells_across = 32, cells_down = 8;
constexpr int tile_across = cells_across - 1, tile_down = cells_down - 1;
constexpr int most_masks_of_block = 16;

// A thread has some cells of a column, so that what it reads of a mask serves all of them.
constexpr int cells_of_thread = 2;
constexpr int threads_down = cells_down / cells_of_thread;

// Prototypes of a cell that its thread holds; all are asked for before the first is looked at.
constexpr int prototypes_held = 32;

// Place i of a mask, in one direction, lies `start + i * step` cells behind the middle of the first cell, but no
// farther out than the cells [first, last].
struct MaskAxis {
  float start, step;
  float places_of_cell;  // 1 / step
  int first, last;
  int places;
};

struct MaskTask {
  MaskAxis across, down;
  int first;  // its place among the values
};

// What a block makes: of some masks the part that lies in this tile of a unit. The last mask stands for those that
// there are not, so that a thread need not know how many there are before it asks for one.
struct alignas(16) MaskTile {
  int unit, left, top;  // of its cells
  int count;
  int masks[most_masks_of_block];
};

// The prototypes.
struct MaskGrid {
  const float* prototypes;
  long long unit_step;  // elements
  int count, width, height;
};

}  // namespace fluvial::cuda
