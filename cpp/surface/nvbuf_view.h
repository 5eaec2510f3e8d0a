// The pixels behind a NvBufSurface, whoever made it.
#pragma once

#include <cstddef>

#include "surface/surface.h"

namespace fluvial {

// Throws std::out_of_range for an index that the batch does not have, std::runtime_error for memory or a colour format
// that the CPU cannot read here.
FLUVIAL_EXPORT ImageView view_in(const NvBufSurface& batch, std::size_t index);

}  // namespace fluvial
