#include "elements/mux/input.h"

#include <algorithm>
#include <utility>

#include "elements/caps.h"
#include "elements/events.h"
#include "elements/guard.h"
#include "elements/mux/element.h"
#include "elements/mux/fit.h"
#include "elements/mux/output.h"
#include "elements/mux/schedule.h"

namespace fluvial {
namespace {

constexpr std::size_t queue_limit = 4;  // frames that one source may be ahead, unless a batch wants more of it

std::shared_ptr<MuxSource>& held_source(GstPad* pad) {
  return *static_cast<std::shared_ptr<MuxSource>*>(gst_pad_get_element_private(pad));
}

// The pad keeps its source until nobody holds the pad: an event may still be under way when it is released.
void give_source(GstPad* pad, std::shared_ptr<MuxSource> source) {
  auto* held = new std::shared_ptr<MuxSource>(std::move(source));
  g_object_set_data_full(G_OBJECT(pad), "source", held,
                         [](gpointer data) { delete static_cast<std::shared_ptr<MuxSource>*>(data); });
  gst_pad_set_element_private(pad, held);
}

// How many frames of one source may wait: its share of a batch at least, or that batch would never be full.
std::size_t room_of_one(const MuxState& state) {
  const auto rule = rule_of(state);
  if (rule.most_of_one > 0) return std::max(queue_limit, static_cast<std::size_t>(rule.most_of_one));
  const auto running = std::count_if(state.sources.begin(), state.sources.end(),
                                     [](const auto& entry) { return !entry.second->is_ended; });
  const auto size = static_cast<std::size_t>(rule.batch_size),
             count = static_cast<std::size_t>(std::max<long>(1, running));
  return std::max(queue_limit, (size + count - 1) / count);
}

GstFlowReturn take_buffer(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  auto* self = as_mux(parent);
  auto& state = state_of(self);
  auto source = held_source(pad);
  const auto result = guarded(self, GST_FLOW_ERROR, [&] {
    if (GST_VIDEO_INFO_FORMAT(&source->info) == GST_VIDEO_FORMAT_UNKNOWN) return GST_FLOW_NOT_NEGOTIATED;
    auto frame = make_frame(state, *source, buffer);
    std::unique_lock lock(state.mutex);
    source->taken.wait(lock, [&] {
      return state.is_flushing || state.is_over || source->is_flushing || source->is_over_for_good() ||
             source->frames.size() < queue_limit || source->frames.size() < room_of_one(state);
    });
    if (state.is_flushing || source->is_flushing) return GST_FLOW_FLUSHING;
    if (state.is_over || source->is_ended) return GST_FLOW_EOS;
    source->has_begun = true;
    frame.is_after_reset = std::exchange(source->is_reset, false);
    source->frames.push_back(std::move(frame));
    state.delivered.notify_one();
    return GST_FLOW_OK;
  });
  if (result != GST_FLOW_OK) gst_buffer_unref(buffer);
  return result;
}

bool take_caps(MuxState& state, MuxSource& source, GstCaps* caps) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return false;
  std::lock_guard lock(state.mutex);
  source.info = info;
  source.is_surface = has_surface_feature(caps);
  return true;
}

// One source seeks: the others go on, so nothing is flushed downstream unless all was over.
void flush_source(FluvialMux* self, MuxSource& source, bool is_start) {
  auto& state = state_of(self);
  bool is_anew = false;
  {
    std::lock_guard lock(state.mutex);
    source.is_flushing = is_start;
    source.clear();
    source.is_ended = source.is_over_for_good();
    source.end_is_told = false;
    is_anew = !is_start && state.is_over && !state.is_flushing;
    state.wake_sources();
  }
  if (is_anew) begin_anew(self);
}

// The stream ends, or begins anew.
void note_end(MuxState& state, MuxSource& source, bool is_ended) {
  std::lock_guard lock(state.mutex);
  source.is_ended = is_ended || source.is_over_for_good();
  if (!source.is_ended) source.end_is_told = false;
  state.delivered.notify_one();
  state.wake_sources();  // the others' shares grow
}

void end_for_good(MuxState& state, MuxSource& source) {
  std::lock_guard lock(state.mutex);
  source.is_told_to_end = source.is_ended = true;
  state.delivered.notify_one();
  state.wake_sources();  // its own thread, which may wait for room, and the others, whose shares grow
}

gboolean take_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = as_mux(parent);
  auto& state = state_of(self);
  auto source = held_source(pad);
  gboolean is_taken = TRUE;
  switch (static_cast<int>(GST_EVENT_TYPE(event))) {  // a type of DeepStream's is none of the enum's
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      is_taken = take_caps(state, *source, caps);
      break;
    }
    case GST_EVENT_SEGMENT: {
      std::lock_guard lock(state.mutex);
      gst_event_copy_segment(event, &source->segment);
      break;
    }
    case GST_EVENT_STREAM_START: note_end(state, *source, false); break;
    case GST_EVENT_EOS: note_end(state, *source, true); break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
      if (gst_event_has_name(event, event_end_source)) end_for_good(state, *source);
      break;
    case event_stream_reset: {
      std::lock_guard lock(state.mutex);
      source->is_reset = true;
      break;
    }
    case GST_EVENT_FLUSH_START: flush_source(self, *source, true); break;
    case GST_EVENT_FLUSH_STOP: flush_source(self, *source, false); break;
    default: break;  // tags, gaps and the like belong to one source, and the batch has many
  }
  gst_event_unref(event);
  return is_taken;
}

void answer_caps(GstPad* pad, GstQuery* query) {
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  auto* answer = narrowed(gst_pad_get_pad_template_caps(pad), filter);
  gst_query_set_caps_result(query, answer);
  gst_caps_unref(answer);
}

gboolean answer_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS: answer_caps(pad, query); return TRUE;
    case GST_QUERY_ALLOCATION:
      // A frame may wait here and downstream: let upstream use its own pool, with any layout.
      gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
      return TRUE;
    default: return gst_pad_query_default(pad, parent, query);
  }
}

}  // namespace

MuxSource& source_of(GstPad* pad) { return *held_source(pad); }

void use_as_mux_input(GstPad* pad, std::shared_ptr<MuxSource> source) {
  give_source(pad, std::move(source));
  gst_pad_set_chain_function(pad, take_buffer);
  gst_pad_set_event_function(pad, take_event);
  gst_pad_set_query_function(pad, answer_query);
}

}  // namespace fluvial
