// Which of a source's frames may be batched now, and when more may.
#pragma once

#include "elements/mux/state.h"

namespace fluvial {

struct Now {
  gint64 us = 0;                                    // monotonic
  GstClockTime running_time = GST_CLOCK_TIME_NONE;  // with sync-inputs, while playing
};

Now now_of(const MuxState& state, GstElement* mux);

// How long a batch waits for more frames, microseconds; below 0: for ever.
gint64 push_timeout_us(const MuxState& state);

struct Due {
  int frames = 0;                // that may be taken
  gint64 since_us = G_MAXINT64;  // since when the first of them may
  gint64 next_us = G_MAXINT64;   // when more may, whatever comes
};
Due due_frames(const MuxSource& source, const Now& now);

// True when it came too late for sync-inputs.
bool is_late(const MuxState& state, const MuxFrame& frame, const Now& now);

}  // namespace fluvial
