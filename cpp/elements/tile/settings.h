// What the user chooses of a tiler; any thread may change it.
#pragma once

#include "elements/property_table.h"

namespace fluvial {

constexpr guint max_tiles = 128;

struct TileSettings {
  guint rows = 1;  // 0: as the sources need
  guint columns = 1;
  guint width = 1920;
  guint height = 1080;
  int shown_source = -1;  // -1: all
  bool is_square = false;
  bool keeps_aspect = false;
  guint interpolation = 0;
};

constexpr guint tile_copied_bytes = first_other_property;
constexpr guint tile_custom_grid = first_other_property + 1;
constexpr guint first_ignored_of_tile = first_other_property + 2;

const PropertyTable<TileSettings>& tile_properties();
void install_tile_properties(GObjectClass* klass);

}  // namespace fluvial
