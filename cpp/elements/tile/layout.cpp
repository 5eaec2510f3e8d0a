#include "elements/tile/layout.h"

#include "algo/tile_grid.h"

namespace fluvial {
namespace {

TileGrid grid_of(const TileSettings& s, const Sources& sources) {
  const auto count = static_cast<int>(sources.all().size());
  if (s.is_square) return square_grid(count);
  return automatic_grid(count, static_cast<int>(s.rows), static_cast<int>(s.columns));
}

Tile tile_in(const Box& cell, Source* source, const TileSettings& s) {
  if (!source || !source->surface || cell.area() <= 0) return {nullptr, cell, {}};
  return {source, cell, s.keeps_aspect ? letterboxed(cell, source->surface->format().size) : cell};
}

std::vector<Tile> single_tile(const TileSettings& s, Sources& sources, Size canvas) {
  const auto shown = sources.all().find(static_cast<guint>(s.shown_source));
  const Box all{0, 0, static_cast<float>(canvas.width), static_cast<float>(canvas.height)};
  return {tile_in(all, shown == sources.all().end() ? nullptr : &shown->second, s)};
}

}  // namespace

Size canvas_size(const TileSettings& s) {
  const auto round_up_4 = [](guint v) { return static_cast<int>((v + 3) / 4 * 4); };
  return {round_up_4(s.width), round_up_4(s.height)};
}

bool is_sequential(const TileSettings& s) { return s.is_square || s.rows == 0 || s.columns == 0; }

void grow_for(TileSettings& s, guint source_id) {
  if (is_sequential(s) || source_id < s.rows * s.columns || source_id >= max_tiles) return;
  const auto grid = grown_grid(static_cast<int>(source_id) + 1);
  s.rows = static_cast<guint>(grid.rows);
  s.columns = static_cast<guint>(grid.columns);
}

std::vector<Tile> tiles_of(const TileSettings& s, Sources& sources, Size canvas) {
  if (s.shown_source >= 0) return single_tile(s, sources, canvas);
  const TileGrid grid = grid_of(s, sources);
  std::vector<Source*> shown(static_cast<std::size_t>(grid.cells()));
  std::size_t next = 0;
  for (auto& [id, source] : sources.all()) {
    const std::size_t index = is_sequential(s) ? next++ : id;
    if (index < shown.size()) shown[index] = &source;
  }
  std::vector<Tile> tiles;
  for (int i = 0; i < grid.cells(); ++i)
    tiles.push_back(tile_in(tile_box(grid, canvas, i), shown[static_cast<std::size_t>(i)], s));
  return tiles;
}

}  // namespace fluvial
