// The src pad: a task that takes batches and pushes them.
#pragma once

#include "elements/mux/element.h"

namespace fluvial {

void use_as_mux_output(GstPad* pad);

// A flush after the end: downstream, which has seen the end, is flushed too, and the task runs again.
void begin_anew(FluvialMux* self);

}  // namespace fluvial
