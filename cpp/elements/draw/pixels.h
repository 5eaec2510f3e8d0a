// What is drawn pixel by pixel on the CPU, for pictures of four bytes a pixel: all but text. The arithmetic of what has
// soft edges is shared with the GPU's kernel.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "nvll_osd_struct.h"
#include "surface/cuda/kernels/paint.h"
#include "types/geometry.h"
#include "types/image.h"

namespace fluvial {

// A colour in the picture's own order of bytes.
struct Paint {
  std::array<std::uint8_t, 3> bytes{};
  int alpha = 256;  // 0..256, so that the product is a shift
};

// Whole pixels. What lies outside the picture is left out.
struct PixelBox {
  int left = 0;
  int top = 0;
  int right = 0;   // exclusive
  int bottom = 0;  // exclusive
};

void paint_box(const ImageView& image, const PixelBox& box, const Paint& paint);

// A disc in one colour under a ring of the given width in another, with soft edges. Alpha 0 leaves either out.
struct Circle {
  float x = 0;  // pixels; whole numbers are the corners of pixels
  float y = 0;
  float radius = 0;  // of the ring's middle
  float width = 0;   // of the ring
};
void paint_circle(const ImageView& image, const Circle& circle, const Paint& disc, const Paint& ring);

// `reach` is where the shape may have pixels.
void paint_shape(const ImageView& image, const cuda::Shape& shape, const PixelBox& reach, const Paint& paint);

// The pixels between two places whose centres lie inside the picture.
struct Range {
  int begin = 0;
  int end = 0;  // exclusive
};
Range pixels_between(float from, float to, int limit);

// Numbers that no arithmetic can overflow; a NaN fails every comparison.
bool is_sane(const Box& box);

// The side of the cells that a blur is made of, in pixels.
int blur_cell(int width, int height);

// True when the mask holds height x width numbers. Pose and face parsers put key points there: those are no picture.
bool is_picture(const NvOSD_MaskParams& mask);

// Stretches the mask over the box (bilinear) and paints the pixels above its threshold.
void paint_mask(const ImageView& image, const NvOSD_MaskParams& mask, const Box& box, const Paint& paint);

// Makes what is inside the box, or inside the ellipse that fits into it, unrecognisable.
enum class BlurShape { box, ellipse };
void blur(const ImageView& image, const Box& box, BlurShape shape);

}  // namespace fluvial
