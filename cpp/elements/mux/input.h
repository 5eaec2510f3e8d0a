// The sink pads: what sources deliver becomes frames in queues, in the sources' own threads.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "elements/mux/source.h"

namespace fluvial {

// Makes the pad one of a mux, and `source` what it fills.
void use_as_mux_input(GstPad* pad, std::shared_ptr<MuxSource> source);
MuxSource& source_of(GstPad* pad);

}  // namespace fluvial
