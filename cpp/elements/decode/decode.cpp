// fluvialdecode (nvv4l2decoder): any compressed video into surfaces, by whichever decoder this machine has.
//
//   in    video/x-h264, x-h265, x-vp8, x-vp9, x-av1, mpeg, image/jpeg
//   out   video/x-raw(memory:NVMM), one surface a buffer: the decoder's own memory, not a copy
//   try   filesrc location=a.h264 ! h264parse ! fluvialdecode ! fakesink
//
// A bin: [decoder] ! [videoconvert, only for formats that surfaces lack] ! fluvialconvert. The decoder is made when the
// caps are known: NVDEC where a GPU has it for this stream, whose frames stay on the GPU, else the best of the others.
// Before one of JPEG stands jpegparse: stills of 4:4:4 are decoded by libav, as jpegdec leaves out most of their
// chroma, and the next still may be of another sampling. As nvv4l2decoder it ranks above every other decoder, so that
// decodebin chooses it.

#include "elements/decode/decode.h"

#include <gst/gst.h>

#include <mutex>
#include <string>
#include <utility>

#include "elements/caps.h"
#include "elements/compat_properties.h"
#include "elements/decode/nvdec.h"
#include "elements/guard.h"
#include "nvds_latency_meta.h"

GST_DEBUG_CATEGORY_STATIC(decode_debug);
#define GST_CAT_DEFAULT decode_debug

namespace {

using namespace fluvial;

constexpr const char* compressed =
    "video/x-h264, stream-format=(string){ byte-stream, avc, avc3 }, alignment=(string)au; "
    "video/x-h265, stream-format=(string){ byte-stream, hvc1, hev1 }, alignment=(string)au; "
    "video/x-vp8; video/x-vp9; video/x-av1; video/mpeg, mpegversion=(int){ 1, 2, 4 }, systemstream=(boolean)false; "
    "video/x-divx; video/x-xvid; image/jpeg";

constexpr const char* surface_ready = "video/x-raw, format=(string){ I420, NV12, RGBA, RGB, BGRx, GRAY8, Y444 }";

struct Impl {
  std::mutex mutex;  // guards the settings
  guint threads = 1;
  guint gpu_id = 0;
  guint drop_frame_interval = 0;
  guint extra_surfaces = 1;
  guint seen_frames = 0;  // the streaming thread's
  guint arrived = 0;      // the same, where they come in
  IgnoredProperties ignored;
  GstPad* sink = nullptr;  // the bin's pads, owned by the bin
  GstElement* convert = nullptr;
  GstElement* parser = nullptr;   // of JPEG
  bool is_told = false;           // why the GPU does not decode it
  GstElement* decoder = nullptr;  // nullptr until the caps are known
  bool keeps_chroma = false;      // what it was chosen for
};

bool decodes_into_system_memory(GstElementFactory* factory) {
  auto* wanted = gst_caps_new_empty_simple("video/x-raw");
  const bool yes = gst_element_factory_can_src_any_caps(factory, wanted);
  gst_caps_unref(wanted);
  return yes;
}

bool is_ours(GstElementFactory* factory) {
  const char* name = GST_OBJECT_NAME(factory);
  return g_str_equal(name, "nvv4l2decoder") || g_str_equal(name, "fluvialdecode");
}

// The first of these factories that makes a decoder which this machine can really open, or nullptr. Floating reference.
GstElement* make_first(GList* factories) {
  for (GList* node = factories; node; node = node->next) {
    auto* factory = static_cast<GstElementFactory*>(node->data);
    if (is_ours(factory) || !decodes_into_system_memory(factory)) continue;
    auto* element = gst_element_factory_create(factory, nullptr);
    if (!element) continue;
    // A hardware decoder may be installed on a machine without the hardware: opening it tells.
    if (gst_element_set_state(element, GST_STATE_READY) != GST_STATE_CHANGE_FAILURE) return element;
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_ref_sink(element);
    gst_object_unref(element);
  }
  return nullptr;
}

// The best decoder for these caps in the CPU's memory. One that takes all of them comes before one that merely might:
// vp8alphadecodebin does not forbid VP8 without alpha, and cannot decode it.
GstElement* make_decoder(GstCaps* caps) {
  auto* all = all_decoders();
  GstElement* made = nullptr;
  for (const bool takes_all : {true, false}) {
    auto* fitting = gst_element_factory_list_filter(all, caps, GST_PAD_SINK, takes_all);
    fitting = g_list_sort(fitting, gst_plugin_feature_rank_compare_func);
    if (!made) made = make_first(fitting);
    gst_plugin_feature_list_free(fitting);
  }
  gst_plugin_feature_list_free(all);
  return made;
}

void set_if_known(GstElement* element, const char* property, const std::string& value) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), property))
    gst_util_set_object_arg(G_OBJECT(element), property, value.c_str());
}

// A decoder on the CPU.
void set_up(GstElement* decoder, guint threads) {
  for (const char* name : {"max-threads", "threads", "n-threads"}) set_if_known(decoder, name, std::to_string(threads));
  // libjpeg's fast transform, jpegdec's default, makes red and blue a level darker in the mean, to save a tenth.
  set_if_known(decoder, "idct-method", "islow");
}

}  // namespace

struct FluvialDecode {
  GstBin parent;
  Impl* impl;
};
struct FluvialDecodeClass {
  GstBinClass parent;
};
G_DEFINE_TYPE(FluvialDecode, fluvial_decode, GST_TYPE_BIN)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialDecode*>(self)->impl; }

// The caps are known, and who takes them.
static bool has_begun(const Impl& impl) { return impl.parser || impl.decoder; }

// Keeps every n-th picture. Dropped after decoding, as others are predicted from it.
static GstPadProbeReturn drop_frames(GstPad*, GstPadProbeInfo*, gpointer self) {
  auto& impl = impl_of(self);
  std::lock_guard lock(impl.mutex);
  const guint every = impl.drop_frame_interval;
  return every > 1 && impl.seen_frames++ % every != 0 ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

// Latency is counted from where a picture enters its decoder.
static GstPadProbeReturn note_arrival(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  nvds_add_reference_timestamp_meta(buffer, const_cast<gchar*>("nvv4l2decoder"), impl_of(self).arrived++);
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  return GST_PAD_PROBE_OK;
}

// decoder ! capsfilter ! convert: frames stay on the GPU.
static bool link_nvdec(FluvialDecode* self, GstElement* decoder) {
  auto* filter = gst_element_factory_make("capsfilter", nullptr);
  auto* wanted = gst_caps_from_string("video/x-raw(" GST_FEATURE_CUDA "), format=(string)NV12");
  g_object_set(filter, "caps", wanted, nullptr);
  gst_caps_unref(wanted);
  gst_bin_add_many(GST_BIN(self), decoder, filter, nullptr);
  const bool is_linked = gst_element_link_many(decoder, filter, impl_of(self).convert, nullptr);
  for (auto* element : {filter, decoder}) gst_element_sync_state_with_parent(element);
  return is_linked;
}

// decoder ! videoconvert ! capsfilter ! convert, of which videoconvert passes through what surfaces can hold.
static bool link_decoder(FluvialDecode* self, GstElement* decoder) {
  auto* anything = gst_element_factory_make("videoconvert", nullptr);
  auto* filter = gst_element_factory_make("capsfilter", nullptr);
  auto* ready = gst_caps_from_string(surface_ready);
  g_object_set(filter, "caps", ready, nullptr);
  gst_caps_unref(ready);
  gst_bin_add_many(GST_BIN(self), decoder, anything, filter, nullptr);
  const bool is_linked = gst_element_link_many(decoder, anything, filter, impl_of(self).convert, nullptr);
  for (auto* element : {filter, anything, decoder}) gst_element_sync_state_with_parent(element);
  return is_linked;
}

static bool is_jpeg(GstCaps* caps) { return gst_structure_has_name(gst_caps_get_structure(caps, 0), "image/jpeg"); }

// JPEG with as much chroma as luma, which jpegdec makes I420 of by leaving out three values of four.
static bool is_full_of_chroma(GstCaps* caps) {
  const char* sampling = gst_structure_get_string(gst_caps_get_structure(caps, 0), "sampling");
  return sampling && g_str_equal(sampling, "YCbCr-4:4:4");
}

static bool make_and_link(FluvialDecode* self, GstCaps* caps) {
  auto& impl = impl_of(self);
  guint gpu_id = 0, threads = 0, extra_surfaces = 0;
  {
    std::lock_guard lock(impl.mutex);
    gpu_id = impl.gpu_id;
    extra_surfaces = impl.extra_surfaces;
    threads = impl.threads;
  }
  std::string why_not;
  auto* nvdec = make_nvdec(caps, gpu_id, why_not);
  impl.keeps_chroma = is_full_of_chroma(caps);
  auto* whole = nvdec || !impl.keeps_chroma ? nullptr : gst_element_factory_make("avdec_mjpeg", nullptr);
  auto* decoder = nvdec ? nvdec : whole ? whole : make_decoder(caps);
  if (!decoder) {
    gchar* text = gst_caps_to_string(caps);
    GST_ELEMENT_ERROR(self, STREAM, CODEC_NOT_FOUND, ("no decoder on this machine for %s", text),
                      ("%sapt-get install gstreamer1.0-libav gstreamer1.0-plugins-bad brings most decoders",
                       why_not.empty() ? "" : (why_not + "; ").c_str()));
    g_free(text);
    return false;
  }
  const std::string name = GST_OBJECT_NAME(gst_element_get_factory(decoder));
  GST_INFO_OBJECT(self, "decoding with %s", name.c_str());
  if (!nvdec && !why_not.empty() && !std::exchange(impl.is_told, true))
    warn(self, "decoded by the CPU (" + name + "): " + why_not);
  if (nvdec)
    provide_surfaces(decoder, extra_surfaces);
  else
    set_up(decoder, threads);
  impl.decoder = decoder;
  return nvdec ? link_nvdec(self, decoder) : link_decoder(self, decoder);
}

// All but `kept` and the converter.
static void remove_children(FluvialDecode* self, GstElement* kept) {
  auto* children = gst_bin_iterate_elements(GST_BIN(self));
  GList* gone = nullptr;
  GValue item = G_VALUE_INIT;
  while (gst_iterator_next(children, &item) == GST_ITERATOR_OK) {
    auto* child = static_cast<GstElement*>(g_value_get_object(&item));
    if (child != impl_of(self).convert && child != kept) gone = g_list_prepend(gone, gst_object_ref(child));
    g_value_reset(&item);
  }
  g_value_unset(&item);
  gst_iterator_free(children);
  for (GList* node = gone; node; node = node->next) {
    // The bin may be on its way to another state in another thread, and must not take along what goes.
    gst_element_set_locked_state(GST_ELEMENT(node->data), TRUE);
    gst_element_set_state(GST_ELEMENT(node->data), GST_STATE_NULL);
    gst_bin_remove(GST_BIN(self), GST_ELEMENT(node->data));
  }
  g_list_free_full(gone, gst_object_unref);
}

// A still begins: another decoder where this one asks for it. Decoders of JPEG hold no picture back.
static GstPadProbeReturn see_sampling(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<FluvialDecode*>(data);
  auto& impl = impl_of(self);
  auto* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  if (impl.decoder && impl.keeps_chroma == is_full_of_chroma(caps)) return GST_PAD_PROBE_OK;
  remove_children(self, impl.parser);
  if (make_and_link(self, caps)) gst_element_link(impl.parser, impl.decoder);
  return GST_PAD_PROBE_OK;
}

static bool begin_at(FluvialDecode* self, GstElement* first) {
  auto* pad = gst_element_get_static_pad(first, "sink");
  const bool is_targeted = gst_ghost_pad_set_target(GST_GHOST_PAD(impl_of(self).sink), pad);
  gst_object_unref(pad);
  return is_targeted;
}

static bool build(FluvialDecode* self, GstCaps* caps) {
  auto& impl = impl_of(self);
  impl.parser = is_jpeg(caps) ? gst_element_factory_make("jpegparse", nullptr) : nullptr;
  if (!impl.parser) return make_and_link(self, caps) && begin_at(self, impl.decoder);
  gst_bin_add(GST_BIN(self), impl.parser);
  auto* out = gst_element_get_static_pad(impl.parser, "src");
  gst_pad_add_probe(out, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, see_sampling, self, nullptr);
  gst_object_unref(out);
  gst_element_sync_state_with_parent(impl.parser);
  return begin_at(self, impl.parser);
}

static gboolean fluvial_decode_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = reinterpret_cast<FluvialDecode*>(parent);
  auto& impl = impl_of(self);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS && !has_begun(impl)) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    if (!build(self, caps)) {
      gst_event_unref(event);
      return FALSE;
    }
  }
  if (!has_begun(impl) && GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    // The stream ended before it began: say so instead of waiting for ever.
    auto* src = gst_element_get_static_pad(impl.convert, "src");
    if (auto* start = gst_pad_get_sticky_event(pad, GST_EVENT_STREAM_START, 0)) gst_pad_push_event(src, start);
    const gboolean is_taken = gst_pad_push_event(src, event);
    gst_object_unref(src);
    return is_taken;
  }
  // Sticky events before the caps wait on the ghost pad's inner pad, and reach the decoder when that is linked.
  return gst_pad_event_default(pad, parent, event);
}

static gboolean fluvial_decode_sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (has_begun(impl_of(parent))) return gst_pad_query_default(pad, parent, query);
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS: {
      GstCaps* filter = nullptr;
      gst_query_parse_caps(query, &filter);
      auto* caps = gst_pad_get_pad_template_caps(pad);
      if (filter) {
        auto* both = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
        gst_caps_unref(caps);
        caps = both;
      }
      gst_query_set_caps_result(query, caps);
      gst_caps_unref(caps);
      return TRUE;
    }
    case GST_QUERY_ACCEPT_CAPS: {
      GstCaps* caps = nullptr;
      gst_query_parse_accept_caps(query, &caps);
      auto* known = gst_pad_get_pad_template_caps(pad);
      gst_query_set_accept_caps_result(query, gst_caps_can_intersect(caps, known));
      gst_caps_unref(known);
      return TRUE;
    }
    default: return gst_pad_query_default(pad, parent, query);
  }
}

// Back in NULL the next stream may be of another codec: the decoder goes.
static void forget_decoder(FluvialDecode* self) {
  auto& impl = impl_of(self);
  if (!has_begun(impl)) return;
  gst_ghost_pad_set_target(GST_GHOST_PAD(impl.sink), nullptr);
  remove_children(self, nullptr);
  impl.parser = nullptr;
  impl.decoder = nullptr;
  impl.seen_frames = 0;
}

static GstStateChangeReturn fluvial_decode_change_state(GstElement* self, GstStateChange change) {
  const auto result = GST_ELEMENT_CLASS(fluvial_decode_parent_class)->change_state(self, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) forget_decoder(reinterpret_cast<FluvialDecode*>(self));
  return result;
}

static void fluvial_decode_init(FluvialDecode* self) {
  auto& impl = *(self->impl = new Impl());
  impl.convert = gst_element_factory_make("fluvialconvert", "surfaces");
  gst_bin_add(GST_BIN(self), impl.convert);
  auto* klass = GST_ELEMENT_GET_CLASS(self);

  impl.sink = gst_ghost_pad_new_no_target_from_template("sink", gst_element_class_get_pad_template(klass, "sink"));
  gst_pad_set_event_function(impl.sink, fluvial_decode_sink_event);
  gst_pad_set_query_function(impl.sink, fluvial_decode_sink_query);
  if (nvds_get_enable_latency_measurement())
    gst_pad_add_probe(impl.sink, GST_PAD_PROBE_TYPE_BUFFER, note_arrival, self, nullptr);
  gst_element_add_pad(GST_ELEMENT(self), impl.sink);

  auto* target = gst_element_get_static_pad(impl.convert, "src");
  gst_pad_add_probe(target, GST_PAD_PROBE_TYPE_BUFFER, drop_frames, self, nullptr);
  auto* src = gst_ghost_pad_new_from_template("src", target, gst_element_class_get_pad_template(klass, "src"));
  gst_element_add_pad(GST_ELEMENT(self), src);
  gst_object_unref(target);
}

static void fluvial_decode_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_decode_parent_class)->finalize(object);
}

enum { PROP_0, PROP_THREADS, PROP_DROP_FRAME_INTERVAL, PROP_GPU_ID, PROP_EXTRA_SURFACES, PROP_IGNORED };

static guint* setting_of(Impl& impl, guint id) {
  switch (id) {
    case PROP_THREADS: return &impl.threads;
    case PROP_DROP_FRAME_INTERVAL: return &impl.drop_frame_interval;
    case PROP_EXTRA_SURFACES: return &impl.extra_surfaces;
    default: return &impl.gpu_id;
  }
}

static void fluvial_decode_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.set(spec, value);
  std::lock_guard lock(impl.mutex);
  *setting_of(impl, id) = g_value_get_uint(value);
}

static void fluvial_decode_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.get(spec, value);
  std::lock_guard lock(impl.mutex);
  g_value_set_uint(value, *setting_of(impl, id));
}

static void fluvial_decode_class_init(FluvialDecodeClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_decode_finalize;
  object->set_property = fluvial_decode_set_property;
  object->get_property = fluvial_decode_get_property;
  PropertyInstaller own(object, PROP_THREADS);
  own.add_uint("threads", "Threads of a software decoder; 0: one a core. One is the most work done per watt", 0, 64, 1);
  own.add_uint("drop-frame-interval", "Keep one picture in this many; 0 and 1 keep all", 0, 30, 0);
  own.add_uint("gpu-id", "GPU whose decoder is used, where there is one for the stream", 0, G_MAXUINT, 0);
  own.add_uint(
      "num-extra-surfaces",
      "Frames that the program may keep of an NVIDIA GPU's decoder, more than the pipeline itself; no effect on "
      "software decoders, which make frames as needed",
      0, 55, 1);
  PropertyInstaller ignored(object, PROP_IGNORED);
  ignored.add_uint("cudadec-memtype", "0 device, 1 pinned, 2 unified; no effect in system memory", 0, 2, 0);
  ignored.add_uint("skip-frames", "Kinds of frames skipped, as DeepStream numbers them; no effect", 0, 2, 0);
  ignored.add_bool("low-latency-mode", "No effect: software decoders output in order", false);
  ignored.add_uint("capture-io-mode", "V4L2 mode; no effect", 0, 5, 0);
  ignored.add_uint("output-io-mode", "V4L2 mode; no effect", 0, 5, 0);
  ignored.add_string("device", "V4L2 device; no effect", "/dev/nvidia0");
  ignored.add_bool("disable-dpb", "Jetson; no effect", false);
  ignored.add_bool("enable-max-performance", "Jetson; no effect", false);
  ignored.add_bool("enable-frame-type-reporting", "No effect", false);
  ignored.add_bool("mjpeg", "No effect: the caps tell", false);
  ignored.add_bool("extract-sei-type5-data", "No effect", false);
  ignored.add_string("sei-uuid", "No effect", nullptr);
  ignored.add_bool("bufapi-version", "No effect", false);

  auto* element = GST_ELEMENT_CLASS(klass);
  element->change_state = fluvial_decode_change_state;
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, gst_caps_from_string(compressed));
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Video decoder into surfaces", "Codec/Decoder/Video",
                                        "Decodes with whatever this machine has", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(decode_debug, "fluvialdecode", 0, "decoder into surfaces");
}
