#include "elements/mux/timing.h"

#include <algorithm>

#include "algo/moments.h"

namespace fluvial {
namespace {

constexpr gint64 new_mux_timeout_us = 33000;

// How long before the clock reaches its time; 0 or below: it has. A frame without a time is due at once.
gint64 early_us(const MuxFrame& frame, const Now& now) {
  if (!GST_CLOCK_TIME_IS_VALID(now.running_time) || !GST_CLOCK_TIME_IS_VALID(frame.running_time)) return 0;
  const gint64 ns = GST_CLOCK_DIFF(now.running_time, frame.running_time);
  return ns > 0 ? ns / 1000 + 1 : ns / 1000;
}

}  // namespace

// Only while playing: elsewhere the clock runs on and the stream does not.
Now now_of(const MuxState& state, GstElement* mux) {
  Now now;
  now.us = g_get_monotonic_time();
  if (state.settings.keeps_clock && GST_STATE(mux) == GST_STATE_PLAYING)
    now.running_time = gst_element_get_current_running_time(mux);
  return now;
}

gint64 push_timeout_us(const MuxState& state) {
  if (state.settings.push_timeout_us >= 0) return state.settings.push_timeout_us;
  if (state.config && state.config->min_rate.n > 0) return state.config->min_rate.period_us();
  return state.is_new ? new_mux_timeout_us : -1;
}

Due due_frames(const MuxSource& source, const Now& now) {
  Due due;
  if (now.us < source.rests_until_us) {
    due.next_us = source.rests_until_us;
    return due;
  }
  for (const auto& frame : source.frames) {
    const gint64 early = early_us(frame, now);
    if (early > 0) {
      due.next_us = now.us + early;
      break;
    }
    if (due.frames++ == 0) due.since_us = early < 0 ? std::max(frame.arrived_us, now.us + early) : frame.arrived_us;
  }
  return due;
}

bool is_late(const MuxState& state, const MuxFrame& frame, const Now& now) {
  if (!GST_CLOCK_TIME_IS_VALID(now.running_time) || !GST_CLOCK_TIME_IS_VALID(frame.running_time)) return false;
  const auto wait = static_cast<GstClockTime>(std::max<gint64>(0, push_timeout_us(state))) * 1000;
  const auto latency = state.upstream_latency + state.settings.max_latency_ns + std::max(wait, frame.duration);
  return timing_of(static_cast<gint64>(frame.running_time), static_cast<gint64>(now.running_time),
                   static_cast<gint64>(latency)) == Timing::late;
}

}  // namespace fluvial
