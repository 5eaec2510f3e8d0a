// Pixels of one system-memory picture into another: format, size and turn, by libyuv.
#pragma once

#include "surface/surface.h"

namespace fluvial {

// Same size. Throws std::runtime_error for a pair that cannot be converted.
void convert_pixels(const ImageView& from, const ImageView& to);

// False where YUV of one colorimetry would be read as another: then even equal formats need convert_pixels.
bool means_the_same(const ImageView& from, const ImageView& to);

// Same format. RGB (three bytes a pixel) is not scaled by libyuv: see is_scalable.
void scale_pixels(const ImageView& from, const ImageView& to, Filter filter);
bool is_scalable(PixelFormat format);

// RGBA: BGRx has whatever its fourth byte holds, what is made from it has none of that.
void make_opaque(const ImageView& rgba);

// Same format, `to` with the turned size; only for formats of is_turnable.
void turn_pixels(const ImageView& from, const ImageView& to, Flip flip);
bool is_turnable(PixelFormat format);
bool swaps_sides(Flip flip);

// The part of a view inside a box, which is clamped to it; chroma makes left, top, width and height even for YUV.
ImageView crop(const ImageView& view, const Box& box);

}  // namespace fluvial
