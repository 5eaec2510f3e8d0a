// How long a frame has been on its way: nvds_latency_meta.h. Elements leave a note of when a buffer came and went on
// the batch; a decoder, which has no batch yet, leaves it as a reference timestamp on its buffer, which the mux turns
// into a note.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "meta/batch_buffer.h"
#include "meta/export.h"
#include "nvds_latency_meta.h"

using namespace fluvial;  // NOLINT: everything below is C with DeepStream's names

namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value && std::strcmp(value, "0") != 0;
}

// Read once: the environment is the program's before its pipelines start.
struct Switches {
  const bool frames = is_set("NVDS_ENABLE_LATENCY_MEASUREMENT");
  const bool components = is_set("NVDS_ENABLE_COMPONENT_LATENCY_MEASUREMENT");
  const bool is_silent = is_set("NVDS_LATENCY_MEASUREMENT_SILENT");
  bool any() const { return frames || components || is_silent; }
};

const Switches& switches() {
  static const Switches read;
  return read;
}

// Milliseconds since the epoch.
double now() { return static_cast<double>(g_get_real_time()) / 1e3; }

gpointer copy_note(gpointer data, gpointer) {
  return g_memdup2(static_cast<NvDsUserMeta*>(data)->user_meta_data, sizeof(NvDsMetaCompLatency));
}

void release_note(gpointer data, gpointer) { g_free(static_cast<NvDsUserMeta*>(data)->user_meta_data); }

NvDsMetaCompLatency* note_in(const NvDsUserMeta* user) {
  if (user->base_meta.meta_type != NVDS_LATENCY_MEASUREMENT_META) return nullptr;
  return static_cast<NvDsMetaCompLatency*>(user->user_meta_data);
}

// Notes of decoders and muxes name a frame, also where the batch has none of its frames any more (behind a tiler).
// Those of other elements are about the whole batch, unless somebody has filled in a frame that is in it.
bool names_a_frame(const NvDsBatchMeta* batch, const NvDsMetaCompLatency& note) {
  for (const char* name : {"nvv4l2decoder", "audiodecoder", "nvstreammux"})
    if (g_str_has_prefix(note.component_name, name)) return true;
  for (const NvDsFrameMeta* frame : each<NvDsFrameMeta>(batch->frame_meta_list))
    if (note.source_id == frame->source_id && note.frame_num == static_cast<guint>(frame->frame_num)) return true;
  return false;
}

// The frame's entry, a new one if need be; null when there is no room.
NvDsFrameLatencyInfo* entry_for(const NvDsMetaCompLatency& note, NvDsFrameLatencyInfo* all, guint& count, guint most) {
  for (guint i = 0; i < count; ++i)
    if (all[i].source_id == note.source_id && all[i].frame_num == note.frame_num) return &all[i];
  if (count == most) return nullptr;
  all[count] = {note.source_id, note.frame_num, note.in_system_timestamp, 0};
  return &all[count++];
}

void print_components(const NvDsBatchMeta* batch) {
  for (const NvDsUserMeta* user : each<NvDsUserMeta>(batch->batch_user_meta_list))
    if (const NvDsMetaCompLatency* note = note_in(user))
      g_print("Comp name = %s source_id = %u frame_num = %u component latency = %f (ms)\n", note->component_name,
              note->source_id, note->frame_num, note->out_system_timestamp - note->in_system_timestamp);
}

}  // namespace

extern "C" {

FLUVIAL_EXPORT gboolean nvds_get_enable_latency_measurement(void) { return switches().frames; }
FLUVIAL_EXPORT gboolean nvds_get_latency_measurement_silent(void) { return switches().is_silent; }

FLUVIAL_EXPORT NvDsUserMeta* nvds_set_input_system_timestamp(GstBuffer* buffer, gchar* element_name) {
  NvDsBatchMeta* batch = switches().any() ? gst_buffer_get_nvds_batch_meta(buffer) : nullptr;
  if (!batch) return nullptr;
  auto* note = g_new0(NvDsMetaCompLatency, 1);
  g_strlcpy(note->component_name, element_name, sizeof(note->component_name));
  note->in_system_timestamp = now();
  NvDsUserMeta* user = nvds_acquire_user_meta_from_pool(batch);
  user->base_meta.meta_type = NVDS_LATENCY_MEASUREMENT_META;
  user->base_meta.copy_func = copy_note;
  user->base_meta.release_func = release_note;
  user->user_meta_data = note;
  nvds_add_user_meta_to_batch(batch, user);
  return user;
}

FLUVIAL_EXPORT gboolean nvds_set_output_system_timestamp(GstBuffer* buffer, gchar* element_name) {
  NvDsBatchMeta* batch = switches().any() ? gst_buffer_get_nvds_batch_meta(buffer) : nullptr;
  if (!batch) return FALSE;
  MetaLock lock(batch);
  for (const NvDsUserMeta* user : each<NvDsUserMeta>(batch->batch_user_meta_list)) {
    NvDsMetaCompLatency* note = note_in(user);
    if (!note || note->out_system_timestamp != 0 || g_strcmp0(note->component_name, element_name) != 0) continue;
    note->out_system_timestamp = now();
    return TRUE;
  }
  return FALSE;
}

FLUVIAL_EXPORT void nvds_add_reference_timestamp_meta(GstBuffer* buffer, gchar* element_name, guint frame_id) {
  if (!switches().any()) return;
  GstCaps* note = gst_caps_new_simple("video/x-raw", "component_name", G_TYPE_STRING, element_name,  //
                                      "frame_num", G_TYPE_INT, static_cast<gint>(frame_id),          //
                                      "in_timestamp", G_TYPE_DOUBLE, now(),                          //
                                      "out_timestamp", G_TYPE_DOUBLE, now(), nullptr);
  gst_buffer_add_reference_timestamp_meta(buffer, note, 0, GST_CLOCK_TIME_NONE);
  gst_caps_unref(note);
}

FLUVIAL_EXPORT guint nvds_measure_buffer_latency(GstBuffer* buffer, NvDsFrameLatencyInfo* latency_info) {
  NvDsBatchMeta* batch = switches().any() && buffer ? gst_buffer_get_nvds_batch_meta(buffer) : nullptr;
  if (!batch || !latency_info) return 0;
  MetaLock lock(batch);
  guint count = 0;
  for (const NvDsUserMeta* user : each<NvDsUserMeta>(batch->batch_user_meta_list)) {
    const NvDsMetaCompLatency* note = note_in(user);
    if (!note || !names_a_frame(batch, *note)) continue;
    auto* info = entry_for(*note, latency_info, count, batch->max_frames_in_batch);
    if (info) info->comp_in_timestamp = std::min(info->comp_in_timestamp, note->in_system_timestamp);
  }
  for (guint i = 0; i < count; ++i) latency_info[i].latency = now() - latency_info[i].comp_in_timestamp;
  if (switches().components) print_components(batch);
  return count;
}

}  // extern "C"
