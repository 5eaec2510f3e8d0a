#include "elements/mux/output.h"

#include <algorithm>

#include "elements/guard.h"
#include "elements/mux/assemble.h"
#include "elements/mux/schedule.h"
#include "elements/mux/timing.h"
#include "gst-nvquery.h"
#include "surface/format.h"

namespace fluvial {
namespace {

void push_stream_start(FluvialMux* self) {
  gchar* id = g_strdup_printf("%s/%08x%08x", GST_OBJECT_NAME(self), g_random_int(), g_random_int());
  auto* event = gst_event_new_stream_start(id);
  gst_event_set_group_id(event, gst_util_group_id_next());
  gst_pad_push_event(self->src, event);
  g_free(id);
}

// How many frames a batch has at most. Under the lock.
guint batch_places(MuxState& state) {
  const int places = rule_of(state).batch_size;
  return places > 0 ? static_cast<guint>(places) : static_cast<guint>(state.sources.size());
}

// stream-start, and caps and segment when there is a format to tell of: a stream may end without a frame.
void begin(FluvialMux* self) {
  auto& state = state_of(self);
  GstCaps* caps = nullptr;
  {
    std::lock_guard lock(state.mutex);
    if (state.is_begun) return;
    state.is_begun = true;
    if (state.format) caps = surface_caps(*state.format, state.fps_n, state.fps_d, batch_places(state));
  }
  push_stream_start(self);
  if (!caps) return;
  gst_pad_push_event(self->src, gst_event_new_caps(caps));
  gst_caps_unref(caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(self->src, gst_event_new_segment(&segment));
}

// The signal "dropped", and what GStreamer's own elements post when they drop a frame.
void tell_of_late(FluvialMux* self, const Picked& late) {
  auto* buffer = late.frame.buffer;
  g_signal_emit_by_name(self, "dropped", buffer);
  auto* message = gst_message_new_qos(GST_OBJECT(self), TRUE, late.frame.running_time, late.frame.stream_time,
                                      GST_BUFFER_PTS(buffer), late.frame.duration);
  gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, static_cast<guint64>(late.number), late.source->dropped);
  gst_element_post_message(GST_ELEMENT(self), message);
  gst_buffer_unref(buffer);
}

GstFlowReturn push(FluvialMux* self, Batch& batch) {
  auto flow = GST_FLOW_OK;
  for (const auto& late : batch.late) tell_of_late(self, late);
  if (batch.has_output()) begin(self);
  for (auto* event : batch.events_before) gst_pad_push_event(self->src, event);
  if (!batch.frames.empty()) {
    auto& state = state_of(self);
    flow = guarded(self, GST_FLOW_ERROR, [&] { return gst_pad_push(self->src, assemble(state, batch.frames)); });
    for (auto& picked : batch.frames) gst_buffer_unref(picked.frame.buffer);
  }
  for (auto* event : batch.events_after) gst_pad_push_event(self->src, event);
  return batch.is_last ? GST_FLOW_EOS : flow;
}

void stop_task(FluvialMux* self, GstFlowReturn reason) {
  auto& state = state_of(self);
  if (reason == GST_FLOW_EOS) gst_pad_push_event(self->src, gst_event_new_eos());
  gst_pad_pause_task(self->src);
  {
    std::lock_guard lock(state.mutex);  // source threads must not wait for a task that has stopped
    (reason == GST_FLOW_EOS ? state.is_over : state.is_flushing) = true;
    state.wake_sources();
  }
  if (reason == GST_FLOW_FLUSHING || reason == GST_FLOW_EOS) return;
  GST_ELEMENT_FLOW_ERROR(self, reason);
  gst_pad_push_event(self->src, gst_event_new_eos());
}

void push_next(gpointer data) {
  auto* self = as_mux(data);
  auto batch = next_batch(state_of(self), GST_ELEMENT(self));
  const auto flow = batch.is_flushing ? GST_FLOW_FLUSHING : push(self, batch);
  if (flow != GST_FLOW_OK) stop_task(self, flow);
}

gboolean activate(GstPad* pad, GstObject* parent, GstPadMode, gboolean is_active) {
  auto& state = state_of(parent);
  {
    std::lock_guard lock(state.mutex);
    state.is_flushing = !is_active;
    state.is_over = false;
    state.delivered.notify_all();
    state.wake_sources();
  }
  return is_active ? gst_pad_start_task(pad, push_next, parent, nullptr) : gst_pad_stop_task(pad);
}

gboolean answer_latency(FluvialMux* self, GstQuery* query) {
  auto& state = state_of(self);
  if (!gst_pad_query_default(self->src, GST_OBJECT(self), query)) return FALSE;
  gboolean is_live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &is_live, &least, &most);
  std::lock_guard lock(state.mutex);
  state.upstream_latency = least;
  GstClockTime wait = static_cast<GstClockTime>(std::max<gint64>(0, push_timeout_us(state))) * 1000;
  if (state.settings.keeps_clock) wait += state.settings.max_latency_ns;
  if (GST_CLOCK_TIME_IS_VALID(most)) most += wait;
  gst_query_set_latency(query, is_live || state.settings.is_live, least + wait, most);
  return TRUE;
}

// By these an element written for DeepStream sizes its pools.
bool answer_number(MuxState& state, GstQuery* query) {
  std::lock_guard lock(state.mutex);
  if (gst_nvquery_is_batch_size(query))
    gst_nvquery_batch_size_set(query, batch_places(state));
  else if (gst_nvquery_is_numStreams_size(query))
    gst_nvquery_numStreams_size_set(query, static_cast<guint>(state.sources.size()));
  else
    return false;
  return true;
}

gboolean answer_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM && answer_number(state_of(parent), query)) return TRUE;
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) return answer_latency(as_mux(parent), query);
  return gst_pad_query_default(pad, parent, query);
}

// A sink that is late speaks of the batch's time, which means nothing to a single source's decoder.
gboolean take_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_QOS) return gst_pad_event_default(pad, parent, event);
  gst_event_unref(event);
  return TRUE;
}

}  // namespace

void use_as_mux_output(GstPad* pad) {
  gst_pad_set_activatemode_function(pad, activate);
  gst_pad_set_query_function(pad, answer_query);
  gst_pad_set_event_function(pad, take_event);
  gst_pad_use_fixed_caps(pad);
}

void begin_anew(FluvialMux* self) {
  auto& state = state_of(self);
  gst_pad_push_event(self->src, gst_event_new_flush_start());
  GST_PAD_STREAM_LOCK(self->src);  // the task has pushed its end, and stopped
  gst_pad_push_event(self->src, gst_event_new_flush_stop(TRUE));
  {
    std::lock_guard lock(state.mutex);
    state.is_over = state.is_begun = false;
    state.last_pts = GST_CLOCK_TIME_NONE;
  }
  gst_pad_start_task(self->src, push_next, self, nullptr);
  GST_PAD_STREAM_UNLOCK(self->src);
}

}  // namespace fluvial
