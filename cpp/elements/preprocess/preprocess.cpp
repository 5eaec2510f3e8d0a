// fluvialpreprocess (nvdspreprocess): makes the tensors of regions of frames, or of objects, that inference then takes.
//
//   in    video/x-raw(memory:NVMM) with NvDsBatchMeta
//   out   the same; as user metadata of the batch (NVDS_PREPROCESS_BATCH_META) one tensor for each
//   network-input-shape[0]
//         regions; draw-roi adds rectangles to draw
//   try   videotestsrc num-buffers=9 ! m.sink_0 fluvialmux name=m ! fluvialpreprocess enable=false ! fakesink

#include "elements/preprocess/preprocess.h"

#include <gst/base/gstbasetransform.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "elements/caps.h"
#include "elements/config_values.h"
#include "elements/guard.h"
#include "elements/preprocess/config.h"
#include "elements/preprocess/maker.h"
#include "elements/property_table.h"
#include "gst-nvdscustomevent.h"
#include "meta/batch_buffer.h"
#include "meta/prepared_tensor.h"
#include "surface/batch.h"

GST_DEBUG_CATEGORY_STATIC(preprocess_debug);
#define GST_CAT_DEFAULT preprocess_debug

namespace {

using namespace fluvial;

struct State {  // from start to stop; the streaming thread's
  PreprocessSettings settings;
  std::unique_ptr<RegionSelection> regions;
  std::unique_ptr<TensorMaker> maker;
};

struct Impl {
  std::mutex mutex;  // guards what follows, up to the line
  PreprocessConfig file;
  std::map<guint, std::function<void(PreprocessSettings&)>> said;  // by property: over the file's
  std::string problem;                                             // of target-unique-ids
  PreprocessSettings settings;                                     // the file's and the user's, laid over each other
  // ---
  State state;
};

using S = PreprocessSettings;

std::string targets_text(const S& s) {
  std::string text;
  for (const auto id : s.targets) text += (text.empty() ? "" : ";") + std::to_string(id);
  return text;
}

void set_targets(S& s, const GValue* value) {
  s.targets.clear();
  for (const int id : whole_numbers(text_of(value))) s.targets.push_back(static_cast<std::uint64_t>(id));
}

const PropertyTable<S>& properties() {
  static const auto table = [] {
    PropertyTable<S> t;
    t.add("unique-id", "Number of this element", &S::unique_id, 0, G_MAXUINT);
    t.add("enable", "False: batches pass unseen", &S::is_enabled);
    t.add("gpu-id", "Number of the GPU, written into the metadata", &S::gpu_id, 0, G_MAXUINT);
    t.add("process-on-frame", "True: regions of frames or whole frames, false: objects", &S::on_frames);
    t.add("operate-on-gie-id", "Only objects of the inference with this unique-id; -1: of any", &S::on_unique_id, -1,
          G_MAXINT);
    t.add(
        [] {
          return g_param_spec_string("target-unique-ids", "target-unique-ids",
                                     "unique-ids of the inferences that take the tensors, such as 1;2", "",
                                     property_flags);
        },
        set_targets, [](const S& s, GValue* v) { g_value_set_string(v, targets_text(s).c_str()); });
    return t;
  }();
  return table;
}

void lay_over(Impl& impl) {
  impl.settings = impl.file.settings;
  for (const auto& [id, say] : impl.said) say(impl.settings);
}

}  // namespace

struct FluvialPreprocess {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialPreprocessClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialPreprocess, fluvial_preprocess, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialPreprocess*>(self)->impl; }

static PreprocessSettings judged_settings(GstBaseTransform* self) {
  auto& impl = impl_of(self);
  PreprocessConfig file;
  PreprocessSettings settings;
  std::string problem;
  {
    std::lock_guard lock(impl.mutex);
    file = impl.file;
    settings = impl.settings;
    problem = impl.problem;
  }
  if (!settings.is_enabled) return settings;
  if (settings.config_file.empty())
    throw SettingsError("config-file is missing: it says which regions become which tensor");
  for (const auto& text : file.problems) problem += (problem.empty() ? "" : "; ") + text;
  if (!problem.empty()) throw SettingsError(problem + " (" + settings.config_file + ")");
  for (const auto& text : file.warnings) warn(self, text);
  for (const auto& text : file.notes) GST_INFO_OBJECT(self, "%s", text.c_str());
  return settings;
}

static gboolean fluvial_preprocess_start(GstBaseTransform* self) {
  return guarded(self, FALSE, [self] {
    auto& state = impl_of(self).state;
    state.settings = judged_settings(self);
    gst_base_transform_set_passthrough(self, !state.settings.is_enabled);
    if (!state.settings.is_enabled) return TRUE;
    state.maker = make_tensor_maker(state.settings);
    state.regions =
        std::make_unique<RegionSelection>(state.settings, [self](const std::string& text) { warn(self, text); });
    return TRUE;
  });
}

static gboolean fluvial_preprocess_stop(GstBaseTransform* self) {
  impl_of(self).state = {};
  return TRUE;
}

// `number` counts the tensors of one batch.
static void attach(NvDsBatchMeta* batch, const PreprocessSettings& settings, RegionTensor made, guint number) {
  PreparedTensor prepared;
  prepared.meta.target_unique_ids.assign(settings.targets.begin(), settings.targets.end());
  prepared.meta.roi_vector = std::move(made.regions);
  auto& tensor = prepared.tensor;
  tensor.raw_tensor_buffer = made.memory ? made.memory->memory_ptr : nullptr;
  tensor.buffer_size = made.bytes;
  tensor.tensor_shape = std::move(made.shape);
  tensor.data_type = static_cast<NvDsDataType>(settings.data_type);
  tensor.tensor_name = settings.tensor_name;
  tensor.gpu_id = settings.gpu_id;
  tensor.meta_id = number;
  tensor.maintain_aspect_ratio = settings.keeps_aspect;
  prepared.memory = std::move(made.memory);
  prepared.pictures = std::move(made.pictures);
  attach_prepared_tensor(batch, std::move(prepared));
}

static GstFlowReturn fluvial_preprocess_transform_ip(GstBaseTransform* self, GstBuffer* buffer) {
  return guarded(self, GST_FLOW_ERROR, [self, buffer] {
    auto& state = impl_of(self).state;
    if (!state.maker) return GST_FLOW_OK;
    auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
    if (!batch)
      throw std::runtime_error("the buffer carries no batch: put fluvialmux (nvstreammux) before this element");
    const auto size_of = [buffer](const NvDsFrameMeta& frame) {
      return surface_at(buffer, frame.batch_id)->format().size;
    };
    MetaLock lock(batch);
    const auto regions = state.regions->choose(batch, size_of);
    const auto most = static_cast<std::size_t>(state.settings.shape.front());
    unsigned number = 0;
    for (std::size_t first = 0; first < regions.size(); first += most) {
      const std::size_t count = std::min(most, regions.size() - first);
      attach(batch, state.settings, state.maker->make(buffer, regions.data() + first, count), number++);
    }
    return GST_FLOW_OK;
  });
}

// An application moves the regions of a source while frames flow.
static void take_regions(GstBaseTransform* self, GstEvent* event) {
  auto& state = impl_of(self).state;
  gchar* stream = nullptr;
  guint count = 0;
  RoiDimension* dimensions = nullptr;
  gst_nvevent_parse_roi_update(event, &stream, &count, &dimensions);
  std::vector<Box> regions;
  for (guint i = 0; i < count; ++i)
    regions.push_back({static_cast<float>(dimensions[i].left), static_cast<float>(dimensions[i].top),
                       static_cast<float>(dimensions[i].width), static_cast<float>(dimensions[i].height)});
  const int source = stream ? std::atoi(stream) : -1;
  if (state.regions && !state.regions->replace(source, std::move(regions)))
    GST_WARNING_OBJECT(self, "regions of source %d are not taken: no group names it", source);
  g_free(stream);
  g_free(dimensions);
}

static gboolean fluvial_preprocess_sink_event(GstBaseTransform* self, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == static_cast<GstEventType>(GST_NVEVENT_ROI_UPDATE)) take_regions(self, event);
  return GST_BASE_TRANSFORM_CLASS(fluvial_preprocess_parent_class)->sink_event(self, event);
}

enum { PROP_CONFIG_FILE = first_other_property };

static void say_property(Impl& impl, guint id, const GValue* value) {
  const std::shared_ptr<GValue> kept(g_new0(GValue, 1), [](GValue* v) {
    g_value_unset(v);
    g_free(v);
  });
  g_value_init(kept.get(), G_VALUE_TYPE(value));
  g_value_copy(value, kept.get());
  impl.said[id] = [id, kept](S& s) { properties().set(id, s, kept.get()); };
}

static void fluvial_preprocess_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  std::lock_guard lock(impl.mutex);
  if (id == PROP_CONFIG_FILE) {
    const std::string path = text_of(value);
    impl.file = path.empty() ? PreprocessConfig{} : read_preprocess_config(path);
    return lay_over(impl);
  }
  try {  // a wrong value cannot be refused here; it stops the start
    S trial;
    properties().set(id, trial, value);
  } catch (const std::invalid_argument& e) {
    impl.problem = std::string(spec->name) + "=" + text_of(value) + ": " + e.what();
    return;
  }
  say_property(impl, id, value);
  lay_over(impl);
}

static void fluvial_preprocess_get_property(GObject* self, guint id, GValue* value, GParamSpec*) {
  auto& impl = impl_of(self);
  std::lock_guard lock(impl.mutex);
  if (id == PROP_CONFIG_FILE) return g_value_set_string(value, impl.settings.config_file.c_str());
  properties().get(id, impl.settings, value);
}

static void fluvial_preprocess_init(FluvialPreprocess* self) {
  self->impl = new Impl();
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}

static void fluvial_preprocess_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_preprocess_parent_class)->finalize(object);
}

static void fluvial_preprocess_class_init(FluvialPreprocessClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_preprocess_finalize;
  object->set_property = fluvial_preprocess_set_property;
  object->get_property = fluvial_preprocess_get_property;
  properties().install(object);
  PropertyInstaller(object, PROP_CONFIG_FILE)
      .add_string("config-file", "Config file of DeepStream's nvdspreprocess, INI or YAML; read as soon as this is set",
                  "");

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->start = fluvial_preprocess_start;
  base->stop = fluvial_preprocess_stop;
  base->transform_ip = fluvial_preprocess_transform_ip;
  base->sink_event = fluvial_preprocess_sink_event;
  base->transform_ip_on_passthrough = FALSE;

  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Preprocessor", "Filter/Video",
                                        "Makes tensors of regions or objects for inference", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(preprocess_debug, "fluvialpreprocess", 0, "tensors before inference");
}
