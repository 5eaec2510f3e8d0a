#include "elements/draw/canvas.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

namespace fluvial {
namespace {

constexpr float far_away = 32000;  // pixels: beyond every picture

double channel(double value) { return std::isfinite(value) ? std::clamp(value, 0.0, 1.0) : 0.0; }

bool is_visible(const NvOSD_ColorParams& colour) { return channel(colour.alpha) > 0; }

bool is_empty(const PixelBox& box) { return box.right <= box.left || box.bottom <= box.top; }

// Whole pixels, so that a border of 3 is 3 pixels of full colour. Empty for a box that cannot be drawn.
PixelBox snapped(const NvOSD_RectParams& r) {
  if (!std::isfinite(r.left) || !std::isfinite(r.top) || !std::isfinite(r.width) || !std::isfinite(r.height)) return {};
  const auto snap = [](float v) { return static_cast<int>(std::lround(std::clamp(v, -far_away, far_away))); };
  return {snap(r.left), snap(r.top), snap(r.left + r.width), snap(r.top + r.height)};
}

// The border: inside the box, as four sides that do not overlap, so that a see-through colour has the same strength
// everywhere. A border thicker than the box is the box.
std::array<PixelBox, 4> sides_of(const PixelBox& b, int width) {
  if (2 * width >= b.right - b.left || 2 * width >= b.bottom - b.top) return {b};
  return {{{b.left, b.top, b.right, b.top + width},
           {b.left, b.bottom - width, b.right, b.bottom},
           {b.left, b.top + width, b.left + width, b.bottom - width},
           {b.right - width, b.top + width, b.right, b.bottom - width}}};
}

// Unsigned in DeepStream's structs, but programs compute them: what is left of the frame has wrapped.
double coordinate(unsigned value) {
  return std::clamp(static_cast<double>(static_cast<int>(value)), -static_cast<double>(far_away),
                    static_cast<double>(far_away));
}

// A line of odd width is crisp when it runs through the middle of pixels.
double middle_of(unsigned value, unsigned width) { return coordinate(value) + (width % 2 ? 0.5 : 0.0); }

int line_width(unsigned width) { return static_cast<int>(std::min(width, 1000U)); }

}  // namespace

Canvas::Canvas(PixelFormat format, Size size) : size_(size), is_red_first_(format == PixelFormat::rgba) {
  if (format != PixelFormat::rgba && format != PixelFormat::bgrx)
    throw std::runtime_error("drawing needs RGBA or BGRx surfaces; put nvvideoconvert before this element");
}

Canvas::~Canvas() = default;

Canvas::Rgba Canvas::rgba_of(const NvOSD_ColorParams& c) const {
  const double red = channel(c.red), blue = channel(c.blue);
  return {is_red_first_ ? red : blue, channel(c.green), is_red_first_ ? blue : red, channel(c.alpha)};
}

Paint Canvas::paint_of(const NvOSD_ColorParams& c) const {
  const auto byte = [](double value) { return static_cast<std::uint8_t>(std::lround(value * 255)); };
  const Rgba rgba = rgba_of(c);
  return {{byte(rgba.first), byte(rgba.second), byte(rgba.third)}, static_cast<int>(std::lround(rgba.alpha * 256))};
}

void Canvas::upright_rect(const PixelBox& box, const NvOSD_RectParams& r) {
  if (r.has_bg_color && is_visible(r.bg_color)) paint(box, paint_of(r.bg_color));
  if (r.border_width == 0 || !is_visible(r.border_color)) return;
  const Paint border = paint_of(r.border_color);
  for (const auto& side : sides_of(box, line_width(r.border_width)))
    if (!is_empty(side)) paint(side, border);
}

// Around its middle, by degrees.
void Canvas::turned_rect(const PixelBox& box, const NvOSD_RectParams& r) {
  const double angle = r.rotation_angle * G_PI / 180;
  if (r.has_bg_color && is_visible(r.bg_color)) paint(turned_box(box, angle), paint_of(r.bg_color));
  if (r.border_width > 0 && is_visible(r.border_color))
    paint(turned_border(box, angle, line_width(r.border_width)), paint_of(r.border_color));
}

void Canvas::rect(const NvOSD_RectParams& r) {
  const PixelBox box = snapped(r);
  if (is_empty(box)) return;
  if (std::isfinite(r.rotation_angle) && std::abs(r.rotation_angle) > 0.001F)
    turned_rect(box, r);
  else
    upright_rect(box, r);
}

void Canvas::text(const NvOSD_TextParams& t, TextRenderer& renderer) {
  if (!t.display_text || !*t.display_text) return;
  const int x = std::max(0, static_cast<int>(t.x_offset)), y = std::max(0, static_cast<int>(t.y_offset));
  if (x >= size_.width || y >= size_.height) return;
  const auto& picture = renderer.render(t.display_text, t.font_params.font_name, t.font_params.font_size);
  if (t.set_bg_clr && is_visible(t.text_bg_clr))
    paint(PixelBox{x, y, x + picture.width, y + picture.height}, paint_of(t.text_bg_clr));
  if (picture.alpha && is_visible(t.font_params.font_color)) paint(picture, x, y, rgba_of(t.font_params.font_color));
}

void Canvas::line(const NvOSD_LineParams& l) {
  if (l.line_width == 0 || !is_visible(l.line_color)) return;
  const Point from{middle_of(l.x1, l.line_width), middle_of(l.y1, l.line_width)};
  const Point to{middle_of(l.x2, l.line_width), middle_of(l.y2, l.line_width)};
  const Outline outline = bar(from, to, line_width(l.line_width));
  if (outline.shape.part_count > 0) paint(outline, paint_of(l.line_color));
}

void Canvas::arrow(const NvOSD_ArrowParams& a) {
  if (a.arrow_width == 0 || !is_visible(a.arrow_color)) return;
  const Point from{middle_of(a.x1, a.arrow_width), middle_of(a.y1, a.arrow_width)};
  const Point to{middle_of(a.x2, a.arrow_width), middle_of(a.y2, a.arrow_width)};
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (length < 1) return;
  ArrowForm form;
  form.width = line_width(a.arrow_width);
  form.has_start = a.arrow_head != END_HEAD;
  form.has_end = a.arrow_head != START_HEAD;
  form.head = std::min(std::max(10.0, 4 * form.width), length / (form.has_start && form.has_end ? 2 : 1));
  paint(arrow_outline(from, to, form), paint_of(a.arrow_color));
}

void Canvas::circle(const NvOSD_CircleParams& c) {
  if (c.radius == 0 || c.radius > static_cast<unsigned>(far_away)) return;
  const int width = c.circle_width ? line_width(c.circle_width) : 2;  // a field that older programs cannot set
  const Circle circle{static_cast<float>(coordinate(c.xc)), static_cast<float>(coordinate(c.yc)),
                      static_cast<float>(c.radius), static_cast<float>(width)};
  const Paint disc = c.has_bg_color ? paint_of(c.bg_color) : Paint{{}, 0};
  paint(circle, disc, paint_of(c.circle_color));
}

void Canvas::mask(const NvOSD_MaskParams& mask, const Box& box, const NvOSD_ColorParams& colour) {
  paint(mask, box, paint_of(colour));
}

}  // namespace fluvial
