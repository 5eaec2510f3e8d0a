#include "elements/draw/pixel_canvas.h"

#include <stdexcept>
#include <string>

namespace fluvial {

PixelCanvas::PixelCanvas(const ImageView& image) : Canvas(image.format, {image.width, image.height}), image_(image) {
  surface_ = cairo_image_surface_create_for_data(image.plane[0], CAIRO_FORMAT_ARGB32, image.width, image.height,
                                                 image.stride[0]);
  const auto status = cairo_surface_status(surface_);
  if (status != CAIRO_STATUS_SUCCESS) {
    cairo_surface_destroy(surface_);
    throw std::runtime_error("cannot draw on a surface of " + std::to_string(image.width) + "x" +
                             std::to_string(image.height) + ": " + cairo_status_to_string(status));
  }
  cairo_ = cairo_create(surface_);
}

PixelCanvas::~PixelCanvas() {
  cairo_destroy(cairo_);
  cairo_surface_destroy(surface_);
}

template <typename Body>
void PixelCanvas::by_pixel(Body body) {
  cairo_surface_flush(surface_);
  body();
  cairo_surface_mark_dirty(surface_);
}

void PixelCanvas::paint(const PixelBox& box, const Paint& paint) {
  by_pixel([&] { paint_box(image_, box, paint); });
}

void PixelCanvas::paint(const Circle& circle, const Paint& disc, const Paint& ring) {
  by_pixel([&] { paint_circle(image_, circle, disc, ring); });
}

void PixelCanvas::paint(const Outline& outline, const Paint& paint) {
  by_pixel([&] { paint_shape(image_, outline.shape, outline.box, paint); });
}

// Cairo knows B,G,R,A; other orders of bytes are handed over as if they were that.
void PixelCanvas::paint(const TextPicture& text, int x, int y, const Rgba& colour) {
  cairo_set_source_rgba(cairo_, colour.third, colour.second, colour.first, colour.alpha);
  cairo_mask_surface(cairo_, text.alpha.get(), x + text.left, y + text.top);
}

void PixelCanvas::paint(const NvOSD_MaskParams& mask, const Box& box, const Paint& paint) {
  by_pixel([&] { paint_mask(image_, mask, box, paint); });
}

void PixelCanvas::blur(const Box& box, BlurShape shape) {
  by_pixel([&] { fluvial::blur(image_, box, shape); });
}

}  // namespace fluvial
