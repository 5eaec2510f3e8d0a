// Where the tiles of a mosaic lie. Pure arithmetic; pixels.
#pragma once

#include "types/geometry.h"

namespace fluvial {

struct TileGrid {
  int rows = 1;
  int columns = 1;
  int cells() const { return rows * columns; }
};

// DeepStream's grid for a number of sources: as many rows as fit into a square, as many columns as are needed.
TileGrid grown_grid(int sources);

// As many rows as columns.
TileGrid square_grid(int sources);

// The smallest grid for the sources that is nearly square, never higher than wide. A number above 0 is kept.
TileGrid automatic_grid(int sources, int rows, int columns);

// Row by row. Sides are even, which chroma wants; what is left over lies at the right and at the bottom.
Box tile_box(const TileGrid& grid, Size canvas, int index);

// The largest box of the frame's shape in the middle of a tile, on even pixels.
Box letterboxed(const Box& tile, Size frame);

}  // namespace fluvial
