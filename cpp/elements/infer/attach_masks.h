// An instance mask becomes NvDsObjectMeta::mask_params, which the object frees.
#pragma once

#include <cstddef>

#include "nvdsmeta.h"
#include "types/detection.h"

namespace fluvial {

// Copies the values, row by row over the object's box. `threshold` is what a pixel of the object exceeds. Without
// values nothing is attached. Parsers of poses put other counts of values there than size says: they are handed on as
// they are.
void attach_mask(NvDsObjectMeta* object, const Mask& mask, float threshold);

// Neighbours in a frame get hues that lie far apart. DeepStream takes random ones, which flicker from frame to frame.
NvOSD_ColorParams colour_of_mask(std::size_t number);

}  // namespace fluvial
