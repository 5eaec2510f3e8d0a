#include "elements/tile/painter.h"

namespace fluvial {

void Painter::fill_black(Surface& canvas, const Box& box) {
  if (box.area() <= 0) return;  // an empty box would be the whole surface
  auto& black = black_;
  if (!black || !(black->format() == canvas.format())) {
    black = allocator_.allocate(canvas.format());
    allocator_.clear(*black);
  }
  allocator_.transform(*black, canvas, {box, box, Filter::nearest});
}

// Canvases are recycled: what no picture covers still shows an old one.
void Painter::fill_gaps(Surface& canvas, const std::vector<Tile>& tiles) {
  const auto& last = tiles.back().cell;  // the lower right one
  const Box all{0, 0, static_cast<float>(canvas.format().size.width), static_cast<float>(canvas.format().size.height)};
  fill_black(canvas, {last.right(), 0, all.width - last.right(), all.height});
  fill_black(canvas, {0, last.bottom(), all.width, all.height - last.bottom()});
  for (const auto& [source, cell, picture] : tiles) {
    if (!source) {
      fill_black(canvas, cell);
      continue;
    }
    fill_black(canvas, {cell.left, cell.top, picture.left - cell.left, cell.height});
    fill_black(canvas, {picture.right(), cell.top, cell.right() - picture.right(), cell.height});
    fill_black(canvas, {picture.left, cell.top, picture.width, picture.top - cell.top});
    fill_black(canvas, {picture.left, picture.bottom(), picture.width, cell.bottom() - picture.bottom()});
  }
}

// A picture that stands still is scaled once and copied from then on.
const SurfacePtr& Painter::still_picture(Source& source, const Box& picture, Filter filter) {
  SurfaceFormat format = source.surface->format();
  format.size = {static_cast<int>(picture.width), static_cast<int>(picture.height)};
  if (!source.scaled || !(source.scaled->format() == format)) {
    source.scaled = allocator_.allocate(format);
    allocator_.transform(*source.surface, *source.scaled, {{}, {}, filter});
  }
  return source.scaled;
}

void Painter::draw_tile(Surface& canvas, const Tile& tile, Filter filter) {
  const auto& from =
      tile.source->is_in_batch ? tile.source->surface : still_picture(*tile.source, tile.picture, filter);
  allocator_.transform(*from, canvas, {{}, tile.picture, filter});
}

SurfacePtr Painter::draw(const SurfaceFormat& format, const std::vector<Tile>& tiles, Filter filter) {
  const auto& only = tiles.front();
  // A frame that is as large as the canvas is the canvas.
  if (tiles.size() == 1 && only.source && only.source->surface->format() == format &&
      only.picture.area() == static_cast<float>(format.size.width) * static_cast<float>(format.size.height))
    return only.source->surface;
  auto canvas = allocator_.allocate(format);
  fill_gaps(*canvas, tiles);
  for (const auto& tile : tiles)
    if (tile.source) draw_tile(*canvas, tile, filter);
  return canvas;
}

}  // namespace fluvial
