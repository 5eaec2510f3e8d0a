// The pixels of a mosaic.
#pragma once

#include <vector>

#include "elements/tile/layout.h"

namespace fluvial {

// Belongs to one stream; not thread-safe.
class Painter {
 public:
  explicit Painter(Allocator& allocator) : allocator_(allocator) {}

  // One picture of all tiles. A frame that is as large as the picture is the picture.
  SurfacePtr draw(const SurfaceFormat& format, const std::vector<Tile>& tiles, Filter filter);

  // Lets go of what it keeps for the next picture.
  void forget() { black_.reset(); }

 private:
  void fill_black(Surface& canvas, const Box& box);
  void fill_gaps(Surface& canvas, const std::vector<Tile>& tiles);
  const SurfacePtr& still_picture(Source& source, const Box& picture, Filter filter);
  void draw_tile(Surface& canvas, const Tile& tile, Filter filter);

  Allocator& allocator_;
  SurfacePtr black_;  // what gaps are filled from
};

}  // namespace fluvial
