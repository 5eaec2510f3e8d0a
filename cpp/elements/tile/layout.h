// Where the sources of a mosaic lie.
#pragma once

#include <vector>

#include "elements/tile/settings.h"
#include "elements/tile/sources.h"
#include "types/geometry.h"

namespace fluvial {

Size canvas_size(const TileSettings& settings);

// True in grids whose tiles follow each other without holes; else a source's tile is that of its pad.
bool is_sequential(const TileSettings& settings);

// Only for pads: a grid that follows the sources needs no growing.
void grow_for(TileSettings& settings, guint source_id);

struct Tile {
  Source* source = nullptr;  // null: nothing to show, black
  Box cell;
  Box picture;  // inside the cell
};

// One a cell of the grid.
std::vector<Tile> tiles_of(const TileSettings& settings, Sources& sources, Size canvas);

}  // namespace fluvial
