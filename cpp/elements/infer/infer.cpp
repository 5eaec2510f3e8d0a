// Runs a model on every frame of a batch, or on the objects of another inference; what it finds becomes metadata.
// In and out: batches of surfaces, video/x-raw(memory:NVMM), with NvDsBatchMeta.
//   gst-launch-1.0 filesrc location=a.mp4 ! decodebin ! m.sink_0 fluvialmux name=m batch-size=1 width=1280 height=720 !
//     fluvialinfer model=yolox_nano_416.onnx ! fluvialdraw ! fluvialconvert ! autovideosink
//
// Two threads: whoever brings buffers prepares pictures and starts inferences; a task of the source pad waits for them,
// in order, attaches and pushes. So decoding, inference and drawing overlap, and no lock is held while pushing.
#include "elements/infer/infer.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "elements/caps.h"
#include "elements/config_report.h"
#include "elements/guard.h"
#include "elements/infer/description.h"
#include "elements/infer/infer_class.h"
#include "elements/infer/loading.h"
#include "elements/infer/nvinfer_config.h"
#include "elements/infer/properties.h"
#include "elements/infer/session.h"
#include "elements/infer/swap.h"
#include "gst-nvdscustomevent.h"
#include "nvdsinfer.h"

GST_DEBUG_CATEGORY_STATIC(infer_debug);
#define GST_CAT_DEFAULT infer_debug

namespace {

using namespace fluvial;  // NOLINT

struct Impl {
  GstPad* sink = nullptr;
  GstPad* src = nullptr;

  std::mutex mutex;  // guards what follows, up to the line
  std::string config_path;
  NvinferConfig file;
  std::map<guint, std::function<void(InferSettings&)>> said;  // by property: the user's own word, over the file's
  std::map<guint, std::string> problems;                      // by property
  InferSettings settings;                                     // the file's and the user's, laid over each other
  std::string backend, explanation;
  // ---
  std::atomic<unsigned> interval{0};
  std::atomic<GstClockTime> latency{0};
  std::unique_ptr<Session> session;  // from before the pads are active until after
  SwapLine swaps;                    // of models, while there is a session
};

const std::vector<InferProperty>& properties() {
  static const std::vector<InferProperty> all = make_infer_properties();
  return all;
}

guint id_of(const char* name) {
  const auto& all = properties();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [=](const auto& property) { return g_str_equal(property.spec->name, name); });
  return static_cast<guint>(found - all.begin()) + 1;
}

guint interval_id() { return id_of("interval"); }
guint backend_id() { return id_of("backend"); }

// Ids after the table's.
guint config_id() { return static_cast<guint>(properties().size()) + 1; }
guint explanation_id() { return config_id() + 1; }

void lay_over(Impl& impl) {
  impl.settings = impl.file.settings;
  for (const auto& [id, say] : impl.said) say(impl.settings);
  impl.interval = impl.settings.interval;
}

}  // namespace

struct FluvialInfer {
  GstElement parent;
  Impl* impl;
};
G_DEFINE_TYPE(FluvialInfer, fluvial_infer, GST_TYPE_ELEMENT)

static FluvialInfer* as_infer(gpointer object) { return static_cast<FluvialInfer*>(object); }

// --- settings --------------------------------------------------------------------------------------------------------

static void set_config_path(FluvialInfer* self, const char* path) {
  auto& impl = *self->impl;
  const auto* klass = G_TYPE_INSTANCE_GET_CLASS(self, fluvial_infer_get_type(), FluvialInferClass);
  impl.config_path = path ? path : "";
  impl.file = impl.config_path.empty() ? NvinferConfig{} : klass->read_config(impl.config_path);
  lay_over(impl);
}

// A wrong value cannot be refused here; it is remembered and stops the start.
static void say_property(Impl& impl, guint id, const GValue* value, GParamSpec* spec) {
  const auto& set = properties()[id - 1].set;
  impl.problems.erase(id);
  try {
    InferSettings trial;
    set(trial, value);
  } catch (const std::invalid_argument& e) {
    impl.problems[id] = std::string(spec->name) + "=" + g_value_get_string(value) + ": " + e.what();
    return;
  }
  const std::shared_ptr<GValue> kept(g_new0(GValue, 1), [](GValue* v) {
    g_value_unset(v);
    g_free(v);
  });
  g_value_init(kept.get(), G_VALUE_TYPE(value));
  g_value_copy(value, kept.get());
  if (id == backend_id()) impl.backend.clear();
  impl.said[id] = [set, kept](InferSettings& s) { set(s, kept.get()); };
  lay_over(impl);
}

static std::string problems_of(const Impl& impl) {
  std::vector<std::string> problems = impl.file.problems;
  for (const auto& [id, problem] : impl.problems) problems.push_back(problem);
  if (!impl.file.problems.empty()) problems.push_back("(" + std::filesystem::absolute(impl.config_path).string() + ")");
  return joined(problems);
}

// An engine is run in place of the model that the config names, as in DeepStream.
static SwapWish wish_of(const Impl& impl, const char* key) {
  SwapWish wish{impl.settings, problems_of(impl), {}, key, impl.config_path};
  if (g_str_equal(key, "config-file-path")) {
    wish.warnings = impl.file.warnings;
    return wish;
  }
  auto& s = wish.settings;
  wish.path = g_str_equal(key, "model") ? s.model : s.engine_file;
  if (g_str_equal(key, "model-engine-file")) s.model = s.onnx_file = "";
  return wish;
}

static void swap_model(FluvialInfer* self, SwapWish wish);

static void fluvial_infer_set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = *as_infer(object)->impl;
  std::unique_lock lock(impl.mutex);
  if (id == config_id()) {
    set_config_path(as_infer(object), g_value_get_string(value));
  } else if (id >= 1 && id < config_id()) {
    say_property(impl, id, value, spec);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  if (id != config_id() && id != id_of("model") && id != id_of("model-engine-file")) return;
  auto wish = wish_of(impl, spec->name);
  lock.unlock();
  swap_model(as_infer(object), std::move(wish));
}

static void fluvial_infer_get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = *as_infer(object)->impl;
  std::lock_guard lock(impl.mutex);
  if (id == config_id()) {
    g_value_set_string(value, impl.config_path.c_str());
  } else if (id == backend_id() && !impl.backend.empty()) {
    g_value_set_string(value, impl.backend.c_str());
  } else if (id == explanation_id()) {
    g_value_set_string(value, impl.explanation.c_str());
  } else if (id >= 1 && id < config_id()) {
    properties()[id - 1].get(impl.settings, value);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

// --- start and stop --------------------------------------------------------------------------------------------------

static void announce_stand_in(FluvialInfer* self, const ModelPath& file) {
  if (file.instead_of.empty()) return;
  const std::string missing = classes_never_found(file);
  GST_WARNING_OBJECT(self, "%s stands in for %s%s%s", file.path.c_str(), file.instead_of.c_str(),
                     missing.empty() ? "" : "; never finds: ", missing.c_str());
  gst_element_post_message(
      GST_ELEMENT(self),
      gst_message_new_element(GST_OBJECT(self),
                              gst_structure_new("fluvial-stand-in", "absent", G_TYPE_STRING, file.instead_of.c_str(),
                                                "model", G_TYPE_STRING, file.path.c_str(), nullptr)));
}

static InferSettings judged_settings(FluvialInfer* self) {
  auto& impl = *self->impl;
  std::string problems;
  std::vector<std::string> warnings, notes;
  InferSettings settings;
  {
    std::lock_guard lock(impl.mutex);
    problems = problems_of(impl);
    warnings = impl.file.warnings;
    notes = impl.file.notes;
    settings = impl.settings;
  }
  if (!problems.empty()) throw SettingsError(problems);
  for (const auto& text : warnings) warn(self, text);
  for (const auto& text : notes) GST_INFO_OBJECT(self, "%s", text.c_str());
  return settings;
}

static std::function<void(const std::string&)> warner(FluvialInfer* self) {
  return [self](const std::string& text) { warn(self, text); };
}

// Changes nothing of the element.
static std::shared_ptr<Work> load(FluvialInfer* self, const InferSettings& settings) {
  return load_work(settings, {[self](const ModelPath& file) { announce_stand_in(self, file); }, warner(self),
                              [self](const std::string& text) { GST_INFO_OBJECT(self, "%s", text.c_str()); }});
}

// Of any state, for programs that ask what would be done. Names in models may be no UTF-8, which Python would refuse.
static gchar* inspect_model_named(FluvialInfer* self) {
  return guarded(self, static_cast<gchar*>(nullptr), [self] {
    auto& impl = *self->impl;
    std::unique_lock lock(impl.mutex);
    const std::string problems = problems_of(impl);
    const InferSettings settings = impl.settings;
    lock.unlock();
    const std::string text = problems.empty() ? inspect_model(settings) : json_of_failure(nullptr, problems);
    return g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  });
}

static void describe(Impl& impl, const Work& work) {
  // A picture waits for one that is being worked on, and then for itself.
  impl.latency = 2 * work.inference_time();
  std::lock_guard lock(impl.mutex);
  impl.backend = work.backend().description();
  impl.explanation = work.decision().explanation();
}

static void start(FluvialInfer* self) {
  auto& impl = *self->impl;
  auto work = load(self, judged_settings(self));
  describe(impl, *work);
  impl.session = std::make_unique<Session>(std::move(work), warner(self));
  impl.swaps.open();
}

static void stop(FluvialInfer* self) {
  auto& impl = *self->impl;
  impl.swaps.close();
  if (!impl.session) return;
  impl.session->drop_all(impl.src);
  impl.session.reset();
}

// --- another model while one runs ------------------------------------------------------------------------------------

// DeepStream's signal: 0, or an NvDsInferStatus, and the path that was said.
static void tell_of_swap(FluvialInfer* self, const SwapWish& wish, NvDsInferStatus status, const std::string& why) {
  if (status != NVDSINFER_SUCCESS)
    warn(self, wish.key + "=" + wish.path + " is not taken, the model that runs stays: " + why);
  g_signal_emit_by_name(self, "model-updated", static_cast<gint>(status), wish.path.c_str());
}

static void load_and_swap(FluvialInfer* self, const SwapWish& wish, unsigned life) {
  auto& impl = *self->impl;
  try {
    if (!wish.problems.empty()) throw SettingsError(wish.problems);
    for (const auto& text : wish.warnings) warn(self, text);
    auto work = load(self, wish.settings);
    const bool is_taken = impl.swaps.while_alive(life, [&] {
      describe(impl, *work);
      impl.session->replace(std::move(work));
    });
    if (is_taken) tell_of_swap(self, wish, NVDSINFER_SUCCESS, "");
  } catch (const SettingsError& e) {
    tell_of_swap(self, wish, NVDSINFER_CONFIG_FAILED, e.what());
  } catch (const std::exception& e) {
    tell_of_swap(self, wish, NVDSINFER_UNKNOWN_ERROR, e.what());
  }
}

static void swap_model(FluvialInfer* self, SwapWish wish) {
  const std::string newer = wish.key + "=" + wish.path;
  const auto asked = self->impl->swaps.ask(std::move(wish));
  if (asked.superseded) tell_of_swap(self, *asked.superseded, NVDSINFER_INVALID_PARAMS, newer + " was said after it");
  if (!asked.starts_loading) return;
  // On a thread of GStreamer's, which keeps the element: nobody waits for it, so a handler may do what it likes.
  gst_element_call_async(
      GST_ELEMENT(self),
      [](GstElement* element, gpointer) {
        auto* loader = as_infer(element);
        while (const auto next = loader->impl->swaps.next()) load_and_swap(loader, next->first, next->second);
      },
      nullptr, nullptr);
}

static GstStateChangeReturn fluvial_infer_change_state(GstElement* element, GstStateChange change) {
  auto* self = as_infer(element);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED) {
    const bool has_started = guarded(self, false, [self] {
      start(self);
      return true;
    });
    if (!has_started) return GST_STATE_CHANGE_FAILURE;
  }
  const auto result = GST_ELEMENT_CLASS(fluvial_infer_parent_class)->change_state(element, change);
  const bool has_ended = change == GST_STATE_CHANGE_PAUSED_TO_READY ||
                         (change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE);
  if (has_ended) stop(self);
  return result;
}

// --- data flow -------------------------------------------------------------------------------------------------------

static GstFlowReturn fluvial_infer_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  auto& impl = *as_infer(parent)->impl;
  BufferPtr owned(buffer);
  return guarded(parent, GST_FLOW_ERROR,
                 [&] { return impl.session->take_buffer(std::move(owned), impl.interval.load()); });
}

static void fluvial_infer_loop(gpointer data) {
  auto* self = as_infer(data);
  auto& impl = *self->impl;
  GstFlowReturn flow = GST_FLOW_OK;
  const bool is_running = guarded(self, true, [&] {
    flow = GST_FLOW_ERROR;  // what an exception leaves behind
    return impl.session->pass_on_next(impl.src, flow);
  });
  if (is_running && flow == GST_FLOW_OK) return;
  if (is_running) impl.session->stop(flow);
  gst_pad_pause_task(impl.src);
}

static gboolean flush(Impl& impl, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) {
    const gboolean is_done = gst_pad_push_event(impl.src, event);
    impl.session->stop(GST_FLOW_FLUSHING);
    gst_pad_pause_task(impl.src);  // waits until the task has let go
    return is_done;
  }
  const gboolean is_done = gst_pad_push_event(impl.src, event);
  impl.session->drop_all(impl.src);
  impl.session->restart();
  gst_pad_start_task(impl.src, fluvial_infer_loop, GST_PAD_PARENT(impl.src), nullptr);
  return is_done;
}

// An application changes the interval while frames flow. As DeepStream's, for all sources, whichever it names.
static void take_interval(Impl& impl, GstEvent* event) {
  gchar* stream = nullptr;
  guint interval = 0;
  gst_nvevent_parse_infer_interval_update(event, &stream, &interval);
  g_free(stream);
  std::lock_guard lock(impl.mutex);
  impl.said[interval_id()] = [interval](InferSettings& s) { s.interval = interval; };
  lay_over(impl);
}

static gboolean fluvial_infer_sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  auto* self = as_infer(parent);
  auto& impl = *self->impl;
  const auto type = GST_EVENT_TYPE(event);
  if (type == GST_EVENT_FLUSH_START || type == GST_EVENT_FLUSH_STOP) return flush(impl, event);
  if (!GST_EVENT_IS_SERIALIZED(event)) return gst_pad_push_event(impl.src, event);
  if (type == static_cast<GstEventType>(GST_NVEVENT_INFER_INTERVAL_UPDATE)) take_interval(impl, event);
  const auto flow = impl.session->take_event(EventPtr(event));
  // Upstream learns of a dead end with its next buffer; after EOS there is none.
  if (type == GST_EVENT_EOS && (flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_NOT_NEGOTIATED))
    GST_ELEMENT_FLOW_ERROR(self, flow);
  return flow == GST_FLOW_OK;
}

static gboolean fluvial_infer_sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (!GST_QUERY_IS_SERIALIZED(query)) return gst_pad_query_default(pad, parent, query);
  return as_infer(parent)->impl->session->ask(query);
}

static gboolean fluvial_infer_src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  auto& impl = *as_infer(parent)->impl;
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  if (!gst_pad_peer_query(impl.sink, query)) return FALSE;
  gboolean is_live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &is_live, &least, &most);
  const GstClockTime own = impl.latency.load();
  gst_query_set_latency(query, is_live, least + own, GST_CLOCK_TIME_IS_VALID(most) ? most + own : most);
  return TRUE;
}

static gboolean fluvial_infer_activate_sink(GstPad*, GstObject* parent, GstPadMode mode, gboolean is_active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  auto& impl = *as_infer(parent)->impl;
  if (!impl.session) return !is_active;
  if (is_active) {
    impl.session->restart();
  } else {
    impl.session->stop(GST_FLOW_FLUSHING);
  }
  return TRUE;
}

static gboolean fluvial_infer_activate_src(GstPad* pad, GstObject* parent, GstPadMode mode, gboolean is_active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  auto& impl = *as_infer(parent)->impl;
  if (!impl.session) return !is_active;
  if (is_active) {
    impl.session->restart();
    return gst_pad_start_task(pad, fluvial_infer_loop, parent, nullptr);
  }
  impl.session->stop(GST_FLOW_FLUSHING);
  return gst_pad_stop_task(pad);
}

// --- the class -------------------------------------------------------------------------------------------------------

static void fluvial_infer_init(FluvialInfer* self) {
  self->impl = new Impl();
  auto* klass = GST_ELEMENT_GET_CLASS(self);
  auto& impl = *self->impl;
  impl.sink = gst_pad_new_from_template(gst_element_class_get_pad_template(klass, "sink"), "sink");
  gst_pad_set_chain_function(impl.sink, fluvial_infer_chain);
  gst_pad_set_event_function(impl.sink, fluvial_infer_sink_event);
  gst_pad_set_query_function(impl.sink, fluvial_infer_sink_query);
  gst_pad_set_activatemode_function(impl.sink, fluvial_infer_activate_sink);
  GST_PAD_SET_PROXY_CAPS(impl.sink);
  gst_element_add_pad(GST_ELEMENT(self), impl.sink);

  impl.src = gst_pad_new_from_template(gst_element_class_get_pad_template(klass, "src"), "src");
  gst_pad_set_query_function(impl.src, fluvial_infer_src_query);
  gst_pad_set_activatemode_function(impl.src, fluvial_infer_activate_src);
  GST_PAD_SET_PROXY_CAPS(impl.src);
  gst_element_add_pad(GST_ELEMENT(self), impl.src);
}

static void fluvial_infer_finalize(GObject* object) {
  delete as_infer(object)->impl;
  G_OBJECT_CLASS(fluvial_infer_parent_class)->finalize(object);
}

static void fluvial_infer_class_init(FluvialInferClass* klass) {
  GST_DEBUG_CATEGORY_INIT(infer_debug, "fluvialinfer", 0, "inference");
  auto* object = G_OBJECT_CLASS(klass);
  object->set_property = fluvial_infer_set_property;
  object->get_property = fluvial_infer_get_property;
  object->finalize = fluvial_infer_finalize;
  klass->read_config = read_nvinfer_config;

  guint id = 0;
  for (const auto& property : properties()) g_object_class_install_property(object, ++id, property.spec);
  const auto rw = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const auto ro = GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  const auto add_text = [&](guint text_id, const char* name, const char* nick, const char* blurb, GParamFlags flags) {
    g_object_class_install_property(object, text_id, g_param_spec_string(name, nick, blurb, "", flags));
  };
  add_text(config_id(), "config-file-path", "Config file path",
           "Config file of DeepStream's nvinfer, INI or YAML; read as soon as this is set. While playing: its model "
           "takes over",
           rw);
  add_text(explanation_id(), "explanation", "Explanation",
           "What was decided about the model and why; known once started", ro);
  g_signal_new("model-updated", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE,
               2, G_TYPE_INT, G_TYPE_STRING);
  // The tensors, the decision and the evidence as JSON, or "error": what stands in the way.
  g_signal_new_class_handler("inspect", G_TYPE_FROM_CLASS(klass), GSignalFlags(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
                             G_CALLBACK(inspect_model_named), nullptr, nullptr, nullptr, G_TYPE_STRING, 0);

  auto* element = GST_ELEMENT_CLASS(klass);
  element->change_state = fluvial_infer_change_state;
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Inference", "Filter/Analyzer/Video",
                                        "Runs a model on frames or objects and attaches what it finds", "Fluvial");
}
