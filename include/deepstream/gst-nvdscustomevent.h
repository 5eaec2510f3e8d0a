// SPDX-License-Identifier: Apache-2.0
// Events that change an element's settings while it runs: regions, inference interval, tracker, drawing, analytics.
// Names and numbers follow DeepStream 9.1; the functions are in libfluvialmeta.
#pragma once

#include <gst/gst.h>

#ifdef __cplusplus
extern "C" {
#endif

// Pixels.
typedef struct RoiDimension {
  gchar roi_id[128];
  guint left;
  guint top;
  guint width;
  guint height;
} RoiDimension;

#define FLUVIAL_SETTING_EVENT(number) GST_EVENT_MAKE_TYPE(number, GST_EVENT_TYPE_DOWNSTREAM | GST_EVENT_TYPE_SERIALIZED)

// 406 is GST_NVEVENT_UPDATE_CAPS too; their flags differ, so the values do.
typedef enum GstNvDsCustomEventType {
  GST_NVEVENT_ROI_UPDATE = FLUVIAL_SETTING_EVENT(406),
  GST_NVEVENT_INFER_INTERVAL_UPDATE = FLUVIAL_SETTING_EVENT(407),
  GST_NVEVENT_OSD_PROCESS_MODE_UPDATE = FLUVIAL_SETTING_EVENT(408),
  GST_NVEVENT_ANALYTICS_RELOAD_CONFIG_UPDATE = FLUVIAL_SETTING_EVENT(409),
  GST_NVEVENT_NVTRACKER_CONFIG_UPDATE = FLUVIAL_SETTING_EVENT(410),
} GstNvDsCustomEventType;

GstEvent *gst_nvevent_new_roi_update(gchar *stream_id, guint roi_count, RoiDimension *roi_dim);
GstEvent *gst_nvevent_infer_interval_update(gchar *stream_id, guint interval);
GstEvent *gst_nvevent_nvtracker_config_update(gchar *stream_id, gchar *configStr);
GstEvent *gst_nvevent_osd_process_mode_update(gchar *stream_id, guint process_mode);
GstEvent *gst_nvevent_analytics_reload_config_update(gchar *config_file_path);

// These leave their results alone if the event is of another type. Texts and roi_dim are freed with g_free.
void gst_nvevent_parse_roi_update(GstEvent *event, gchar **stream_id, guint *roi_count, RoiDimension **roi_dim);
void gst_nvevent_parse_infer_interval_update(GstEvent *event, gchar **stream_id, guint *interval);
void gst_nvevent_parse_nvtracker_config_update(GstEvent *event, gchar **stream_id, gchar **configStr);
void gst_nvevent_parse_osd_process_mode_update(GstEvent *event, gchar **stream_id, guint *process_mode);
void gst_nvevent_parse_analytics_reload_config_update(GstEvent *event, gchar **config_file_path);

#ifdef __cplusplus
}
#endif
