// The pixels of one frame, while they are drawn on: DeepStream's shapes, on the surface's own memory.
#pragma once

#include <cairo.h>

#include <string_view>

#include "elements/draw/pixels.h"
#include "elements/draw/text.h"
#include "nvll_osd_struct.h"
#include "types/image.h"

namespace fluvial {

// Belongs to one thread; lives shorter than the pixels. Every number may be wild (NaN, negative, huge): what cannot be
// drawn is left out.
class Canvas {
 public:
  // RGBA or BGRx. Throws std::runtime_error for anything else.
  explicit Canvas(const ImageView& image);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void rect(const NvOSD_RectParams& rect);
  void text(const NvOSD_TextParams& text, TextRenderer& renderer);
  void line(const NvOSD_LineParams& line);
  void arrow(const NvOSD_ArrowParams& arrow);
  void circle(const NvOSD_CircleParams& circle);
  void mask(const NvOSD_MaskParams& mask, const Box& box, const NvOSD_ColorParams& colour);
  void blur(const Box& box, BlurShape shape);

 private:
  void set_colour(const NvOSD_ColorParams& colour);
  Paint paint_of(const NvOSD_ColorParams& colour) const;
  void upright_rect(const PixelBox& box, const NvOSD_RectParams& rect);
  void turned_rect(const PixelBox& box, const NvOSD_RectParams& rect);
  template <typename Body>
  void by_pixel(Body body);  // between two drawings of Cairo's

  ImageView image_;
  bool is_red_first_;
  cairo_surface_t* surface_;
  cairo_t* cairo_;
};

}  // namespace fluvial
