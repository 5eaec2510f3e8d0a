// Frames become one buffer of surfaces with a frame meta each.
#pragma once

#include "elements/mux/schedule.h"

namespace fluvial {

GstBuffer* assemble(MuxState& state, std::vector<Picked>& frames);

}  // namespace fluvial
