#include "elements/source/inner.h"

namespace fluvial {
namespace {

// What the signals of one connection need; belongs to its uridecodebin.
struct Context {
  std::shared_ptr<const SourceSettings> settings;
  InnerListener* listener;
};

Context& context_of(gpointer data) { return *static_cast<Context*>(data); }

GstCaps* caps_of(GstPad* pad) {
  auto* caps = gst_pad_get_current_caps(pad);
  return caps ? caps : gst_pad_query_caps(pad, nullptr);
}

// "video/x-raw" begins so; of RTP it says "media".
bool is_of(GstPad* pad, const char* prefix, bool if_unsaid) {
  auto* caps = caps_of(pad);
  bool is = if_unsaid;
  if (gst_caps_get_size(caps) > 0 && !gst_caps_is_any(caps)) {
    const auto* structure = gst_caps_get_structure(caps, 0);
    const char* media = gst_structure_get_string(structure, "media");
    const bool is_rtp = g_str_has_prefix(gst_structure_get_name(structure), "application/x-rtp");
    if (media || !is_rtp) is = g_str_has_prefix(media ? media : gst_structure_get_name(structure), prefix);
  }
  gst_caps_unref(caps);
  return is;
}

GstPadProbeReturn note_data(GstPad*, GstPadProbeInfo*, gpointer data) {
  context_of(data).listener->on_data();
  return GST_PAD_PROBE_OK;
}

// Data is what the network brings: a decoder may say nothing for as long as it waits for a whole picture. A sound that
// goes on is no sign that the picture does.
void look_at(GstPad* pad, gpointer data) {
  if (GST_PAD_IS_SINK(pad) || is_of(pad, "audio", false)) return;
  constexpr auto kinds = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
  gst_pad_add_probe(pad, kinds, note_data, data, nullptr);
}

void on_source_pad(GstElement*, GstPad* pad, gpointer data) { look_at(pad, data); }

void set_up_rtsp(GstElement* element, const SourceSettings& settings) {
  g_object_set(element, "latency", settings.latency_ms, "drop-on-latency", settings.drops_late, "udp-buffer-size",
               static_cast<gint>(settings.udp_buffer_bytes), nullptr);
  if (settings.protocols != 0) g_object_set(element, "protocols", settings.protocols, nullptr);
}

void on_source(GstElement*, GstElement* source, gpointer data) {
  auto* factory = gst_element_get_factory(source);
  if (factory && g_str_equal(GST_OBJECT_NAME(factory), "rtspsrc")) set_up_rtsp(source, *context_of(data).settings);
  if (auto* pad = gst_element_get_static_pad(source, "src")) {
    look_at(pad, data);
    gst_object_unref(pad);
  } else {
    g_signal_connect(source, "pad-added", G_CALLBACK(on_source_pad), data);
  }
}

void set_if_known(GstElement* element, const char* property, guint value) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), property))
    g_object_set(element, property, value, nullptr);
}

// Our own decoder is in there somewhere.
void on_element(GstBin*, GstBin*, GstElement* element, gpointer data) {
  auto* factory = gst_element_get_factory(element);
  const char* plugin = factory ? gst_plugin_feature_get_plugin_name(GST_PLUGIN_FEATURE(factory)) : nullptr;
  if (g_strcmp0(plugin, "fluvial") != 0) return;
  const auto& settings = *context_of(data).settings;
  set_if_known(element, "gpu-id", settings.gpu_id);
  set_if_known(element, "drop-frame-interval", settings.drop_frame_interval);
  set_if_known(element, "num-extra-surfaces", settings.extra_surfaces);
}

void on_pad(GstElement* inner, GstPad* pad, gpointer data) {
  if (is_of(pad, "video", false)) context_of(data).listener->on_video(inner, pad);
}

void on_no_more_pads(GstElement* inner, gpointer data) { context_of(data).listener->on_no_more(inner); }

}  // namespace

GstElement* make_inner(std::shared_ptr<const SourceSettings> settings, InnerListener* listener) {
  auto* inner = gst_element_factory_make("uridecodebin", nullptr);
  if (!inner) return nullptr;
  auto* caps = gst_caps_from_string("video/x-raw(ANY)");
  // Sound is not even decoded.
  g_object_set(inner, "uri", settings->uri.c_str(), "caps", caps, "expose-all-streams", FALSE, nullptr);
  gst_caps_unref(caps);
  auto* context = new Context{std::move(settings), listener};
  g_object_set_data_full(G_OBJECT(inner), "context", context,
                         [](gpointer data) { delete static_cast<Context*>(data); });
  g_signal_connect(inner, "source-setup", G_CALLBACK(on_source), context);
  g_signal_connect(inner, "deep-element-added", G_CALLBACK(on_element), context);
  g_signal_connect(inner, "pad-added", G_CALLBACK(on_pad), context);
  g_signal_connect(inner, "no-more-pads", G_CALLBACK(on_no_more_pads), context);
  return inner;
}

}  // namespace fluvial
