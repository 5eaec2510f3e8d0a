// The element as its parts see it.
#pragma once

#include <gst/gst.h>

#include "elements/mux/state.h"

struct FluvialMux {
  GstElement parent;
  GstPad* src;
  fluvial::MuxState* state;
};

namespace fluvial {

inline FluvialMux* as_mux(gpointer self) { return static_cast<FluvialMux*>(self); }
inline MuxState& state_of(gpointer self) { return *as_mux(self)->state; }

}  // namespace fluvial
