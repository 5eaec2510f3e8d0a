// Metadata of one frame, copied into another.
#pragma once

#include "meta/scale.h"
#include "nvdsmeta.h"

namespace fluvial {

// Adds copies of all objects, display metas and frame user metas, each list in the order of `from`, in front of what
// `to` has. (DeepStream copies twice, through a cache, and each copy reverses a list: so its order is kept too.)
void copy_in_order(const NvDsFrameMeta& from, NvDsFrameMeta& to, const Placement& placement);

}  // namespace fluvial
