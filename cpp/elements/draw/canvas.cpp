#include "elements/draw/canvas.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

namespace fluvial {
namespace {

constexpr float far_away = 32000;  // pixels: beyond every picture, and within Cairo's fixed point numbers

struct Point {
  double x = 0;
  double y = 0;
};

double channel(double value) { return std::isfinite(value) ? std::clamp(value, 0.0, 1.0) : 0.0; }

bool is_visible(const NvOSD_ColorParams& colour) { return channel(colour.alpha) > 0; }

bool is_empty(const PixelBox& box) { return box.right <= box.left || box.bottom <= box.top; }

// Whole pixels, so that a border of 3 is 3 pixels of full colour. Empty for a box that cannot be drawn.
PixelBox snapped(const NvOSD_RectParams& r) {
  if (!std::isfinite(r.left) || !std::isfinite(r.top) || !std::isfinite(r.width) || !std::isfinite(r.height)) return {};
  const auto snap = [](float v) { return static_cast<int>(std::lround(std::clamp(v, -far_away, far_away))); };
  return {snap(r.left), snap(r.top), snap(r.left + r.width), snap(r.top + r.height)};
}

// The border: inside the box, as four bars that do not overlap, so that a see-through colour has the same strength
// everywhere. A border thicker than the box is the box.
std::array<PixelBox, 4> bars_of(const PixelBox& b, int width) {
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

// Cairo knows B,G,R,A; for R,G,B,A each colour is handed over with red and blue exchanged.
Canvas::Canvas(const ImageView& image) : image_(image), is_red_first_(image.format == PixelFormat::rgba) {
  if (image.format != PixelFormat::rgba && image.format != PixelFormat::bgrx)
    throw std::runtime_error("drawing needs RGBA or BGRx surfaces; put nvvideoconvert before this element");
  surface_ = cairo_image_surface_create_for_data(image.plane[0], CAIRO_FORMAT_ARGB32, image.width, image.height,
                                                 image.stride[0]);
  const auto status = cairo_surface_status(surface_);
  if (status != CAIRO_STATUS_SUCCESS) {
    cairo_surface_destroy(surface_);
    throw std::runtime_error("cannot draw on a surface of " + std::to_string(image.width) + "x" +
                             std::to_string(image.height) + ": " + cairo_status_to_string(status));
  }
  cairo_ = cairo_create(surface_);
  cairo_set_antialias(cairo_, CAIRO_ANTIALIAS_FAST);
}

Canvas::~Canvas() {
  cairo_destroy(cairo_);
  cairo_surface_destroy(surface_);
}

void Canvas::set_colour(const NvOSD_ColorParams& c) {
  const double red = channel(c.red), green = channel(c.green), blue = channel(c.blue);
  if (is_red_first_)
    cairo_set_source_rgba(cairo_, blue, green, red, channel(c.alpha));
  else
    cairo_set_source_rgba(cairo_, red, green, blue, channel(c.alpha));
}

Paint Canvas::paint_of(const NvOSD_ColorParams& c) const {
  const auto byte = [](double value) { return static_cast<std::uint8_t>(std::lround(channel(value) * 255)); };
  Paint paint{{byte(c.red), byte(c.green), byte(c.blue)}, static_cast<int>(std::lround(channel(c.alpha) * 256))};
  if (!is_red_first_) std::swap(paint.bytes[0], paint.bytes[2]);
  return paint;
}

template <typename Body>
void Canvas::by_pixel(Body body) {
  cairo_surface_flush(surface_);
  body();
  cairo_surface_mark_dirty(surface_);
}

void Canvas::upright_rect(const PixelBox& box, const NvOSD_RectParams& r) {
  by_pixel([&] {
    if (r.has_bg_color && is_visible(r.bg_color)) paint_box(image_, box, paint_of(r.bg_color));
    if (r.border_width == 0 || !is_visible(r.border_color)) return;
    const Paint paint = paint_of(r.border_color);
    for (const auto& bar : bars_of(box, line_width(r.border_width))) paint_box(image_, bar, paint);
  });
}

// Around its middle, by degrees.
void Canvas::turned_rect(const PixelBox& box, const NvOSD_RectParams& r) {
  const Point middle{(box.left + box.right) / 2.0, (box.top + box.bottom) / 2.0};
  const auto fill = [this](const PixelBox& b, const NvOSD_ColorParams& colour) {
    set_colour(colour);
    cairo_rectangle(cairo_, b.left, b.top, b.right - b.left, b.bottom - b.top);
    cairo_fill(cairo_);
  };
  cairo_save(cairo_);
  cairo_translate(cairo_, middle.x, middle.y);
  cairo_rotate(cairo_, r.rotation_angle * G_PI / 180);
  cairo_translate(cairo_, -middle.x, -middle.y);
  if (r.has_bg_color) fill(box, r.bg_color);
  if (r.border_width > 0) {
    const double width = line_width(r.border_width);
    set_colour(r.border_color);
    cairo_set_line_width(cairo_, width);
    cairo_rectangle(cairo_, box.left + width / 2, box.top + width / 2, std::max(0.0, box.right - box.left - width),
                    std::max(0.0, box.bottom - box.top - width));
    cairo_stroke(cairo_);
  }
  cairo_restore(cairo_);
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
  if (x >= image_.width || y >= image_.height) return;
  const auto& picture = renderer.render(t.display_text, t.font_params.font_name, t.font_params.font_size);
  if (t.set_bg_clr && is_visible(t.text_bg_clr))
    by_pixel([&] { paint_box(image_, {x, y, x + picture.width, y + picture.height}, paint_of(t.text_bg_clr)); });
  if (!picture.alpha || !is_visible(t.font_params.font_color)) return;
  set_colour(t.font_params.font_color);
  cairo_mask_surface(cairo_, picture.alpha.get(), x + picture.left, y + picture.top);
}

void Canvas::line(const NvOSD_LineParams& l) {
  if (l.line_width == 0 || !is_visible(l.line_color)) return;
  set_colour(l.line_color);
  cairo_set_line_width(cairo_, line_width(l.line_width));
  cairo_move_to(cairo_, middle_of(l.x1, l.line_width), middle_of(l.y1, l.line_width));
  cairo_line_to(cairo_, middle_of(l.x2, l.line_width), middle_of(l.y2, l.line_width));
  cairo_stroke(cairo_);
}

namespace {

// A triangle whose tip is the arrow's end. (dx, dy) is the unit vector towards the tip.
void add_head(cairo_t* cairo, Point tip, double dx, double dy, double length) {
  const double half = length / 2;
  cairo_move_to(cairo, tip.x, tip.y);
  cairo_line_to(cairo, tip.x - dx * length - dy * half, tip.y - dy * length + dx * half);
  cairo_line_to(cairo, tip.x - dx * length + dy * half, tip.y - dy * length - dx * half);
  cairo_close_path(cairo);
}

// The bar between the heads, as a shape: filled together with them, so that a see-through colour does not add up.
void add_shaft(cairo_t* cairo, Point from, Point to, double dx, double dy, double width) {
  const double half = width / 2;
  cairo_move_to(cairo, from.x - dy * half, from.y + dx * half);
  cairo_line_to(cairo, from.x + dy * half, from.y - dx * half);
  cairo_line_to(cairo, to.x + dy * half, to.y - dx * half);
  cairo_line_to(cairo, to.x - dy * half, to.y + dx * half);
  cairo_close_path(cairo);
}

}  // namespace

void Canvas::arrow(const NvOSD_ArrowParams& a) {
  if (a.arrow_width == 0 || !is_visible(a.arrow_color)) return;
  const Point from{middle_of(a.x1, a.arrow_width), middle_of(a.y1, a.arrow_width)};
  const Point to{middle_of(a.x2, a.arrow_width), middle_of(a.y2, a.arrow_width)};
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (length < 1) return;
  const double dx = (to.x - from.x) / length, dy = (to.y - from.y) / length;
  const double width = line_width(a.arrow_width);
  const bool has_start = a.arrow_head != END_HEAD, has_end = a.arrow_head != START_HEAD;
  const double head = std::min(std::max(10.0, 4 * width), length / (has_start && has_end ? 2 : 1));
  const double start_cut = has_start ? head : 0, end_cut = has_end ? head : 0;

  set_colour(a.arrow_color);
  if (has_start) add_head(cairo_, from, -dx, -dy, head);
  if (has_end) add_head(cairo_, to, dx, dy, head);
  if (length > start_cut + end_cut)
    add_shaft(cairo_, {from.x + dx * start_cut, from.y + dy * start_cut}, {to.x - dx * end_cut, to.y - dy * end_cut},
              dx, dy, width);
  cairo_fill(cairo_);
}

void Canvas::circle(const NvOSD_CircleParams& c) {
  if (c.radius == 0 || c.radius > static_cast<unsigned>(far_away)) return;
  const int width = c.circle_width ? line_width(c.circle_width) : 2;  // a field that older programs cannot set
  const Circle circle{static_cast<float>(coordinate(c.xc)), static_cast<float>(coordinate(c.yc)),
                      static_cast<float>(c.radius), static_cast<float>(width)};
  const Paint disc = c.has_bg_color ? paint_of(c.bg_color) : Paint{{}, 0};
  by_pixel([&] { paint_circle(image_, circle, disc, paint_of(c.circle_color)); });
}

void Canvas::mask(const NvOSD_MaskParams& mask, const Box& box, const NvOSD_ColorParams& colour) {
  by_pixel([&] { paint_mask(image_, mask, box, paint_of(colour)); });
}

void Canvas::blur(const Box& box, BlurShape shape) {
  by_pixel([&] { fluvial::blur(image_, box, shape); });
}

}  // namespace fluvial
