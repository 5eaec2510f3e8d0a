// The events and messages by which DeepStream's elements tell each other about sources that come and go.
// Numbers and structure names are DeepStream's (gst-nvevent.h), so its probes and ours understand each other.
#pragma once

#include <gst/gst.h>

namespace fluvial {

constexpr auto source_event_flags = static_cast<GstEventTypeFlags>(
    GST_EVENT_TYPE_DOWNSTREAM | GST_EVENT_TYPE_SERIALIZED | GST_EVENT_TYPE_STICKY | GST_EVENT_TYPE_STICKY_MULTI);

constexpr auto event_pad_added = static_cast<GstEventType>(GST_EVENT_MAKE_TYPE(400, source_event_flags));
constexpr auto event_pad_deleted = static_cast<GstEventType>(GST_EVENT_MAKE_TYPE(401, source_event_flags));
constexpr auto event_stream_eos = static_cast<GstEventType>(GST_EVENT_MAKE_TYPE(402, source_event_flags));
constexpr auto event_stream_segment = static_cast<GstEventType>(GST_EVENT_MAKE_TYPE(403, source_event_flags));

// One of the above about one source. Named by type and source, as sticky-multi events of one name replace each other.
inline GstEvent* new_source_event(GstEventType type, const char* name, guint source_id) {
  gchar* unique = g_strdup_printf("%s-%u", name, source_id);
  auto* event = gst_event_new_custom(type, gst_structure_new(unique, "source-id", G_TYPE_UINT, source_id, nullptr));
  g_free(unique);
  return event;
}

inline GstEvent* new_pad_added_event(guint id) { return new_source_event(event_pad_added, "nv-pad-added", id); }
inline GstEvent* new_pad_deleted_event(guint id) { return new_source_event(event_pad_deleted, "nv-pad-deleted", id); }
inline GstEvent* new_stream_eos_event(guint id) { return new_source_event(event_stream_eos, "nv-stream-eos", id); }

// True when the event is of this type; then source_id is filled in.
inline bool is_source_event(GstEvent* event, GstEventType type, guint& source_id) {
  return GST_EVENT_TYPE(event) == type &&
         gst_structure_get_uint(gst_event_get_structure(event), "source-id", &source_id);
}

// The element message "stream-eos" {stream-id}, carried to the sink, which posts it when it has shown the last frame.
inline GstEvent* new_stream_eos_message_event(GstObject* from, guint id) {
  auto* message = gst_message_new_element(from, gst_structure_new("stream-eos", "stream-id", G_TYPE_UINT, id, nullptr));
  auto* event = gst_event_new_sink_message("stream-eos", message);
  gst_message_unref(message);
  return event;
}

}  // namespace fluvial
