#include "elements/mux/latency.h"

#include "nvds_latency_meta.h"

namespace fluvial {
namespace {

void note(GstBuffer* batch, const NvDsFrameMeta* frame, const char* component, double in_ms, double out_ms) {
  auto* user = nvds_set_input_system_timestamp(batch, const_cast<gchar*>(component));
  if (!user) return;
  auto* latency = static_cast<NvDsMetaCompLatency*>(user->user_meta_data);
  latency->in_system_timestamp = in_ms;
  latency->out_system_timestamp = out_ms;
  latency->source_id = frame->source_id;
  latency->frame_num = static_cast<guint>(frame->frame_num);
  latency->pad_index = frame->pad_index;
}

// What nvds_add_reference_timestamp_meta() left on a buffer.
void note_decoder(GstBuffer* batch, const NvDsFrameMeta* frame, GstBuffer* from, double arrived_ms) {
  gpointer state = nullptr;
  while (auto* base = gst_buffer_iterate_meta_filtered(from, &state, GST_REFERENCE_TIMESTAMP_META_API_TYPE)) {
    const auto* reference = reinterpret_cast<GstReferenceTimestampMeta*>(base)->reference;
    const auto* fields = gst_caps_get_structure(reference, 0);
    const char* component = gst_structure_get_string(fields, "component_name");
    double in_ms = 0;
    if (component && gst_structure_get_double(fields, "in_timestamp", &in_ms))
      note(batch, frame, component, in_ms, arrived_ms);
  }
}

}  // namespace

void note_latency(GstBuffer* batch, const NvDsFrameMeta* frame, GstBuffer* from, gint64 arrived_us) {
  if (!nvds_get_enable_latency_measurement()) return;
  const double now_ms = static_cast<double>(g_get_real_time()) / 1e3;
  const double arrived_ms = now_ms - static_cast<double>(g_get_monotonic_time() - arrived_us) / 1e3;
  note_decoder(batch, frame, from, arrived_ms);
  note(batch, frame, "nvstreammux", arrived_ms, now_ms);
}

}  // namespace fluvial
