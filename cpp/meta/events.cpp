// Events and messages about sources and settings: gst-nvevent.h, gst-nvdscustomevent.h, gst-nvmessage.h.
// Structure and field names are what DeepStream's own elements read.
#include <string>

#include "gst-nvdscustomevent.h"
#include "gst-nvevent.h"
#include "gst-nvmessage.h"
#include "meta/export.h"

namespace {

// Sticky-multi events of one name replace each other on a pad, so the name has the source in it.
GstStructure* of_source(const char* name, guint source_id) {
  return gst_structure_new((name + ("-" + std::to_string(source_id))).c_str(), "source-id", G_TYPE_UINT, source_id,
                           nullptr);
}

template <typename Type>
GstEvent* make(Type type, GstStructure* structure) {
  return gst_event_new_custom(static_cast<GstEventType>(type), structure);
}

// The fields of an event of this type; null if it is another.
template <typename Type>
const GstStructure* fields_of(GstEvent* event, Type type) {
  return GST_EVENT_TYPE(event) == static_cast<GstEventType>(type) ? gst_event_get_structure(event) : nullptr;
}

void read_source(GstEvent* event, GstNvEventType type, guint* source_id) {
  if (const GstStructure* fields = fields_of(event, type)) gst_structure_get_uint(fields, "source-id", source_id);
}

// A field "left_0", "left_1", ... of one of many regions.
std::string of_region(const char* name, guint region) { return name + ("_" + std::to_string(region)); }

void write_region(GstStructure* fields, guint i, const RoiDimension& roi) {
  gst_structure_set(fields, of_region("roi_id", i).c_str(), G_TYPE_STRING, roi.roi_id,  //
                    of_region("left", i).c_str(), G_TYPE_UINT, roi.left,                //
                    of_region("top", i).c_str(), G_TYPE_UINT, roi.top,                  //
                    of_region("width", i).c_str(), G_TYPE_UINT, roi.width,              //
                    of_region("height", i).c_str(), G_TYPE_UINT, roi.height, nullptr);
}

void read_region(const GstStructure* fields, guint i, RoiDimension& roi) {
  if (const gchar* id = gst_structure_get_string(fields, of_region("roi_id", i).c_str()))
    g_strlcpy(roi.roi_id, id, sizeof(roi.roi_id));
  gst_structure_get_uint(fields, of_region("left", i).c_str(), &roi.left);
  gst_structure_get_uint(fields, of_region("top", i).c_str(), &roi.top);
  gst_structure_get_uint(fields, of_region("width", i).c_str(), &roi.width);
  gst_structure_get_uint(fields, of_region("height", i).c_str(), &roi.height);
}

constexpr const char* stream_eos_message = "stream-eos";

}  // namespace

extern "C" {

FLUVIAL_EXPORT GstEvent* gst_nvevent_new_pad_added(guint source_id) {
  return make(GST_NVEVENT_PAD_ADDED, of_source("nv-pad-added", source_id));
}
FLUVIAL_EXPORT GstEvent* gst_nvevent_new_pad_deleted(guint source_id) {
  return make(GST_NVEVENT_PAD_DELETED, of_source("nv-pad-deleted", source_id));
}
FLUVIAL_EXPORT GstEvent* gst_nvevent_new_stream_eos(guint source_id) {
  return make(GST_NVEVENT_STREAM_EOS, of_source("nv-stream-eos", source_id));
}
FLUVIAL_EXPORT GstEvent* gst_nvevent_new_stream_reset(guint source_id) {
  return make(GST_NVEVENT_STREAM_RESET, of_source("nv-stream-reset", source_id));
}

FLUVIAL_EXPORT GstEvent* gst_nvevent_new_stream_segment(guint source_id, GstSegment* segment) {
  GstStructure* fields = of_source("nv-stream-segment", source_id);
  gst_structure_set(fields, "segment", GST_TYPE_SEGMENT, segment, nullptr);
  return make(GST_NVEVENT_STREAM_SEGMENT, fields);
}

FLUVIAL_EXPORT GstEvent* gst_nvevent_new_stream_start(guint source_id, gchar* stream_id) {
  GstStructure* fields = of_source("nv-stream-start", source_id);
  gst_structure_set(fields, "stream-id", G_TYPE_STRING, stream_id, nullptr);
  return make(GST_NVEVENT_STREAM_START, fields);
}

// The fields that DeepStream's demultiplexer reads; for sound, no picture size and rate.
FLUVIAL_EXPORT GstEvent* gst_nvevent_new_update_caps(guint pad_id, guint width, guint height, GstStructure* caps,
                                                     gchar* stream_id, gboolean is_audio) {
  GstStructure* fields = of_source("nv-update-caps", pad_id);
  gst_structure_set(fields, "stream-id", G_TYPE_UINT, pad_id, "stream-id-str", G_TYPE_STRING, stream_id, nullptr);
  if (!is_audio) {
    gst_structure_set(fields, "width-val", G_TYPE_UINT, width, "height-val", G_TYPE_UINT, height, nullptr);
    const GValue* rate = caps ? gst_structure_get_value(caps, "framerate") : nullptr;
    if (rate) gst_structure_set_value(fields, "frame-rate", rate);
  }
  return make(GST_NVEVENT_UPDATE_CAPS, fields);
}

FLUVIAL_EXPORT void gst_nvevent_parse_pad_added(GstEvent* event, guint* source_id) {
  read_source(event, GST_NVEVENT_PAD_ADDED, source_id);
}
FLUVIAL_EXPORT void gst_nvevent_parse_pad_deleted(GstEvent* event, guint* source_id) {
  read_source(event, GST_NVEVENT_PAD_DELETED, source_id);
}
FLUVIAL_EXPORT void gst_nvevent_parse_stream_eos(GstEvent* event, guint* source_id) {
  read_source(event, GST_NVEVENT_STREAM_EOS, source_id);
}
FLUVIAL_EXPORT void gst_nvevent_parse_stream_reset(GstEvent* event, guint* source_id) {
  read_source(event, GST_NVEVENT_STREAM_RESET, source_id);
}

FLUVIAL_EXPORT void gst_nvevent_parse_stream_segment(GstEvent* event, guint* source_id, GstSegment** segment) {
  const GstStructure* fields = fields_of(event, GST_NVEVENT_STREAM_SEGMENT);
  if (fields)
    gst_structure_get(fields, "source-id", G_TYPE_UINT, source_id, "segment", GST_TYPE_SEGMENT, segment, nullptr);
}

FLUVIAL_EXPORT void gst_nvevent_parse_stream_start(GstEvent* event, guint* source_id, gchar** stream_id) {
  const GstStructure* fields = fields_of(event, GST_NVEVENT_STREAM_START);
  if (fields)
    gst_structure_get(fields, "source-id", G_TYPE_UINT, source_id, "stream-id", G_TYPE_STRING, stream_id, nullptr);
}

FLUVIAL_EXPORT GstEvent* gst_nvevent_new_roi_update(gchar* stream_id, guint roi_count, RoiDimension* regions) {
  GstStructure* fields = gst_structure_new("nv-roi-update", "stream_id", G_TYPE_STRING, stream_id,  //
                                           "roi-count", G_TYPE_UINT, roi_count, nullptr);
  for (guint i = 0; i < roi_count; ++i) write_region(fields, i, regions[i]);
  return make(GST_NVEVENT_ROI_UPDATE, fields);
}

FLUVIAL_EXPORT void gst_nvevent_parse_roi_update(GstEvent* event, gchar** stream_id, guint* roi_count,
                                                 RoiDimension** regions) {
  const GstStructure* fields = fields_of(event, GST_NVEVENT_ROI_UPDATE);
  if (!fields) return;
  *roi_count = 0;
  gst_structure_get(fields, "stream_id", G_TYPE_STRING, stream_id, "roi-count", G_TYPE_UINT, roi_count, nullptr);
  *regions = g_new0(RoiDimension, *roi_count);
  for (guint i = 0; i < *roi_count; ++i) read_region(fields, i, (*regions)[i]);
}

FLUVIAL_EXPORT GstEvent* gst_nvevent_infer_interval_update(gchar* stream_id, guint interval) {
  return make(GST_NVEVENT_INFER_INTERVAL_UPDATE,
              gst_structure_new("nv-infer-interval-update", "stream_id", G_TYPE_STRING, stream_id,  //
                                "interval", G_TYPE_UINT, interval, nullptr));
}

FLUVIAL_EXPORT void gst_nvevent_parse_infer_interval_update(GstEvent* event, gchar** stream_id, guint* interval) {
  if (const GstStructure* fields = fields_of(event, GST_NVEVENT_INFER_INTERVAL_UPDATE))
    gst_structure_get(fields, "stream_id", G_TYPE_STRING, stream_id, "interval", G_TYPE_UINT, interval, nullptr);
}

FLUVIAL_EXPORT GstEvent* gst_nvevent_nvtracker_config_update(gchar* stream_id, gchar* config) {
  return make(GST_NVEVENT_NVTRACKER_CONFIG_UPDATE,
              gst_structure_new("nv-tracker-config-update", "stream_id", G_TYPE_STRING, stream_id,  //
                                "config_path", G_TYPE_STRING, config, nullptr));
}

FLUVIAL_EXPORT void gst_nvevent_parse_nvtracker_config_update(GstEvent* event, gchar** stream_id, gchar** config) {
  if (const GstStructure* fields = fields_of(event, GST_NVEVENT_NVTRACKER_CONFIG_UPDATE))
    gst_structure_get(fields, "stream_id", G_TYPE_STRING, stream_id, "config_path", G_TYPE_STRING, config, nullptr);
}

FLUVIAL_EXPORT GstEvent* gst_nvevent_osd_process_mode_update(gchar* stream_id, guint process_mode) {
  return make(GST_NVEVENT_OSD_PROCESS_MODE_UPDATE,
              gst_structure_new("nv-osd-process-mode-update", "stream_id", G_TYPE_STRING, stream_id,  //
                                "process_mode", G_TYPE_UINT, process_mode, nullptr));
}

FLUVIAL_EXPORT void gst_nvevent_parse_osd_process_mode_update(GstEvent* event, gchar** stream_id, guint* mode) {
  if (const GstStructure* fields = fields_of(event, GST_NVEVENT_OSD_PROCESS_MODE_UPDATE))
    gst_structure_get(fields, "stream_id", G_TYPE_STRING, stream_id, "process_mode", G_TYPE_UINT, mode, nullptr);
}

FLUVIAL_EXPORT GstEvent* gst_nvevent_analytics_reload_config_update(gchar* path) {
  return make(GST_NVEVENT_ANALYTICS_RELOAD_CONFIG_UPDATE,
              gst_structure_new("nv-analytics-reload_config-update", "config_file_path", G_TYPE_STRING, path, nullptr));
}

FLUVIAL_EXPORT void gst_nvevent_parse_analytics_reload_config_update(GstEvent* event, gchar** path) {
  if (const GstStructure* fields = fields_of(event, GST_NVEVENT_ANALYTICS_RELOAD_CONFIG_UPDATE))
    gst_structure_get(fields, "config_file_path", G_TYPE_STRING, path, nullptr);
}

FLUVIAL_EXPORT GstMessage* gst_nvmessage_new_stream_eos(GstObject* from, guint stream_id) {
  return gst_message_new_element(from,
                                 gst_structure_new(stream_eos_message, "stream-id", G_TYPE_UINT, stream_id, nullptr));
}

FLUVIAL_EXPORT gboolean gst_nvmessage_is_stream_eos(GstMessage* message) {
  return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && gst_message_has_name(message, stream_eos_message);
}

FLUVIAL_EXPORT gboolean gst_nvmessage_parse_stream_eos(GstMessage* message, guint* stream_id) {
  return gst_nvmessage_is_stream_eos(message) &&
         gst_structure_get_uint(gst_message_get_structure(message), "stream-id", stream_id);
}

}  // extern "C"
