#include "meta/ntp.h"

#include "nvdsgstutils.h"

namespace fluvial {
namespace {

constexpr const char* wish = "add-reference-timestamp-meta";
constexpr guint64 from_1900_to_1970 = G_GUINT64_CONSTANT(2208988800) * GST_SECOND;

bool set_wish(GstElement* element) {
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(element), wish)) return false;
  g_object_set(element, wish, TRUE, nullptr);
  return true;
}

void on_element_added(GstBin*, GstBin*, GstElement* element, gpointer) { set_wish(element); }

// uridecodebin makes its rtspsrc when it starts.
void watch(GstBin* bin) {
  g_signal_connect(bin, "deep-element-added", G_CALLBACK(on_element_added), nullptr);
  auto* inside = gst_bin_iterate_recurse(bin);
  gst_iterator_foreach(
      inside, [](const GValue* item, gpointer) { set_wish(GST_ELEMENT(g_value_get_object(item))); }, nullptr);
  gst_iterator_free(inside);
}

bool knows_the_wish() {
  guint major = 0, minor = 0, micro = 0, nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  return major > 1 || minor >= 22;
}

const GstReferenceTimestampMeta* stamp(GstBuffer* buffer, GstStaticCaps& clock) {
  auto* caps = gst_static_caps_get(&clock);
  const auto* meta = gst_buffer_get_reference_timestamp_meta(buffer, caps);
  gst_caps_unref(caps);
  return meta;
}

}  // namespace

bool ask_for_sender_time(GstElement* source) {
  if (!knows_the_wish()) return false;
  if (set_wish(source)) return true;
  if (!GST_IS_BIN(source)) return false;
  watch(GST_BIN(source));
  return true;
}

guint64 sender_time(GstBuffer* buffer) {
  static GstStaticCaps ntp = GST_STATIC_CAPS("timestamp/x-ntp");
  static GstStaticCaps unix_time = GST_STATIC_CAPS("timestamp/x-unix");
  if (const auto* meta = stamp(buffer, ntp))
    return meta->timestamp > from_1900_to_1970 ? meta->timestamp - from_1900_to_1970 : 0;
  const auto* meta = stamp(buffer, unix_time);
  return meta ? meta->timestamp : 0;
}

}  // namespace fluvial

extern "C" FLUVIAL_EXPORT void configure_source_for_ntp_sync(GstElement* source) {
  if (!source || !fluvial::ask_for_sender_time(source))
    g_printerr(
        "configure_source_for_ntp_sync: %s gives no sender's time: an rtspsrc of GStreamer 1.22 on does, or a bin "
        "that makes one\n",
        source ? GST_OBJECT_NAME(source) : "NULL");
}
