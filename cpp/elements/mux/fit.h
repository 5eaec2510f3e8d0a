// A buffer as a frame of the batch: wrapped where it fits, converted or scaled where it must be.
#pragma once

#include "elements/mux/state.h"

namespace fluvial {

// In the source's own thread. The frame takes the buffer. Throws std::exception for pixels that cannot be had.
MuxFrame make_frame(MuxState& state, MuxSource& source, GstBuffer* buffer);

}  // namespace fluvial
