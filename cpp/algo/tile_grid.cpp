#include "algo/tile_grid.h"

#include <algorithm>
#include <cmath>

namespace fluvial {
namespace {

int round_down_2(double value) { return static_cast<int>(value) / 2 * 2; }

int divided_up(int value, int by) { return (value + by - 1) / by; }

int root(int value) { return static_cast<int>(std::sqrt(static_cast<double>(value))); }

int root_up(int value) { return root(value) * root(value) == value ? root(value) : root(value) + 1; }

}  // namespace

TileGrid grown_grid(int sources) {
  const int rows = std::max(1, root(sources));
  return {rows, std::max(1, divided_up(sources, rows))};
}

TileGrid square_grid(int sources) {
  const int side = std::max(1, root_up(sources));
  return {side, side};
}

TileGrid automatic_grid(int sources, int rows, int columns) {
  const int needed = std::max(1, sources);
  if (rows > 0 && columns > 0) return {rows, columns};
  if (rows > 0) return {rows, divided_up(needed, rows)};
  if (columns <= 0) columns = root_up(needed);
  return {divided_up(needed, columns), columns};
}

Box tile_box(const TileGrid& grid, Size canvas, int index) {
  const int width = round_down_2(canvas.width / grid.columns), height = round_down_2(canvas.height / grid.rows);
  return {static_cast<float>(index % grid.columns * width), static_cast<float>(index / grid.columns * height),
          static_cast<float>(width), static_cast<float>(height)};
}

Box letterboxed(const Box& tile, Size frame) {
  if (frame.width <= 0 || frame.height <= 0) return tile;
  const double scale =
      std::min(tile.width / static_cast<double>(frame.width), tile.height / static_cast<double>(frame.height));
  const int width = std::max(2, round_down_2(frame.width * scale + 0.5)),
            height = std::max(2, round_down_2(frame.height * scale + 0.5));
  return {tile.left + static_cast<float>(round_down_2((tile.width - static_cast<float>(width)) / 2)),
          tile.top + static_cast<float>(round_down_2((tile.height - static_cast<float>(height)) / 2)),
          static_cast<float>(width), static_cast<float>(height)};
}

}  // namespace fluvial
