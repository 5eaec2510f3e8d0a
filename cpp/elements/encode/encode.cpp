// fluvialencode (nvv4l2h264enc) and fluvialencodeh265 (nvv4l2h265enc): surfaces into H.264 or H.265.
//
//   in    video/x-raw(memory:NVMM) with one surface, or video/x-raw
//   out   video/x-h264 or video/x-h265
//   try   videotestsrc num-buffers=9 ! fluvialconvert ! fluvialencode bitrate=2000000 ! h264parse ! fakesink
//
// A bin: fluvialconvert ! [encoder], the first that this machine has of the lists below.

#include "elements/encode/encode.h"

#include <gst/gst.h>

#include <algorithm>
#include <mutex>

#include "elements/caps.h"
#include "elements/compat_properties.h"

GST_DEBUG_CATEGORY_STATIC(encode_debug);
#define GST_CAT_DEFAULT encode_debug

namespace {

using namespace fluvial;

// How one encoder wants what we are told. nullptr: it has no such property.
struct Encoder {
  const char* factory;
  const char* bitrate;
  guint bitrate_unit;  // bits a second
  const char* key_interval;
  const char* setup;  // further properties, "key=value ..."
};

const Encoder h264_encoders[] = {
    {"x264enc", "bitrate", 1000, "key-int-max", "speed-preset=veryfast tune=zerolatency"},
    {"vah264enc", "bitrate", 1000, "key-int-max", ""},
    {"openh264enc", "bitrate", 1, "gop-size", ""},
};
const Encoder h265_encoders[] = {
    {"x265enc", "bitrate", 1000, "key-int-max", "speed-preset=veryfast tune=zerolatency log-level=error"},
    {"vah265enc", "bitrate", 1000, "key-int-max", ""},
};

struct Impl {
  std::mutex mutex;
  guint bitrate = 4000000;  // bits a second
  guint key_interval = 30;  // frames
  const Encoder* kind = nullptr;
  GstElement* encoder = nullptr;  // owned by the bin
  IgnoredProperties ignored;
};

}  // namespace

struct FluvialEncode {
  GstBin parent;
  Impl* impl;
};
struct FluvialEncodeClass {
  GstBinClass parent;
};
G_DEFINE_ABSTRACT_TYPE(FluvialEncode, fluvial_encode, GST_TYPE_BIN)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialEncode*>(self)->impl; }

static void set_up(GstElement* encoder, const char* setup) {
  gchar** pairs = g_strsplit(setup, " ", -1);
  for (gchar** pair = pairs; *pair; ++pair) {
    gchar** sides = g_strsplit(*pair, "=", 2);
    if (sides[0] && sides[1]) gst_util_set_object_arg(G_OBJECT(encoder), sides[0], sides[1]);
    g_strfreev(sides);
  }
  g_strfreev(pairs);
}

static void apply(Impl& impl) {
  if (!impl.encoder) return;
  // Encoders take either bits or kilobits a second; their ranges begin at 1.
  g_object_set(impl.encoder, impl.kind->bitrate, std::max(1U, impl.bitrate / impl.kind->bitrate_unit), nullptr);
  g_object_set(impl.encoder, impl.kind->key_interval, std::max(1U, impl.key_interval), nullptr);
}

template <std::size_t N>
static void build(FluvialEncode* self, const Encoder (&encoders)[N]) {
  auto& impl = impl_of(self);
  auto* convert = gst_element_factory_make("fluvialconvert", "surfaces");
  for (const auto& kind : encoders) {
    impl.encoder = gst_element_factory_make(kind.factory, "encoder");
    impl.kind = &kind;
    if (impl.encoder) break;
  }
  auto* klass = GST_ELEMENT_GET_CLASS(self);
  gst_bin_add(GST_BIN(self), convert);
  auto* sink = gst_element_get_static_pad(convert, "sink");
  gst_element_add_pad(GST_ELEMENT(self),
                      gst_ghost_pad_new_from_template("sink", sink, gst_element_class_get_pad_template(klass, "sink")));
  gst_object_unref(sink);
  auto* source_template = gst_element_class_get_pad_template(klass, "src");
  if (!impl.encoder) {  // said when the pipeline starts, so that merely making the element does not fail
    gst_element_add_pad(GST_ELEMENT(self), gst_ghost_pad_new_no_target_from_template("src", source_template));
    return;
  }
  set_up(impl.encoder, impl.kind->setup);
  apply(impl);
  gst_bin_add(GST_BIN(self), impl.encoder);
  gst_element_link(convert, impl.encoder);
  auto* src = gst_element_get_static_pad(impl.encoder, "src");
  gst_element_add_pad(GST_ELEMENT(self), gst_ghost_pad_new_from_template("src", src, source_template));
  gst_object_unref(src);
}

static GstStateChangeReturn fluvial_encode_change_state(GstElement* self, GstStateChange change) {
  if (change == GST_STATE_CHANGE_NULL_TO_READY && !impl_of(self).encoder) {
    GST_ELEMENT_ERROR(self, LIBRARY, INIT, ("no encoder of this kind on this machine"),
                      ("apt-get install gstreamer1.0-plugins-ugly brings x264, gstreamer1.0-plugins-bad x265"));
    return GST_STATE_CHANGE_FAILURE;
  }
  return GST_ELEMENT_CLASS(fluvial_encode_parent_class)->change_state(self, change);
}

static void fluvial_encode_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_encode_parent_class)->finalize(object);
}

enum { PROP_0, PROP_BITRATE, PROP_KEY_INTERVAL, PROP_IGNORED };

static void fluvial_encode_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.set(spec, value);
  std::lock_guard lock(impl.mutex);
  (id == PROP_BITRATE ? impl.bitrate : impl.key_interval) = g_value_get_uint(value);
  apply(impl);
}

static void fluvial_encode_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.get(spec, value);
  std::lock_guard lock(impl.mutex);
  g_value_set_uint(value, id == PROP_BITRATE ? impl.bitrate : impl.key_interval);
}

static void fluvial_encode_init(FluvialEncode* self) { self->impl = new Impl(); }

static void fluvial_encode_class_init(FluvialEncodeClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_encode_finalize;
  object->set_property = fluvial_encode_set_property;
  object->get_property = fluvial_encode_get_property;
  PropertyInstaller own(object, PROP_BITRATE);
  own.add_uint("bitrate", "Bits a second", 1000, G_MAXUINT, 4000000);
  own.add_uint("iframeinterval", "Frames from one key frame to the next, at most", 1, G_MAXINT, 30);
  PropertyInstaller ignored(object, PROP_IGNORED);
  add_hardware_properties(ignored);
  ignored.add_uint("preset-level", "Speed of DeepStream's encoder; no effect", 0, 7, 1);
  ignored.add_bool("insert-sps-pps", "No effect: headers are repeated with key frames", false);
  ignored.add_uint("idrinterval", "No effect", 0, G_MAXUINT, 256);
  ignored.add_uint("profile", "Profile as DeepStream numbers it; no effect", 0, 8, 0);
  ignored.add_bool("bufapi-version", "No effect", false);
  ignored.add_bool("maxperf-enable", "Jetson; no effect", false);
  ignored.add_uint("control-rate", "As DeepStream numbers it; no effect", 0, 3, 1);
  GST_ELEMENT_CLASS(klass)->change_state = fluvial_encode_change_state;
  GST_DEBUG_CATEGORY_INIT(encode_debug, "fluvialencode", 0, "encoder of surfaces");
}

static void add_pads(GstElementClass* klass, const char* codec) {
  auto* in = any_video_caps();
  add_pad_template(klass, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, in);
  add_pad_template(klass, "src", GST_PAD_SRC, GST_PAD_ALWAYS, gst_caps_new_empty_simple(codec));
}

// The two codecs differ in their pads and their encoders only.
struct FluvialEncodeH264 {
  FluvialEncode parent;
};
struct FluvialEncodeH264Class {
  FluvialEncodeClass parent;
};
G_DEFINE_TYPE(FluvialEncodeH264, fluvial_encode_h264, fluvial_encode_get_type())

static void fluvial_encode_h264_init(FluvialEncodeH264* self) { build(&self->parent, h264_encoders); }

static void fluvial_encode_h264_class_init(FluvialEncodeH264Class* klass) {
  add_pads(GST_ELEMENT_CLASS(klass), "video/x-h264");
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "H.264 encoder of surfaces", "Codec/Encoder/Video",
                                        "Encodes with whatever this machine has", "Fluvial");
}

struct FluvialEncodeH265 {
  FluvialEncode parent;
};
struct FluvialEncodeH265Class {
  FluvialEncodeClass parent;
};
G_DEFINE_TYPE(FluvialEncodeH265, fluvial_encode_h265, fluvial_encode_get_type())

static void fluvial_encode_h265_init(FluvialEncodeH265* self) { build(&self->parent, h265_encoders); }

static void fluvial_encode_h265_class_init(FluvialEncodeH265Class* klass) {
  add_pads(GST_ELEMENT_CLASS(klass), "video/x-h265");
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "H.265 encoder of surfaces", "Codec/Encoder/Video",
                                        "Encodes with whatever this machine has", "Fluvial");
}
