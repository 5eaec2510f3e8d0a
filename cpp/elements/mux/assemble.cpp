#include "elements/mux/assemble.h"

#include <algorithm>

#include "algo/moments.h"
#include "elements/mux/latency.h"
#include "meta/batch_buffer.h"
#include "meta/frame_notes.h"
#include "meta/ntp.h"
#include "surface/batch.h"

namespace fluvial {
namespace {

guint64 ntp_of(const Picked& picked, const MuxSettings& settings) {
  if (settings.uses_system_time) return static_cast<guint64>(g_get_real_time()) * 1000;
  GstClockTime duration = 0;  // nothing is put right
  if (settings.frame_duration_ms == 0)
    duration = picked.frame.duration;
  else if (settings.frame_duration_ms < G_MAXUINT64 / GST_MSECOND)
    duration = settings.frame_duration_ms * GST_MSECOND;
  auto& last = picked.source->last_ntp;
  return last = corrected_ntp(sender_time(picked.frame.buffer), last, duration);
}

void describe_frame(NvDsFrameMeta* meta, const Picked& picked, guint batch_id, const MuxSettings& settings) {
  const auto& frame = picked.frame;
  meta->pad_index = meta->source_id = picked.source->id;
  meta->batch_id = batch_id;
  meta->frame_num = picked.number;
  meta->buf_pts = GST_BUFFER_PTS(frame.buffer);
  meta->ntp_timestamp = ntp_of(picked, settings);
  meta->num_surfaces_per_frame = 1;
  meta->source_frame_width = static_cast<guint>(frame.source_size.width);
  meta->source_frame_height = static_cast<guint>(frame.source_size.height);
  meta->pipeline_width = static_cast<guint>(frame.surface->format().size.width);
  meta->pipeline_height = static_cast<guint>(frame.surface->format().size.height);
  note_arrival(*meta, frame.arrived_us);
  note_stream_time(*meta, frame.stream_time);
}

// The time of the batch: that of its latest frame; where frames of one moment make a batch, of its earliest, so that
// batches are as far apart as the moments are.
GstClockTime time_of(const std::vector<Picked>& frames, bool is_aligned) {
  GstClockTime time = GST_CLOCK_TIME_NONE;
  for (const auto& picked : frames) {
    const auto own = picked.frame.running_time;
    if (!GST_CLOCK_TIME_IS_VALID(own)) continue;
    const bool is_first = !GST_CLOCK_TIME_IS_VALID(time);
    time = is_first ? own : is_aligned ? std::min(time, own) : std::max(time, own);
  }
  return time;
}

// Time never goes back, whichever source was late, and no two batches have one time: an encoder loses its count of
// frames that have. A quarter of a millisecond is what DeepStream adds.
GstClockTime time_behind(GstClockTime last, GstClockTime time) {
  if (!GST_CLOCK_TIME_IS_VALID(last)) return GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
  return GST_CLOCK_TIME_IS_VALID(time) && time > last ? time : last + GST_MSECOND / 4;
}

}  // namespace

GstBuffer* assemble(MuxState& state, std::vector<Picked>& frames) {
  MuxSettings settings;
  bool has_one_source = false;
  {
    std::lock_guard lock(state.mutex);
    settings = state.settings;
    has_one_source = state.sources.size() < 2;
  }
  if (settings.is_sorted)
    std::stable_sort(frames.begin(), frames.end(),
                     [](const Picked& a, const Picked& b) { return a.source->id < b.source->id; });
  std::vector<SurfacePtr> surfaces;
  for (const auto& picked : frames) surfaces.push_back(picked.frame.surface);
  auto* buffer = new_batch_buffer(std::move(surfaces));
  auto* batch = add_batch_meta(buffer, static_cast<guint>(frames.size()));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto* meta = nvds_acquire_frame_meta_from_pool(batch);
    describe_frame(meta, frames[i], static_cast<guint>(i), settings);
    nvds_add_frame_meta_to_batch(batch, meta);
    nvds_copy_gst_meta_to_frame_meta(frames[i].frame.buffer, batch, meta);
    note_latency(buffer, meta, frames[i].frame.buffer, frames[i].frame.arrived_us);
  }
  const auto time = time_of(frames, settings.aligns);
  GST_BUFFER_PTS(buffer) = state.last_pts = time_behind(state.last_pts, time);
  if (frames.size() == 1 && (has_one_source || !settings.aligns))
    GST_BUFFER_DURATION(buffer) = GST_BUFFER_DURATION(frames[0].frame.buffer);
  return buffer;
}

}  // namespace fluvial
