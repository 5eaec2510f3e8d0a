#include "elements/draw/gpu/drawing.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fluvial::cuda {
namespace {

constexpr int tile_side = 32;  // pixels

unsigned packed(const std::array<std::uint8_t, 3>& bytes) {
  return bytes[0] | static_cast<unsigned>(bytes[1]) << 8 | static_cast<unsigned>(bytes[2]) << 16;
}

Size size_of(const PaintedPicture& picture) { return {picture.width, picture.height}; }

// Tiles of all pictures as one row of numbers.
class Grid {
 public:
  explicit Grid(const std::vector<PaintedPicture>& pictures) : pictures_(pictures) {
    for (const auto& picture : pictures) {
      first_.push_back(count_);
      count_ += columns(picture) * ((picture.height + tile_side - 1) / tile_side);
    }
  }
  int count() const { return count_; }

  template <typename Body>
  void for_tiles(const Primitive& p, int picture, Body body) const {
    const auto at = static_cast<std::size_t>(picture);
    for (int row = p.top / tile_side; row <= (p.bottom - 1) / tile_side; ++row)
      for (int column = p.left / tile_side; column <= (p.right - 1) / tile_side; ++column)
        body(static_cast<std::size_t>(first_[at] + row * columns(pictures_[at]) + column));
  }

  template <typename Body>
  void for_all(Body body) const {
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const int end = i + 1 < first_.size() ? first_[i + 1] : count_;
      for (int tile = first_[i]; tile < end; ++tile)
        body(static_cast<std::size_t>(tile), static_cast<int>(i), (tile - first_[i]) % columns(pictures_[i]),
             (tile - first_[i]) / columns(pictures_[i]));
    }
  }

 private:
  static int columns(const PaintedPicture& picture) { return (picture.width + tile_side - 1) / tile_side; }

  const std::vector<PaintedPicture>& pictures_;
  std::vector<int> first_;
  int count_ = 0;
};

}  // namespace

void settle(Primitives& primitives, const std::uint8_t* data) {
  for (auto& p : primitives.all)
    if (p.kind != Primitive::text && p.kind != Primitive::box && p.kind != Primitive::circle)
      p.data = data + reinterpret_cast<std::uintptr_t>(p.data);
}

TileLists lists_of(const std::vector<PaintedPicture>& pictures, const Primitives& primitives) {
  const Grid grid(pictures);
  std::vector<int> counts(static_cast<std::size_t>(grid.count())), next(counts.size());
  for (std::size_t i = 0; i < primitives.all.size(); ++i)
    grid.for_tiles(primitives.all[i], primitives.picture_of[i], [&](std::size_t tile) { ++counts[tile]; });
  TileLists result;
  int total = 0;
  grid.for_all([&](std::size_t tile, int picture, int column, int row) {
    next[tile] = total;
    if (counts[tile] > 0) result.tiles.push_back({picture, column, row, total, counts[tile], 0});
    total += counts[tile];
  });
  result.lists.resize(static_cast<std::size_t>(total));
  for (std::size_t i = 0; i < primitives.all.size(); ++i)
    grid.for_tiles(primitives.all[i], primitives.picture_of[i], [&](std::size_t tile) {
      result.lists[static_cast<std::size_t>(next[tile]++)] = static_cast<int>(i);
    });
  for (auto& tile : result.tiles) tile.primitive = result.lists[static_cast<std::size_t>(tile.first)];
  return result;
}

DrawingCanvas::DrawingCanvas(Drawing& drawing, PixelFormat format, PlaceText place_text)
    : Canvas(format, size_of(drawing.pictures.back())), drawing_(drawing), place_text_(std::move(place_text)) {}

bool DrawingCanvas::clip(const PixelBox& box, Primitive& p) const {
  p.left = std::clamp(box.left, 0, size().width);
  p.right = std::clamp(box.right, 0, size().width);
  p.top = std::clamp(box.top, 0, size().height);
  p.bottom = std::clamp(box.bottom, 0, size().height);
  return p.left < p.right && p.top < p.bottom;
}

void DrawingCanvas::add(Primitives& to, const Primitive& primitive) {
  to.all.push_back(primitive);
  to.picture_of.push_back(static_cast<int>(drawing_.pictures.size()) - 1);
}

// A place in the data, at a multiple of 16 bytes.
const void* DrawingCanvas::keep(const void* bytes, std::size_t count) {
  const std::size_t at = drawing_.data.size();
  drawing_.data.resize(at + (count + 15) / 16 * 16);
  if (bytes) std::copy_n(static_cast<const std::uint8_t*>(bytes), count, drawing_.data.data() + at);
  return reinterpret_cast<const void*>(at);
}

void DrawingCanvas::paint(const PixelBox& box, const Paint& paint) {
  Primitive p{};
  if (!clip(box, p)) return;
  p.kind = Primitive::box;
  p.colour = packed(paint.bytes);
  p.alpha = paint.alpha;
  add(drawing_.primitives, p);
}

void DrawingCanvas::paint(const Circle& circle, const Paint& disc, const Paint& ring) {
  Primitive p{};
  const float reach = circle.radius + circle.width / 2 + 1;
  const auto whole = [](float v) { return static_cast<int>(std::lround(v)); };
  if (!clip({whole(circle.x - reach), whole(circle.y - reach), whole(circle.x + reach), whole(circle.y + reach)}, p))
    return;
  p.kind = Primitive::circle;
  p.colour = packed(disc.bytes);
  p.alpha = disc.alpha;
  p.ring_colour = packed(ring.bytes);
  p.ring_alpha = ring.alpha;
  p.x = circle.x;
  p.y = circle.y;
  p.width = circle.radius;
  p.height = circle.width;
  add(drawing_.primitives, p);
}

void DrawingCanvas::paint(const Outline& outline, const Paint& paint) {
  Primitive p{};
  if (!clip(outline.box, p)) return;
  p.kind = Primitive::shape;
  p.colour = packed(paint.bytes);
  p.alpha = paint.alpha;
  p.data = keep(&outline.shape, sizeof outline.shape);
  add(drawing_.primitives, p);
}

void DrawingCanvas::paint(const TextPicture& text, int x, int y, const Rgba& colour) {
  Primitive p{};
  const int left = x + text.left, top = y + text.top;
  auto* picture = text.alpha.get();
  if (!clip({left, top, left + cairo_image_surface_get_width(picture), top + cairo_image_surface_get_height(picture)},
            p))
    return;
  const auto byte = [](double value) { return static_cast<unsigned>(std::lround(value * 255)); };
  p.kind = Primitive::text;
  p.colour = byte(colour.first * colour.alpha) | byte(colour.second * colour.alpha) << 8 |
             byte(colour.third * colour.alpha) << 16;
  p.alpha = static_cast<int>(byte(colour.alpha));
  p.columns = cairo_image_surface_get_stride(picture);
  p.columns_cut = p.left - left;
  p.rows_cut = p.top - top;
  p.data = place_text_(text);
  add(drawing_.primitives, p);
}

void DrawingCanvas::paint(const NvOSD_MaskParams& mask, const Box& box, const Paint& paint) {
  if (!is_picture(mask) || !is_sane(box)) return;
  Primitive p{};
  const Range xs = pixels_between(box.left, box.right(), size().width);
  const Range ys = pixels_between(box.top, box.bottom(), size().height);
  if (!clip({xs.begin, ys.begin, xs.end, ys.end}, p)) return;
  p.kind = Primitive::mask;
  p.colour = packed(paint.bytes);
  p.alpha = paint.alpha;
  p.columns = static_cast<int>(mask.width);
  p.rows = static_cast<int>(mask.height);
  p.x = box.left;
  p.y = box.top;
  p.width = box.width / static_cast<float>(p.columns);
  p.height = box.height / static_cast<float>(p.rows);
  p.threshold = mask.threshold;
  p.data = keep(mask.data, mask.size);
  add(drawing_.primitives, p);
}

void DrawingCanvas::blur(const Box& box, BlurShape shape) {
  if (!is_sane(box)) return;
  Primitive p{};
  const Range xs = pixels_between(box.left, box.right(), size().width);
  const Range ys = pixels_between(box.top, box.bottom(), size().height);
  if (!clip({xs.begin, ys.begin, xs.end, ys.end}, p)) return;
  p.kind = shape == BlurShape::ellipse ? Primitive::blurred_ellipse : Primitive::blurred_box;
  p.cell = blur_cell(p.right - p.left, p.bottom - p.top);
  p.columns = (p.right - p.left + p.cell - 1) / p.cell;
  p.rows = (p.bottom - p.top + p.cell - 1) / p.cell;
  p.x = box.left;
  p.y = box.top;
  p.width = box.width;
  p.height = box.height;
  p.data = keep(nullptr, static_cast<std::size_t>(p.columns * p.rows) * 3 * sizeof(float));
  add(drawing_.blurs, p);
}

}  // namespace fluvial::cuda
