// A transform of one picture into another as the kernel transform_pixels is told of it.
//
// It is what surface/system does with libyuv: where libyuv samples for two sizes and a filter, the kernel samples.
#pragma once

#include "surface/cuda/kernels/transform.h"
#include "surface/surface.h"

namespace fluvial::cuda {

struct PlacedMove {
  Move move;
  MovePlaces places;
};

// Of pictures in one memory. Throws std::runtime_error for a format without pixels, and for pixels of four bytes that
// do not begin at a multiple of four.
FLUVIAL_EXPORT PlacedMove move_of(const ImageView& from, const ImageView& to, const Transform& how);

// The rectangle becomes black; an empty one is the whole picture.
FLUVIAL_EXPORT PlacedMove black_of(const ImageView& to, const Box& where);

}  // namespace fluvial::cuda
