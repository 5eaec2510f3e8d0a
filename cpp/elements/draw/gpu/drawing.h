// What is drawn on a batch of pictures, written down for the kernels paint_tiles and blur_means.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "elements/draw/canvas.h"
#include "surface/cuda/kernels/paint.h"

namespace fluvial::cuda {

// Things to paint and the picture of each, in order. Their data are numbers of bytes into Drawing::data, but for texts.
struct Primitives {
  std::vector<Primitive> all;
  std::vector<int> picture_of;
};

struct Drawing {
  std::vector<PaintedPicture> pictures;
  Primitives primitives;
  Primitives blurs;  // behind all others, and made from what these have painted
  std::vector<std::uint8_t> data;
};

// Numbers of bytes become addresses, where the data lie now.
void settle(Primitives& primitives, const std::uint8_t* data);

// Which tiles of the pictures are touched, and by what.
struct TileLists {
  std::vector<PaintedTile> tiles;
  std::vector<int> lists;
};
TileLists lists_of(const std::vector<PaintedPicture>& pictures, const Primitives& primitives);

// A canvas on the last picture of a drawing, which must outlive it. Texts lie where `place_text` says.
class DrawingCanvas final : public Canvas {
 public:
  using PlaceText = std::function<const void*(const TextPicture&)>;
  DrawingCanvas(Drawing& drawing, PixelFormat format, PlaceText place_text);

  void blur(const Box& box, BlurShape shape) override;

 private:
  void paint(const PixelBox& box, const Paint& paint) override;
  void paint(const Circle& circle, const Paint& disc, const Paint& ring) override;
  void paint(const Outline& outline, const Paint& paint) override;
  void paint(const TextPicture& text, int x, int y, const Rgba& colour) override;
  void paint(const NvOSD_MaskParams& mask, const Box& box, const Paint& paint) override;
  bool clip(const PixelBox& box, Primitive& primitive) const;
  void add(Primitives& to, const Primitive& primitive);
  const void* keep(const void* bytes, std::size_t count);

  Drawing& drawing_;
  PlaceText place_text_;
};

}  // namespace fluvial::cuda
