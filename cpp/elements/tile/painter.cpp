#include "elements/tile/painter.h"

namespace fluvial {

namespace {

void fill_black(Surface& canvas, const Box& box, std::vector<TransformJob>& jobs) {
  if (box.area() > 0) jobs.push_back({nullptr, &canvas, {{}, box}});  // an empty box would be the whole surface
}

// Canvases are recycled: what no picture covers still shows an old one.
void fill_gaps(Surface& canvas, const std::vector<Tile>& tiles, std::vector<TransformJob>& jobs) {
  const auto& last = tiles.back().cell;  // the lower right one
  const Box all{0, 0, static_cast<float>(canvas.format().size.width), static_cast<float>(canvas.format().size.height)};
  fill_black(canvas, {last.right(), 0, all.width - last.right(), all.height}, jobs);
  fill_black(canvas, {0, last.bottom(), all.width, all.height - last.bottom()}, jobs);
  for (const auto& [source, cell, picture] : tiles) {
    if (!source) {
      fill_black(canvas, cell, jobs);
      continue;
    }
    fill_black(canvas, {cell.left, cell.top, picture.left - cell.left, cell.height}, jobs);
    fill_black(canvas, {picture.right(), cell.top, cell.right() - picture.right(), cell.height}, jobs);
    fill_black(canvas, {picture.left, cell.top, picture.width, picture.top - cell.top}, jobs);
    fill_black(canvas, {picture.left, picture.bottom(), picture.width, cell.bottom() - picture.bottom()}, jobs);
  }
}

}  // namespace

// A picture that stands still is scaled once and copied from then on.
const SurfacePtr& Painter::still_picture(Source& source, const Box& picture, Filter filter) {
  SurfaceFormat format = source.surface->format();
  format.size = {static_cast<int>(picture.width), static_cast<int>(picture.height)};
  if (!source.scaled || !(source.scaled->format() == format)) {
    source.scaled = allocator_.allocate(format, *source.surface);
    allocator_.transform(*source.surface, *source.scaled, {{}, {}, filter});
  }
  return source.scaled;
}

TransformJob Painter::job_of(const Tile& tile, Surface& canvas, Filter filter) {
  const auto& from =
      tile.source->is_in_batch ? tile.source->surface : still_picture(*tile.source, tile.picture, filter);
  return {from.get(), &canvas, {{}, tile.picture, filter}};
}

// Where any frame lies that the CPU does not see: that one would have to be carried.
SurfacePtr Painter::new_canvas(const SurfaceFormat& format, const std::vector<Tile>& tiles) {
  for (const auto& tile : tiles)
    if (tile.source && tile.source->surface->memory() != NVBUF_MEM_SYSTEM)
      return allocator_.allocate(format, *tile.source->surface);
  return allocator_.allocate(format);
}

SurfacePtr Painter::draw(const SurfaceFormat& format, const std::vector<Tile>& tiles, Filter filter) {
  const auto& only = tiles.front();
  // A frame that is as large as the canvas is the canvas.
  if (tiles.size() == 1 && only.source && only.source->surface->format() == format &&
      only.picture.area() == static_cast<float>(format.size.width) * static_cast<float>(format.size.height))
    return only.source->surface;
  auto canvas = new_canvas(format, tiles);
  std::vector<TransformJob> jobs;
  fill_gaps(*canvas, tiles, jobs);
  for (const auto& tile : tiles)
    if (tile.source) jobs.push_back(job_of(tile, *canvas, filter));
  allocator_.transform(jobs);
  return canvas;
}

}  // namespace fluvial
