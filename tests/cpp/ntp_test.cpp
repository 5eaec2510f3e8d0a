// The sender's clock on buffers, and who can be asked for it.
#include "leaks.h"

#include "meta/ntp.h"
#include "nvdsgstutils.h"

using namespace fluvial;

namespace {

GstBuffer* stamped(const char* clock, guint64 time) {
  auto* buffer = gst_buffer_new();
  auto* caps = gst_caps_new_empty_simple(clock);
  gst_buffer_add_reference_timestamp_meta(buffer, caps, time, GST_CLOCK_TIME_NONE);
  gst_caps_unref(caps);
  return buffer;
}

guint64 time_of(GstBuffer* buffer) {
  const guint64 time = sender_time(buffer);
  gst_buffer_unref(buffer);
  return time;
}

// A source of RTSP that takes the wish; nullptr where GStreamer lacks the plugin.
GstElement* new_source(const char* factory) {
  auto* element = gst_element_factory_make(factory, nullptr);
  return element ? GST_ELEMENT(gst_object_ref_sink(element)) : nullptr;
}

bool has_wish(GstElement* element) {
  gboolean is_set = FALSE;
  g_object_get(element, "add-reference-timestamp-meta", &is_set, nullptr);
  return is_set;
}

}  // namespace

TEST_CASE("the sender's time is nanoseconds since 1970, whichever clock tells it") {
  constexpr guint64 seconds_1900_to_1970 = 2208988800;
  CHECK(time_of(stamped("timestamp/x-ntp", (seconds_1900_to_1970 + 5) * GST_SECOND + 7)) == 5 * GST_SECOND + 7);
  CHECK(time_of(stamped("timestamp/x-unix", 5 * GST_SECOND)) == 5 * GST_SECOND);
}

TEST_CASE("a time that nobody told, or one before 1970, is 0") {
  CHECK(time_of(gst_buffer_new()) == 0);
  CHECK(time_of(stamped("timestamp/x-ntp", 5)) == 0);
  CHECK(time_of(stamped("timestamp/x-drone-clock", 5)) == 0);
}

TEST_CASE("a source of RTSP is asked itself, and one that a bin makes when it makes it") {
  auto* source = new_source("rtspsrc");
  if (!source || !g_object_class_find_property(G_OBJECT_GET_CLASS(source), "add-reference-timestamp-meta")) {
    gst_clear_object(&source);
    return;  // GStreamer 1.20
  }
  configure_source_for_ntp_sync(source);
  CHECK(has_wish(source));

  auto* early = new_source("rtspsrc");
  auto* late = new_source("rtspsrc");
  auto* bin = GST_ELEMENT(gst_object_ref_sink(gst_bin_new(nullptr)));
  auto* inner = gst_bin_new(nullptr);
  gst_bin_add(GST_BIN(bin), inner);
  gst_bin_add(GST_BIN(inner), early);
  CHECK(ask_for_sender_time(bin));
  CHECK(has_wish(early));
  gst_bin_add(GST_BIN(inner), late);
  CHECK(has_wish(late));
  for (auto* element : {source, early, late, bin}) gst_object_unref(element);
}

TEST_CASE("an element that gives no sender's time is refused") {
  auto* element = new_source("fakesrc");
  CHECK_FALSE(ask_for_sender_time(element));
  configure_source_for_ntp_sync(element);  // says so on stderr
  configure_source_for_ntp_sync(nullptr);
  gst_object_unref(element);
}
