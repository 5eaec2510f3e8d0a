// One input of the mux: what its pad has delivered and the batch has not taken yet.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <deque>

#include "surface/surface.h"

namespace fluvial {

struct MuxFrame {
  SurfacePtr surface;
  GstBuffer* buffer = nullptr;  // owned; timestamps and upstream metadata
  Size source_size;             // before the mux scaled it
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
  GstClockTime stream_time = GST_CLOCK_TIME_NONE;  // since the stream's own beginning
  GstClockTime duration = 0;                       // 0: unknown
  bool is_after_reset = false;                     // the first one behind a stream reset event
  gint64 arrived_us = 0;                           // monotonic
};

// Guarded by the mux's mutex. Outlives its pad: what was delivered is still batched after the pad is released.
struct MuxSource {
  guint id = 0;
  std::deque<MuxFrame> frames;
  std::condition_variable taken;  // its thread waits: room in frames
  GstSegment segment;
  GstVideoInfo info;  // of the pad's caps; format unknown: there are none yet
  bool is_surface = false;
  bool is_flushing = false;
  bool has_begun = false;  // its first frame came
  bool is_ended = false;   // EOS came, or the pad was released, or it was told to end
  bool is_released = false;
  bool is_told_to_end = false;  // for good: what its stream still brings is refused
  bool start_is_told = false;   // downstream knows that it is there
  bool end_is_told = false;     // and that it has ended
  bool is_reset = false;        // a stream reset event came; the next frame says so
  int frame_number = 0;
  gint64 rests_until_us = 0;  // it gives no frame before; monotonic
  guint64 dropped = 0;
  guint64 last_ntp = 0;  // the task's alone

  MuxSource() {
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_video_info_init(&info);
  }
  ~MuxSource() { clear(); }
  MuxSource(const MuxSource&) = delete;
  MuxSource& operator=(const MuxSource&) = delete;

  void clear() {
    for (auto& frame : frames) gst_buffer_unref(frame.buffer);
    frames.clear();
  }
  bool is_over_for_good() const { return is_released || is_told_to_end; }
  // As before the first frame.
  void begin_anew() {
    clear();
    frame_number = 0;
    rests_until_us = 0;
    dropped = last_ntp = 0;
    is_told_to_end = false;
    is_ended = is_released;
    is_flushing = has_begun = start_is_told = end_is_told = is_reset = false;
  }
};

}  // namespace fluvial
