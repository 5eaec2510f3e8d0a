// fluvialsink (nveglglessink, nv3dsink): a window where there is a display; where there is none, frames are shown to
// nobody, at the same pace.
//
//   in    video/x-raw(memory:NVMM) with one surface, or video/x-raw
//   try   videotestsrc num-buffers=9 ! fluvialsink sync=false
//
// A bin: [fluvialconvert ! videoconvert ! a window's sink] or [fakesink].

#include "elements/sink/sink.h"

#include <gst/gst.h>

#include <map>
#include <mutex>
#include <string>

#include "elements/caps.h"
#include "elements/compat_properties.h"

GST_DEBUG_CATEGORY_STATIC(sink_debug);
#define GST_CAT_DEFAULT sink_debug

namespace {

using namespace fluvial;

struct Impl {
  GstElement* sink = nullptr;  // the one at the end; owned by the bin
  IgnoredProperties ignored;
};

bool has_display() { return g_getenv("DISPLAY") || g_getenv("WAYLAND_DISPLAY"); }

// A sink that opens a window here, or nullptr: a display may be named in the environment and yet not be there.
GstElement* window_sink() {
  if (!has_display()) return nullptr;
  for (const char* name : {"glimagesink", "xvimagesink", "ximagesink", "waylandsink"}) {
    auto* sink = gst_element_factory_make(name, "window");
    if (!sink) continue;
    if (gst_element_set_state(sink, GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS) return sink;
    gst_element_set_state(sink, GST_STATE_NULL);
    gst_object_ref_sink(sink);
    gst_object_unref(sink);
  }
  return nullptr;
}

GstElement* nobodys_sink() {
  auto* sink = gst_element_factory_make("fakesink", "nobody");
  g_object_set(sink, "sync", TRUE, "qos", TRUE, "enable-last-sample", FALSE, nullptr);
  return sink;
}

}  // namespace

struct FluvialSink {
  GstBin parent;
  Impl* impl;
};
struct FluvialSinkClass {
  GstBinClass parent;
};
G_DEFINE_TYPE(FluvialSink, fluvial_sink, GST_TYPE_BIN)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialSink*>(self)->impl; }

static void fluvial_sink_init(FluvialSink* self) {
  auto& impl = *(self->impl = new Impl());
  GstElement* first = nullptr;
  impl.sink = window_sink();
  if (impl.sink) {
    first = gst_element_factory_make("fluvialconvert", "surfaces");
    auto* convert = gst_element_factory_make("videoconvert", nullptr);
    gst_bin_add_many(GST_BIN(self), first, convert, impl.sink, nullptr);
    gst_element_link_many(first, convert, impl.sink, nullptr);
  } else {
    GST_INFO_OBJECT(self, "no display: frames are shown to nobody");
    first = impl.sink = nobodys_sink();
    gst_bin_add(GST_BIN(self), impl.sink);
  }
  auto* target = gst_element_get_static_pad(first, "sink");
  auto* templ = gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(self), "sink");
  gst_element_add_pad(GST_ELEMENT(self), gst_ghost_pad_new_from_template("sink", target, templ));
  gst_object_unref(target);
}

static void fluvial_sink_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_sink_parent_class)->finalize(object);
}

// Up to PROP_WINDOW the properties are the inner sink's own, of the same name.
enum { PROP_0, PROP_SYNC, PROP_QOS, PROP_ASYNC, PROP_MAX_LATENESS, PROP_TS_OFFSET, PROP_LAST_SAMPLE, PROP_WINDOW };

static void fluvial_sink_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  if (id >= PROP_WINDOW) return impl_of(self).ignored.set(spec, value);
  g_object_set_property(G_OBJECT(impl_of(self).sink), spec->name, value);
}

static void fluvial_sink_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  if (id >= PROP_WINDOW) return impl_of(self).ignored.get(spec, value);
  g_object_get_property(G_OBJECT(impl_of(self).sink), spec->name, value);
}

static void fluvial_sink_class_init(FluvialSinkClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_sink_finalize;
  object->set_property = fluvial_sink_set_property;
  object->get_property = fluvial_sink_get_property;
  PropertyInstaller own(object, PROP_SYNC);
  own.add_bool("sync", "Show each frame at its time, not as fast as it comes", true);
  own.add_bool("qos", "Tell upstream when frames come late", true);
  own.add_bool("async", "Wait for the first frame before the pipeline plays", true);
  own.add(g_param_spec_int64("max-lateness", "max-lateness",
                             "Nanoseconds after which a late frame is dropped; -1: never", -1, G_MAXINT64, -1,
                             property_flags));
  own.add(g_param_spec_int64("ts-offset", "ts-offset", "Nanoseconds by which frames are shown later", G_MININT64,
                             G_MAXINT64, 0, property_flags));
  own.add_bool("enable-last-sample", "Keep the last frame for whoever asks", false);
  PropertyInstaller window(object, PROP_WINDOW);
  window.add_uint("window-x", "Left of the window; no effect", 0, G_MAXINT, 10);
  window.add_uint("window-y", "Top of the window; no effect", 0, G_MAXINT, 10);
  window.add_uint("window-width", "Width of the window; no effect", 0, G_MAXINT, 0);
  window.add_uint("window-height", "Height of the window; no effect", 0, G_MAXINT, 0);
  window.add_uint("gpu-id", "Number of the GPU; no effect", 0, G_MAXUINT, 0);
  window.add_bool("create-window", "No effect", true);
  window.add_bool("force-aspect-ratio", "No effect", true);

  auto* element = GST_ELEMENT_CLASS(klass);
  auto* in = any_video_caps();
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, in);
  gst_element_class_set_static_metadata(element, "Window, or nobody", "Sink/Video",
                                        "Shows surfaces where there is a display", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(sink_debug, "fluvialsink", 0, "window sink");
}
