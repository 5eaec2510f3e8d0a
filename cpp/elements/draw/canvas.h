// The pixels of one frame, while they are drawn on: DeepStream's shapes, as the few things that can be painted.
//
// What a shape looks like is decided here, once; who paints is another's: the CPU at once (pixel_canvas.h), or a GPU,
// for which the whole batch is written down first (gpu/drawing.h).
#pragma once

#include "elements/draw/pixels.h"
#include "elements/draw/shapes.h"
#include "elements/draw/text.h"
#include "nvll_osd_struct.h"
#include "types/image.h"

namespace fluvial {

// Belongs to one thread; lives shorter than the pixels. Every number may be wild (NaN, negative, huge): what cannot be
// drawn is left out.
class Canvas {
 public:
  // RGBA or BGRx. Throws std::runtime_error for anything else.
  Canvas(PixelFormat format, Size size);
  virtual ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void rect(const NvOSD_RectParams& rect);
  void text(const NvOSD_TextParams& text, TextRenderer& renderer);
  void line(const NvOSD_LineParams& line);
  void arrow(const NvOSD_ArrowParams& arrow);
  void circle(const NvOSD_CircleParams& circle);
  void mask(const NvOSD_MaskParams& mask, const Box& box, const NvOSD_ColorParams& colour);
  virtual void blur(const Box& box, BlurShape shape) = 0;

 protected:
  const Size& size() const { return size_; }
  // Colours in the picture's order of bytes, 0..1 each.
  struct Rgba {
    double first, second, third, alpha;
  };

  virtual void paint(const PixelBox& box, const Paint& paint) = 0;
  virtual void paint(const Circle& circle, const Paint& disc, const Paint& ring) = 0;
  virtual void paint(const Outline& outline, const Paint& paint) = 0;
  // The layout's top left corner at (x, y). The picture is valid until the next call.
  virtual void paint(const TextPicture& text, int x, int y, const Rgba& colour) = 0;
  virtual void paint(const NvOSD_MaskParams& mask, const Box& box, const Paint& paint) = 0;

 private:
  Rgba rgba_of(const NvOSD_ColorParams& colour) const;
  Paint paint_of(const NvOSD_ColorParams& colour) const;
  void upright_rect(const PixelBox& box, const NvOSD_RectParams& rect);
  void turned_rect(const PixelBox& box, const NvOSD_RectParams& rect);

  Size size_;
  bool is_red_first_;
};

}  // namespace fluvial
