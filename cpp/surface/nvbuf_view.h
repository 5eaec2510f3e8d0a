// The pixels behind a NvBufSurface, whoever made it, and back.
#pragma once

#include <cstddef>

#include "surface/surface.h"

namespace fluvial {

// Throws std::out_of_range for an index that the batch does not have, std::runtime_error for memory or a colour format
// that the CPU cannot read here.
FLUVIAL_EXPORT ImageView view_in(const NvBufSurface& batch, std::size_t index);
// One surface of a batch in memory that the CPU sees. Throws std::runtime_error for a colour format that is not read
// here.
ImageView view_of(const NvBufSurfaceParams& params);

// False for a colour format that is not read here.
bool surface_format_of(NvBufSurfaceColorFormat color, SurfaceFormat& format);

// Writes where the planes are and what is in them.
void describe(const ImageView& view, NvBufSurfaceParams& params);

}  // namespace fluvial
