// fluvialtrack (nvtracker): objects keep one id from frame to frame.
//
//   in    video/x-raw(memory:NVMM) with NvDsBatchMeta and objects
//   out   the same; object_id, tracker_confidence and boxes set, objects without a track removed; as user meta of the
//         batch (NVDS_TRACKER_PAST_FRAME_META), what was known of an object in frames that did not show it yet
//   try   videotestsrc num-buffers=9 ! m.sink_0 fluvialmux name=m ! fluvialtrack ! fakesink
//
// One tracker (algo/byte_track.h) a source. Pixels are not looked at.

#include "elements/track/track.h"

#include <gst/base/gstbasetransform.h>

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "algo/tracker_config.h"
#include "elements/caps.h"
#include "elements/compat_properties.h"
#include "elements/events.h"
#include "elements/guard.h"
#include "elements/property_table.h"
#include "elements/track/stream_tracker.h"

GST_DEBUG_CATEGORY_STATIC(track_debug);
#define GST_CAT_DEFAULT track_debug

namespace {

using namespace fluvial;

enum IdReset { reset_never = 0, reset_on_stream_reset = 1, reset_on_eos = 2 };

struct Settings {  // what the user chose; any thread may set it
  std::string config_file;
  std::string config;
  std::string class_ids;
  bool shows_id = true;
  guint id_reset = reset_never;
};

struct State {  // from start to stop; the streaming thread's
  TrackerSettings tracker;
  TrackMetaSettings meta;
  bool restarts_ids_on_eos = false;
  bool forgets_on_reset = false;
  std::map<guint, std::unique_ptr<StreamTracker>> streams;
};

struct Impl {
  std::mutex mutex;  // guards settings
  Settings settings;
  State state;
  IgnoredProperties ignored;
};

std::set<int> parse_class_ids(const std::string& text) {
  std::set<int> ids;
  gchar** parts = g_strsplit_set(text.c_str(), ";:,", -1);
  std::string wrong;
  for (gchar** part = parts; *part; ++part) {
    gchar* end = nullptr;
    const auto id = g_ascii_strtoll(g_strstrip(*part), &end, 10);
    if (**part == '\0') continue;
    if (*end != '\0' || id < 0) wrong = *part;
    ids.insert(static_cast<int>(id));
  }
  g_strfreev(parts);
  if (!wrong.empty())
    throw SettingsError("operate-on-class-ids='" + text + "': '" + wrong +
                        "' is not a class; expected numbers from 0 on with ; between them, such as 0;2");
  return ids;
}

// DeepStream's samples name its own files by absolute path, which a machine without DeepStream does not have.
bool is_deepstreams_own(const std::string& path) { return path.find("/deepstream/") != std::string::npos; }

TrackerConfig read_config(GstElement* self, const Settings& settings) {
  try {
    if (!settings.config.empty()) return parse_tracker_config(settings.config, "config");
    if (settings.config_file.empty()) return {};
    if (is_deepstreams_own(settings.config_file) && !g_file_test(settings.config_file.c_str(), G_FILE_TEST_EXISTS)) {
      GST_WARNING_OBJECT(self, "ll-config-file %s is not on this machine: default settings",
                         settings.config_file.c_str());
      return {};
    }
    return read_tracker_config(settings.config_file);
  } catch (const std::invalid_argument& e) {
    throw SettingsError(e.what());
  }
}

}  // namespace

struct FluvialTrack {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialTrackClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialTrack, fluvial_track, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialTrack*>(self)->impl; }

static gboolean fluvial_track_start(GstBaseTransform* self) {
  return guarded(self, FALSE, [self] {
    auto& impl = impl_of(self);
    Settings settings;
    {
      std::lock_guard lock(impl.mutex);
      settings = impl.settings;
    }
    const auto config = read_config(GST_ELEMENT(self), settings);
    for (const auto& key : config.ignored) GST_INFO_OBJECT(self, "tracker config: %s has no effect here", key.c_str());
    impl.state = State();
    impl.state.tracker = config.settings;
    impl.state.meta.class_ids = parse_class_ids(settings.class_ids);
    impl.state.meta.shows_id = settings.shows_id;
    if (config.settings.has_unique_ids)
      impl.state.meta.id_prefix = static_cast<std::uint64_t>(std::random_device()()) << 32U;
    impl.state.restarts_ids_on_eos = settings.id_reset & reset_on_eos;
    impl.state.forgets_on_reset = settings.id_reset & reset_on_stream_reset;
    static_cast<void>(ByteTracker(config.settings));  // judges the settings now, not at the first frame
    return TRUE;
  });
}

static gboolean fluvial_track_stop(GstBaseTransform* self) {
  impl_of(self).state.streams.clear();
  return TRUE;
}

static GstFlowReturn fluvial_track_transform_ip(GstBaseTransform* self, GstBuffer* buffer) {
  return guarded(self, GST_FLOW_ERROR, [self, buffer] {
    auto& state = impl_of(self).state;
    auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
    if (!batch) return GST_FLOW_OK;
    MetaLock lock(batch);
    std::vector<PastStream> past;
    for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
      auto& stream = state.streams[frame->pad_index];
      if (!stream) stream = std::make_unique<StreamTracker>(state.tracker, state.meta);
      stream->update(frame);
      if (!stream->past().empty()) past.push_back({frame->pad_index, stream->past()});
    }
    attach_past_frames(batch, past);
    return GST_FLOW_OK;
  });
}

static gboolean fluvial_track_sink_event(GstBaseTransform* self, GstEvent* event) {
  auto& state = impl_of(self).state;
  guint source = 0;
  if (is_source_event(event, event_pad_deleted, source)) {
    state.streams.erase(source);
  } else if (is_source_event(event, event_stream_eos, source)) {
    const auto stream = state.streams.find(source);
    if (stream != state.streams.end() && state.restarts_ids_on_eos)
      state.streams.erase(stream);
    else if (stream != state.streams.end())
      stream->second->forget();
  } else if (is_source_event(event, static_cast<GstEventType>(GST_NVEVENT_STREAM_RESET), source)) {
    const auto stream = state.streams.find(source);
    if (stream != state.streams.end() && state.forgets_on_reset) stream->second->forget();
  }
  return GST_BASE_TRANSFORM_CLASS(fluvial_track_parent_class)->sink_event(self, event);
}

enum { PROP_0, PROP_CONFIG_FILE, PROP_CONFIG, PROP_CLASS_IDS, PROP_SHOW_ID, PROP_ID_RESET, PROP_IGNORED };

static void fluvial_track_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.set(spec, value);
  std::lock_guard lock(impl.mutex);
  auto& settings = impl.settings;
  switch (id) {
    case PROP_CONFIG_FILE: settings.config_file = text_of(value); break;
    case PROP_CONFIG: settings.config = text_of(value); break;
    case PROP_CLASS_IDS: settings.class_ids = text_of(value); break;
    case PROP_SHOW_ID: settings.shows_id = g_value_get_boolean(value); break;
    case PROP_ID_RESET: settings.id_reset = g_value_get_uint(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(self, id, spec);
  }
}

static void fluvial_track_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.get(spec, value);
  std::lock_guard lock(impl.mutex);
  const auto& settings = impl.settings;
  switch (id) {
    case PROP_CONFIG_FILE: g_value_set_string(value, settings.config_file.c_str()); break;
    case PROP_CONFIG: g_value_set_string(value, settings.config.c_str()); break;
    case PROP_CLASS_IDS: g_value_set_string(value, settings.class_ids.c_str()); break;
    case PROP_SHOW_ID: g_value_set_boolean(value, settings.shows_id); break;
    case PROP_ID_RESET: g_value_set_uint(value, settings.id_reset); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(self, id, spec);
  }
}

static void fluvial_track_init(FluvialTrack* self) {
  self->impl = new Impl();
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}

static void fluvial_track_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_track_parent_class)->finalize(object);
}

static void install_properties(GObjectClass* klass) {
  PropertyInstaller own(klass, PROP_CONFIG_FILE);
  own.add_string("ll-config-file", "Path of a YAML file with DeepStream's tracker settings; empty: our defaults",
                 nullptr);
  own.add_string("config", "The same as text, before ll-config-file; such as 'Fluvial: {keep_lost_frames: 60}'",
                 nullptr);
  own.add_string("operate-on-class-ids", "Classes to track, others are left alone: numbers with ; between; empty: all",
                 "");
  own.add_bool("display-tracking-id", "Write the id behind the label", true);
  own.add_uint("tracking-id-reset-mode",
               "When ids start again: 0 never, 1 on stream reset, 2 at a source's end, 3 both", 0, 3, 0);
  PropertyInstaller ignored(klass, PROP_IGNORED);
  ignored.add_uint("tracker-width", "No effect: this tracker does not look at pixels", 0, G_MAXUINT, 960);
  ignored.add_uint("tracker-height", "No effect: this tracker does not look at pixels", 0, G_MAXUINT, 544);
  ignored.add_uint("gpu-id", "Number of the GPU; no effect", 0, G_MAXUINT, 0);
  ignored.add_string("ll-lib-file", "DeepStream's tracker library; ours is built in", nullptr);
  ignored.add_uint("tracking-surface-type", "No effect", 0, G_MAXUINT, 0);
  ignored.add_bool("input-tensor-meta", "No effect", false);
  ignored.add_bool("enable-batch-process", "No effect; of early releases of DeepStream", true);
  ignored.add_bool("enable-past-frame", "No effect; of early releases of DeepStream", false);
  ignored.add_uint("tensor-meta-gie-id", "No effect", 0, G_MAXUINT, 0);
  ignored.add_uint("user-meta-pool-size", "No effect", 1, G_MAXUINT, 32);
  ignored.add_string("sub-batches", "No effect: every source has a tracker of its own", "");
  ignored.add_int("sub-batch-err-recovery-trial-cnt", "No effect", -1, G_MAXINT, 0);
}

static void fluvial_track_class_init(FluvialTrackClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_track_finalize;
  object->set_property = fluvial_track_set_property;
  object->get_property = fluvial_track_get_property;
  install_properties(object);

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->start = fluvial_track_start;
  base->stop = fluvial_track_stop;
  base->transform_ip = fluvial_track_transform_ip;
  base->sink_event = fluvial_track_sink_event;

  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Object tracker", "Filter/Analyzer/Video",
                                        "Gives objects ids that last", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(track_debug, "fluvialtrack", 0, "object tracker");
}
