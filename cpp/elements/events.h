// The events and messages by which DeepStream's elements tell each other about sources that come and go, as our
// elements use them. What they are made of is in cpp/meta/events.cpp.
#pragma once

#include <gst/gst.h>

#include "gst-nvevent.h"
#include "gst-nvmessage.h"

namespace fluvial {

constexpr auto event_pad_added = static_cast<GstEventType>(GST_NVEVENT_PAD_ADDED);
constexpr auto event_pad_deleted = static_cast<GstEventType>(GST_NVEVENT_PAD_DELETED);
constexpr auto event_stream_eos = static_cast<GstEventType>(GST_NVEVENT_STREAM_EOS);
constexpr auto event_stream_reset = static_cast<GstEventType>(GST_NVEVENT_STREAM_RESET);

// To the mux: this source is over, whatever its stream still brings. Out of band, so that whoever sends it waits for no
// frame, and the stream's own events keep their order though it has not begun. Python sends it too (sources.py).
constexpr const char* event_end_source = "fluvial-end-source";

inline GstEvent* new_pad_added_event(guint id) { return gst_nvevent_new_pad_added(id); }
inline GstEvent* new_pad_deleted_event(guint id) { return gst_nvevent_new_pad_deleted(id); }
inline GstEvent* new_stream_eos_event(guint id) { return gst_nvevent_new_stream_eos(id); }
inline GstEvent* new_stream_reset_event(guint id) { return gst_nvevent_new_stream_reset(id); }

// True when the event is of this type; then source_id is filled in.
inline bool is_source_event(GstEvent* event, GstEventType type, guint& source_id) {
  return GST_EVENT_TYPE(event) == type &&
         gst_structure_get_uint(gst_event_get_structure(event), "source-id", &source_id);
}

// The element message "stream-eos" {stream-id}, carried to the sink, which posts it when it has shown the last frame.
inline GstEvent* new_stream_eos_message_event(GstObject* from, guint id) {
  GstMessage* message = gst_nvmessage_new_stream_eos(from, id);
  auto* event = gst_event_new_sink_message("stream-eos", message);
  gst_message_unref(message);
  return event;
}

}  // namespace fluvial
