// Key points among the user metadata of an object: see fluvial/keypoints.h.
#pragma once

#include "fluvial/keypoints.h"
#include "meta/export.h"

namespace fluvial {

// nullptr where the user meta holds something else.
FLUVIAL_EXPORT FluvialKeypoints* keypoints_in(NvDsUserMeta* user);

}  // namespace fluvial
