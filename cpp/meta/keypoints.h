// Key points among the user metadata of an object: see fluvial/keypoints.h.
#pragma once

#include "fluvial/keypoints.h"

namespace fluvial {

// nullptr where the user meta holds something else.
FluvialKeypoints* keypoints_in(NvDsUserMeta* user);

}  // namespace fluvial
