// SPDX-License-Identifier: Apache-2.0
// Events about one source of a batch: nvstreammux sends them, elements behind it and probes read them.
// Names and numbers follow DeepStream 9.1; the functions are in libfluvialmeta.
#pragma once

#include <gst/gst.h>

#ifdef __cplusplus
extern "C" {
#endif

// Sticky, so that a queue that drops does not drop them, and one a source.
#define FLUVIAL_SOURCE_EVENT(number)                                                                          \
  GST_EVENT_MAKE_TYPE(number, GST_EVENT_TYPE_DOWNSTREAM | GST_EVENT_TYPE_SERIALIZED | GST_EVENT_TYPE_STICKY | \
                                  GST_EVENT_TYPE_STICKY_MULTI)

typedef enum GstNvEventType {
  GST_NVEVENT_PAD_ADDED = FLUVIAL_SOURCE_EVENT(400),
  GST_NVEVENT_PAD_DELETED = FLUVIAL_SOURCE_EVENT(401),
  GST_NVEVENT_STREAM_EOS = FLUVIAL_SOURCE_EVENT(402),
  GST_NVEVENT_STREAM_SEGMENT = FLUVIAL_SOURCE_EVENT(403),
  GST_NVEVENT_STREAM_RESET = FLUVIAL_SOURCE_EVENT(404),
  GST_NVEVENT_STREAM_START = FLUVIAL_SOURCE_EVENT(405),
  GST_NVEVENT_UPDATE_CAPS = FLUVIAL_SOURCE_EVENT(406),
} GstNvEventType;

// source_id is the number of the mux's sink pad.
GstEvent *gst_nvevent_new_pad_added(guint source_id);
GstEvent *gst_nvevent_new_pad_deleted(guint source_id);
GstEvent *gst_nvevent_new_stream_eos(guint source_id);
GstEvent *gst_nvevent_new_stream_segment(guint source_id, GstSegment *segment);
GstEvent *gst_nvevent_new_stream_reset(guint source_id);
GstEvent *gst_nvevent_new_stream_start(guint source_id, gchar *stream_id);
// caps_str gives the frame rate; width and height 0, as for audio, are left to it.
GstEvent *gst_nvevent_new_update_caps(guint pad_id, guint width_val, guint height_val, GstStructure *caps_str, gchar *stream_id_str,
                                      gboolean is_audio);

// These leave their results alone if the event is of another type. Segments are freed with gst_segment_free, texts with g_free.
void gst_nvevent_parse_pad_added(GstEvent *event, guint *source_id);
void gst_nvevent_parse_pad_deleted(GstEvent *event, guint *source_id);
void gst_nvevent_parse_stream_eos(GstEvent *event, guint *source_id);
void gst_nvevent_parse_stream_segment(GstEvent *event, guint *source_id, GstSegment **segment);
void gst_nvevent_parse_stream_reset(GstEvent *event, guint *source_id);
void gst_nvevent_parse_stream_start(GstEvent *event, guint *source_id, gchar **stream_id);

#ifdef __cplusplus
}
#endif
