// The pixels of a mosaic.
#pragma once

#include <vector>

#include "elements/tile/layout.h"

namespace fluvial {

// Belongs to one stream; not thread-safe.
class Painter {
 public:
  explicit Painter(Allocator& allocator) : allocator_(allocator) {}

  // One picture of all tiles, where the frames lie. A frame that is as large as the picture is the picture.
  SurfacePtr draw(const SurfaceFormat& format, const std::vector<Tile>& tiles, Filter filter);

 private:
  SurfacePtr new_canvas(const SurfaceFormat& format, const std::vector<Tile>& tiles);
  const SurfacePtr& still_picture(Source& source, const Box& picture, Filter filter);
  TransformJob job_of(const Tile& tile, Surface& canvas, Filter filter);

  Allocator& allocator_;
};

}  // namespace fluvial
