// A canvas on the CPU's memory, which paints at once.
#pragma once

#include <cairo.h>

#include "elements/draw/canvas.h"

namespace fluvial {

class PixelCanvas final : public Canvas {
 public:
  // RGBA or BGRx. Throws std::runtime_error for anything else.
  explicit PixelCanvas(const ImageView& image);
  ~PixelCanvas() override;

  void blur(const Box& box, BlurShape shape) override;

 private:
  void paint(const PixelBox& box, const Paint& paint) override;
  void paint(const Circle& circle, const Paint& disc, const Paint& ring) override;
  void paint(const Outline& outline, const Paint& paint) override;
  void paint(const TextPicture& text, int x, int y, const Rgba& colour) override;
  void paint(const NvOSD_MaskParams& mask, const Box& box, const Paint& paint) override;
  template <typename Body>
  void by_pixel(Body body);  // between two texts, which are Cairo's

  ImageView image_;
  cairo_surface_t* surface_;
  cairo_t* cairo_;
};

}  // namespace fluvial
