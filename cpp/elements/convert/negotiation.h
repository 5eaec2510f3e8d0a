// Which caps a converter can make of which.
#pragma once

#include <gst/gst.h>

#include "surface/surface.h"

namespace fluvial {

// What a pad's caps can come from or become: any format, any size, either memory, and a GPU's as something to come
// from; what stays is the framerate. `direction` is the pad's. Owned by the caller.
GstCaps* convertible_caps(GstCaps* caps, GstPadDirection direction);

// What `other` (taken) leaves open becomes what comes in: the cheapest conversion is none.
GstCaps* nearest_caps(GstCaps* caps, GstCaps* other, GstPadDirection direction, Flip flip);

}  // namespace fluvial
