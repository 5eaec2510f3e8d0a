#include "elements/mux/assemble.h"

#include <algorithm>

#include "elements/mux/latency.h"
#include "meta/batch_buffer.h"
#include "meta/ntp.h"
#include "surface/batch.h"

namespace fluvial {
namespace {

guint64 ntp_of(GstBuffer* buffer, bool uses_system_time) {
  if (uses_system_time) return static_cast<guint64>(g_get_real_time()) * 1000;
  return sender_time(buffer);
}

void describe_frame(NvDsFrameMeta* meta, const Picked& picked, guint batch_id, bool uses_system_time) {
  const auto& frame = picked.frame;
  meta->pad_index = meta->source_id = picked.source->id;
  meta->batch_id = batch_id;
  meta->frame_num = picked.number;
  meta->buf_pts = GST_BUFFER_PTS(frame.buffer);
  meta->ntp_timestamp = ntp_of(frame.buffer, uses_system_time);
  meta->num_surfaces_per_frame = 1;
  meta->source_frame_width = static_cast<guint>(frame.source_size.width);
  meta->source_frame_height = static_cast<guint>(frame.source_size.height);
  meta->pipeline_width = static_cast<guint>(frame.surface->format().size.width);
  meta->pipeline_height = static_cast<guint>(frame.surface->format().size.height);
  meta->reserved[0] = frame.arrived_us;  // ours: when the mux got it, for measuring latency
}

}  // namespace

GstBuffer* assemble(MuxState& state, std::vector<Picked>& frames) {
  bool uses_system_time = true;
  {
    std::lock_guard lock(state.mutex);
    uses_system_time = state.settings.uses_system_time;
    if (state.settings.is_sorted)
      std::stable_sort(frames.begin(), frames.end(),
                       [](const Picked& a, const Picked& b) { return a.source->id < b.source->id; });
  }
  std::vector<SurfacePtr> surfaces;
  for (auto& picked : frames) surfaces.push_back(std::move(picked.frame.surface));
  std::vector<SurfacePtr> kept = surfaces;  // describe_frame looks at them
  auto* buffer = new_batch_buffer(std::move(surfaces));
  auto* batch = add_batch_meta(buffer, static_cast<guint>(frames.size()));
  GstClockTime pts = state.last_pts;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].frame.surface = kept[i];
    auto* meta = nvds_acquire_frame_meta_from_pool(batch);
    describe_frame(meta, frames[i], static_cast<guint>(i), uses_system_time);
    nvds_add_frame_meta_to_batch(batch, meta);
    note_latency(buffer, meta, frames[i].frame.buffer, frames[i].frame.arrived_us);
    const auto time = frames[i].frame.running_time;
    if (GST_CLOCK_TIME_IS_VALID(time)) pts = std::max(pts, time);
  }
  // Time never goes back, whichever source was late.
  GST_BUFFER_PTS(buffer) = state.last_pts = pts;
  if (frames.size() == 1) GST_BUFFER_DURATION(buffer) = GST_BUFFER_DURATION(frames[0].frame.buffer);
  return buffer;
}

}  // namespace fluvial
