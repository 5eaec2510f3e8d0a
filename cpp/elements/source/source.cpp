// fluvialsource (nvurisrcbin): the video at an address, decoded; a camera that goes away is connected again.
//
//   out   vsrc_0: video/x-raw(memory:NVMM); it is there once the video is known, and stays while the camera is away
//   try   fluvialsource uri=file:///tmp/a.mp4 ! fakesink
//
// A bin around one uridecodebin, the connection (inner.cpp). When that fails, ends or falls silent, another takes its
// place (connector.cpp), behind the same pad, whose time goes on (outlet.cpp). Others downstream see a pause, a stream
// reset event and new caps at most. As DeepStream's, it connects again only where a property says so.

#include "elements/source/source.h"

#include <gst/gst.h>

#include <mutex>
#include <utility>

#include "elements/caps.h"
#include "elements/compat_properties.h"
#include "elements/guard.h"
#include "elements/source/connector.h"
#include "elements/source/settings.h"

namespace {

using namespace fluvial;

struct Impl {
  explicit Impl(GstElement* self) : connector(self) {}

  std::mutex mutex;  // guards the settings
  SourceSettings settings;
  IgnoredProperties ignored;
  Connector connector;
};

}  // namespace

struct FluvialSource {
  GstBin parent;
  Impl* impl;
};
struct FluvialSourceClass {
  GstBinClass parent;
};
G_DEFINE_TYPE(FluvialSource, fluvial_source, GST_TYPE_BIN)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialSource*>(self)->impl; }

static bool start(GstElement* element) {
  auto& impl = impl_of(element);
  SourceSettings settings;
  {
    std::lock_guard lock(impl.mutex);
    settings = impl.settings;
  }
  return guarded(element, false, [&] {
    if (settings.uri.empty()) throw SettingsError("uri: none is given; an address such as rtsp://host/path is needed");
    return impl.connector.start(std::move(settings));
  });
}

static GstStateChangeReturn fluvial_source_change_state(GstElement* element, GstStateChange change) {
  auto& connector = impl_of(element).connector;
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !start(element)) return GST_STATE_CHANGE_FAILURE;
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) connector.stop();
  const auto result = GST_ELEMENT_CLASS(fluvial_source_parent_class)->change_state(element, change);
  const bool has_failed = change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (has_failed) connector.tell_failed_start();
  if (has_failed || change == GST_STATE_CHANGE_PAUSED_TO_READY) connector.clear();
  // Between two connections there is no child that would say so.
  const bool is_to_paused = change == GST_STATE_CHANGE_READY_TO_PAUSED || change == GST_STATE_CHANGE_PLAYING_TO_PAUSED;
  const bool is_live = is_to_paused && result == GST_STATE_CHANGE_SUCCESS && connector.is_live();
  return is_live ? GST_STATE_CHANGE_NO_PREROLL : result;
}

static void fluvial_source_handle_message(GstBin* bin, GstMessage* message) {
  if (guarded(bin, false, [&] { return impl_of(bin).connector.keeps(message); }))
    gst_message_unref(message);
  else
    GST_BIN_CLASS(fluvial_source_parent_class)->handle_message(bin, message);
}

static gboolean fluvial_source_send_event(GstElement* element, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && impl_of(element).connector.end()) {
    gst_event_unref(event);
    return TRUE;
  }
  return GST_ELEMENT_CLASS(fluvial_source_parent_class)->send_event(element, event);
}

static void fluvial_source_init(FluvialSource* self) {
  self->impl = new Impl(GST_ELEMENT(self));
  // It is a source without a child too: an application's EOS is sent to sources.
  gst_bin_set_suppressed_flags(GST_BIN(self), GST_ELEMENT_FLAG_SOURCE);
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}

static void fluvial_source_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_source_parent_class)->finalize(object);
}

static void fluvial_source_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_other_property) return impl.ignored.set(spec, value);
  std::lock_guard lock(impl.mutex);
  source_properties().set(id, impl.settings, value);
}

static void fluvial_source_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_other_property) return impl.ignored.get(spec, value);
  std::lock_guard lock(impl.mutex);
  source_properties().get(id, impl.settings, value);
}

static void add_ignored(GObjectClass* object) {
  PropertyInstaller ignored(object, first_other_property);
  ignored.add_uint("type", "0 auto, 1 any address, 2 RTSP; no effect: the address tells", 0, 3, 0);
  ignored.add_uint("cudadec-memtype", "0 device, 1 pinned, 2 unified; no effect", 0, 2, 0);
  ignored.add_uint("dec-skip-frames", "Kinds of frames skipped, as DeepStream numbers them; no effect", 0, 2, 0);
  ignored.add_uint("buffer-mode", "Of rtspsrc, as DeepStream numbers it; no effect", 0, 4, 3);
  ignored.add_bool("disable-audio", "No effect: sound is not decoded", true);
  ignored.add_bool("disable-passthrough", "No effect", false);
  ignored.add_bool("low-latency-mode", "No effect: software decoders output in order", false);
  ignored.add_bool("extract-sei-type5-data", "No effect", false);
  ignored.add_string("sei-uuid", "No effect", nullptr);
}

static void fluvial_source_class_init(FluvialSourceClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_source_finalize;
  object->set_property = fluvial_source_set_property;
  object->get_property = fluvial_source_get_property;
  source_properties().install(object);
  add_ignored(object);

  auto* element = GST_ELEMENT_CLASS(klass);
  element->change_state = fluvial_source_change_state;
  element->send_event = fluvial_source_send_event;
  GST_BIN_CLASS(klass)->handle_message = fluvial_source_handle_message;
  auto* caps = any_surface_caps();
  gst_caps_append(caps, gst_caps_new_empty_simple("video/x-raw"));
  add_pad_template(element, "vsrc_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, caps);
  gst_element_class_set_static_metadata(element, "Video at an address", "Source/Video/Network",
                                        "Decodes it, and connects again to a camera that went away", "Fluvial");
}
