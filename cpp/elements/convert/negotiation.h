// Which caps a converter can make of which.
#pragma once

#include <gst/gst.h>

#include "surface/surface.h"

namespace fluvial {

// Any format, any size, either memory; what stays is the framerate. Owned by the caller.
GstCaps* convertible_caps(GstCaps* caps);

// What `other` (taken) leaves open becomes what comes in: the cheapest conversion is none.
GstCaps* nearest_caps(GstCaps* caps, GstCaps* other, GstPadDirection direction, Flip flip);

}  // namespace fluvial
