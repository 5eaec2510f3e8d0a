// Which sources came and went, as the events that stand before and behind a batch.
#pragma once

#include "elements/mux/schedule.h"

namespace fluvial {

// Before the first frame behind a stream reset.
void tell_reset(MuxState& state, MuxSource& source, Batch& batch);
void tell_starts(MuxState& state, Batch& batch);
// Of sources whose last frame is in this batch, or was in an earlier one. Forgets those that are released.
void tell_ends(MuxState& state, GstObject* mux, Batch& batch);

}  // namespace fluvial
