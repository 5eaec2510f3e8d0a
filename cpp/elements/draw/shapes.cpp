#include "elements/draw/shapes.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace fluvial {
namespace {

void reach(Outline& outline, Point p, bool is_first) {
  constexpr double soft = 1;  // an edge is that wide
  const PixelBox around{static_cast<int>(std::floor(p.x - soft)), static_cast<int>(std::floor(p.y - soft)),
                        static_cast<int>(std::ceil(p.x + soft)), static_cast<int>(std::ceil(p.y + soft))};
  PixelBox& box = outline.box;
  if (is_first) box = around;
  box = {std::min(box.left, around.left), std::min(box.top, around.top), std::max(box.right, around.right),
         std::max(box.bottom, around.bottom)};
}

// Corners in either order around.
void add_part(Outline& outline, std::initializer_list<Point> corners, int sign = 1) {
  auto& part = outline.shape.parts[outline.shape.part_count];
  Point middle;
  for (const Point& p : corners) {
    middle.x += p.x / static_cast<double>(corners.size());
    middle.y += p.y / static_cast<double>(corners.size());
    reach(outline, p, outline.shape.part_count == 0 && &p == corners.begin());
  }
  for (const Point* from = corners.begin(); from != corners.end(); ++from) {
    const Point* to = from + 1 == corners.end() ? corners.begin() : from + 1;
    const double length = std::hypot(to->x - from->x, to->y - from->y);
    if (length <= 0) continue;
    double a = (from->y - to->y) / length, b = (to->x - from->x) / length;
    double c = -(a * from->x + b * from->y);
    if (a * middle.x + b * middle.y + c < 0) a = -a, b = -b, c = -c;
    part.edges[part.edge_count++] = {static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)};
  }
  part.sign = sign;
  ++outline.shape.part_count;
}

// (dx, dy) is the unit vector towards the tip.
void add_head(Outline& outline, Point tip, double dx, double dy, double length) {
  const double half = length / 2;
  add_part(outline, {tip,
                     {tip.x - dx * length - dy * half, tip.y - dy * length + dx * half},
                     {tip.x - dx * length + dy * half, tip.y - dy * length - dx * half}});
}

void add_bar(Outline& outline, Point from, Point to, double dx, double dy, double width) {
  const double x = dy * width / 2, y = dx * width / 2;
  add_part(outline, {{from.x - x, from.y + y}, {from.x + x, from.y - y}, {to.x + x, to.y - y}, {to.x - x, to.y + y}});
}

void add_turned(Outline& outline, Point middle, double width, double height, double angle, int sign) {
  const double c = std::cos(angle), s = std::sin(angle), x = width / 2, y = height / 2;
  const auto turned = [&](double right, double down) {
    return Point{middle.x + right * c - down * s, middle.y + right * s + down * c};
  };
  add_part(outline, {turned(-x, -y), turned(x, -y), turned(x, y), turned(-x, y)}, sign);
}

Point middle_of(const PixelBox& box) { return {(box.left + box.right) / 2.0, (box.top + box.bottom) / 2.0}; }

}  // namespace

Outline bar(Point from, Point to, double width) {
  Outline outline;
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (length > 0) add_bar(outline, from, to, (to.x - from.x) / length, (to.y - from.y) / length, width);
  return outline;
}

Outline arrow_outline(Point from, Point to, const ArrowForm& form) {
  Outline outline;
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  const double dx = (to.x - from.x) / length, dy = (to.y - from.y) / length;
  const double start_cut = form.has_start ? form.head : 0, end_cut = form.has_end ? form.head : 0;
  if (form.has_start) add_head(outline, from, -dx, -dy, form.head);
  if (form.has_end) add_head(outline, to, dx, dy, form.head);
  if (length > start_cut + end_cut)
    add_bar(outline, {from.x + dx * start_cut, from.y + dy * start_cut}, {to.x - dx * end_cut, to.y - dy * end_cut}, dx,
            dy, form.width);
  return outline;
}

Outline turned_box(const PixelBox& box, double angle) {
  Outline outline;
  add_turned(outline, middle_of(box), box.right - box.left, box.bottom - box.top, angle, 1);
  return outline;
}

Outline turned_border(const PixelBox& box, double angle, double width) {
  Outline outline = turned_box(box, angle);
  const double inner_width = box.right - box.left - 2 * width, inner_height = box.bottom - box.top - 2 * width;
  if (inner_width > 0 && inner_height > 0) add_turned(outline, middle_of(box), inner_width, inner_height, angle, -1);
  return outline;
}

}  // namespace fluvial
