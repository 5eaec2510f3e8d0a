#include "elements/tile/settings.h"

namespace fluvial {

const PropertyTable<TileSettings>& tile_properties() {
  using S = TileSettings;
  static const auto table =
      PropertyTable<S>()
          .add("rows", "Rows of tiles; 0: as many as the sources need (the default of fluvialtile)", &S::rows, 0,
               max_tiles)
          .add("columns", "Tiles in a row; 0: as many as the sources need (the default of fluvialtile)", &S::columns, 0,
               max_tiles)
          .add("width", "Width of the output in pixels, rounded up to a multiple of 4", &S::width, 16, G_MAXINT - 3)
          .add("height", "Height of the output in pixels, rounded up to a multiple of 4", &S::height, 16, G_MAXINT - 3)
          .add("show-source", "Show only the source of this pad, on the whole output; -1: all", &S::shown_source, -1,
               G_MAXINT)
          .add("square-seq-grid", "As many rows as columns, as many as the sources need, without holes", &S::is_square)
          .add("keep-aspect", "Do not stretch frames: black bars instead", &S::keeps_aspect)
          .add("interpolation-method",
               "Scaling: 0 nearest, 1 bilinear, 2 and above box (averages when shrinking; the default of fluvialtile)",
               &S::interpolation, 0, 6);
  return table;
}

void install_tile_properties(GObjectClass* klass) {
  tile_properties().install(klass);
  g_object_class_install_property(klass, tile_copied_bytes, copied_bytes_spec("Bytes of pixels written so far"));
  g_object_class_install_property(
      klass, tile_custom_grid,
      g_param_spec_pointer("custom-tile-config", "custom-tile-config", "Not supported; a plain grid is used",
                           GParamFlags(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS)));
  PropertyInstaller ignored(klass, first_ignored_of_tile);
  add_hardware_properties(ignored);
  ignored.add_uint("buffer-pool-size", "Size of DeepStream's pool; ours follows need", 4, 10, 5);
}

}  // namespace fluvial
