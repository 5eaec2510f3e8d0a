// SPDX-License-Identifier: Apache-2.0
// How long frames take.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <gst/gst.h>
#include "nvdsmeta.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MAX_COMPONENT_LEN 64

typedef struct _NvDsMetaSubCompLatency {
  gchar sub_comp_name[MAX_COMPONENT_LEN];
  gdouble in_system_timestamp;
  gdouble out_system_timestamp;
} NvDsMetaSubCompLatency;

// What one element took of one frame (user metadata of type NVDS_LATENCY_MEASUREMENT_META). Milliseconds since the epoch.
typedef struct _NvDsMetaCompLatency {
  gchar component_name[MAX_COMPONENT_LEN];
  gdouble in_system_timestamp;
  gdouble out_system_timestamp;
  guint source_id;
  guint frame_num;
  guint pad_index;
  NvDsMetaSubCompLatency sub_comp_latencies[16];
  guint num_sub_comps;
} NvDsMetaCompLatency;

// What one frame took from its source to here, milliseconds.
typedef struct NvDsFrameLatencyInfo {
  guint source_id;
  guint frame_num;
  gdouble comp_in_timestamp;
  gdouble latency;
} NvDsFrameLatencyInfo;

// All of this does nothing unless the environment has NVDS_ENABLE_LATENCY_MEASUREMENT=1 when the first of them is called
// (or NVDS_ENABLE_COMPONENT_LATENCY_MEASUREMENT=1, which prints each element's too, or NVDS_LATENCY_MEASUREMENT_SILENT=1).

// An element's note on a batch that arrives: user metadata whose NvDsMetaCompLatency may be filled in further. Null where
// nothing is measured or the buffer has no batch.
NvDsUserMeta *nvds_set_input_system_timestamp(GstBuffer *buffer, gchar *element_name);
// The same element's when it passes the batch on. FALSE if it left no note.
gboolean nvds_set_output_system_timestamp(GstBuffer *buffer, gchar *element_name);
// A decoder's note on a frame that is in no batch yet; nvstreammux makes a note of it.
void nvds_add_reference_timestamp_meta(GstBuffer *buffer, gchar *element_name, guint frame_id);
// Writes what each frame of the batch took up to now, at most max_frames_in_batch of them; how many. Notes say when each came.
guint nvds_measure_buffer_latency(GstBuffer *buf, NvDsFrameLatencyInfo *latency_info);
gboolean nvds_get_enable_latency_measurement(void);
gboolean nvds_get_latency_measurement_silent(void);

#define nvds_enable_latency_measurement (nvds_get_enable_latency_measurement())
#define nvds_latency_measurement_silent (nvds_get_latency_measurement_silent())

#ifdef __cplusplus
}
#endif
