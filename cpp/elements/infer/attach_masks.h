// An instance mask becomes NvDsObjectMeta::mask_params, which the object frees.
#pragma once

#include "nvdsmeta.h"
#include "types/geometry.h"

namespace fluvial {

// Copies `size` values, row by row over the object's box. `threshold` is what a pixel of the object exceeds. A size of
// 0 by 0 attaches nothing.
void attach_mask(NvDsObjectMeta* object, const float* values, Size size, float threshold);

}  // namespace fluvial
