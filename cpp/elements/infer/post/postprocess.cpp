// fluvialpostprocess (nvdspostprocess): reads tensors that inference left on frames or objects, and attaches what is in
// them.
//
//   in    video/x-raw(memory:NVMM) with NvDsBatchMeta and NvDsInferTensorMeta (fluvialinfer with output-tensor-meta)
//   out   the same, with objects, labels, masks or maps of classes; or what a library of the user's makes of it
//   try   videotestsrc num-buffers=9 ! m.sink_0 fluvialmux name=m ! fluvialpostprocess
//         postprocesslib-config-file=a.yml ! fakesink

#include "elements/infer/post/postprocess.h"

#include <gst/base/gstbasetransform.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>

#include "elements/caps.h"
#include "elements/config_report.h"
#include "elements/guard.h"
#include "elements/infer/post/library.h"
#include "elements/infer/post/tensor_reader.h"
#include "elements/property_table.h"

GST_DEBUG_CATEGORY_STATIC(postprocess_debug);
#define GST_CAT_DEFAULT postprocess_debug

namespace {

using namespace fluvial;  // NOLINT

constexpr const char* config_key = "postprocesslib-config-file";

struct Settings {
  guint gpu_id = 0;
  std::string library, config_file;
  bool is_in_regions = false;
};

struct Impl {
  std::mutex mutex;  // guards settings and library
  Settings settings;
  // From start to stop, one of them. The reader is the streaming thread's.
  std::unique_ptr<TensorReader> reader;
  std::shared_ptr<PostLibrary> library;
};

const PropertyTable<Settings>& properties() {
  static const auto table = [] {
    PropertyTable<Settings> t;
    t.add("gpu-id", "Number of the GPU; no effect in system memory", &Settings::gpu_id, 0, G_MAXUINT);
    t.add("postprocesslib-name",
          "Library of the user's that exports CreateCustomAlgoCtx; the work of DeepStream's own, "
          "libpostprocess_impl.so, is built in",
          &Settings::library);
    t.add(config_key, "Config file of DeepStream's nvdspostprocess, YAML or INI; with a library, that library's",
          &Settings::config_file);
    t.add("preprocessor-support", "Tensors of the regions of fluvialpreprocess are read too", &Settings::is_in_regions);
    return t;
  }();
  return table;
}

// Many build their own library under the name of DeepStream's; so that one is opened where it is there and can be.
bool is_named_as_deepstreams(const std::string& path) {
  return std::filesystem::path(path).filename() == "libpostprocess_impl.so";
}

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

struct FluvialPostprocess {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialPostprocessClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialPostprocess, fluvial_postprocess, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialPostprocess*>(self)->impl; }

static Settings settings_of(gpointer self) {
  auto& impl = impl_of(self);
  std::lock_guard lock(impl.mutex);
  return impl.settings;
}

static std::shared_ptr<PostLibrary> library_of(gpointer self) {
  auto& impl = impl_of(self);
  std::lock_guard lock(impl.mutex);
  return impl.library;
}

static std::shared_ptr<PostLibrary> open_library(GstBaseTransform* self, const Settings& settings) {
  const std::string& path = settings.library;
  const bool is_built_in = is_named_as_deepstreams(path);
  if (path.empty() || (is_built_in && !is_there(path))) return nullptr;
  try {
    return std::make_shared<PostLibrary>(
        path, DSPostProcess_CreateParams{self, settings.gpu_id, nullptr, settings.is_in_regions});
  } catch (const SettingsError& e) {
    if (!is_built_in) throw;
    warn(self, std::string(e.what()) + "; what DeepStream's library of this name does is done instead");
    return nullptr;
  }
}

static std::unique_ptr<TensorReader> make_reader(gpointer self, const Settings& settings) {
  PostConfig config = read_post_config(settings.config_file);
  if (!config.infer.problems.empty())
    throw SettingsError(joined(config.infer.problems) + " (" + settings.config_file + ")");
  for (const auto& text : config.infer.warnings) warn(self, text);
  for (const auto& text : config.infer.notes) GST_INFO_OBJECT(self, "%s", text.c_str());
  return std::make_unique<TensorReader>(std::move(config.infer.settings), config.releases_tensors,
                                        settings.is_in_regions, [self](const std::string& text) { warn(self, text); });
}

static gboolean fluvial_postprocess_start(GstBaseTransform* self) {
  return guarded(self, FALSE, [self] {
    auto& impl = impl_of(self);
    const Settings settings = settings_of(self);
    if (settings.config_file.empty())
      throw SettingsError("postprocesslib-config-file is missing: it says whose tensors are read, and how");
    auto library = open_library(self, settings);
    if (library)
      library->configure(settings.config_file);
    else
      impl.reader = make_reader(self, settings);
    std::lock_guard lock(impl.mutex);
    impl.library = std::move(library);
    return TRUE;
  });
}

static gboolean fluvial_postprocess_stop(GstBaseTransform* self) {
  auto& impl = impl_of(self);
  impl.reader.reset();
  std::shared_ptr<PostLibrary> library;  // ends without the lock
  std::lock_guard lock(impl.mutex);
  library.swap(impl.library);
  return TRUE;
}

static GstFlowReturn fluvial_postprocess_transform_ip(GstBaseTransform* self, GstBuffer* buffer) {
  return guarded(self, GST_FLOW_ERROR, [self, buffer] {
    if (auto* batch = gst_buffer_get_nvds_batch_meta(buffer)) impl_of(self).reader->read(buffer, batch);
    return GST_FLOW_OK;
  });
}

// A library decides when, and whether, a buffer goes on.
static GstFlowReturn fluvial_postprocess_generate_output(GstBaseTransform* self, GstBuffer** out) {
  const auto library = library_of(self);
  if (!library) return GST_BASE_TRANSFORM_CLASS(fluvial_postprocess_parent_class)->generate_output(self, out);
  *out = nullptr;
  auto* buffer = std::exchange(self->queued_buf, nullptr);
  if (!buffer) return GST_FLOW_OK;
  return guarded(self, GST_FLOW_ERROR, [&] {
    *out = library->process(gst_buffer_make_writable(buffer));
    return GST_FLOW_OK;
  });
}

static gboolean fluvial_postprocess_sink_event(GstBaseTransform* self, GstEvent* event) {
  const auto library = library_of(self);
  const bool goes_on = !library || guarded(self, false, [&] { return library->takes(event); });
  if (goes_on) return GST_BASE_TRANSFORM_CLASS(fluvial_postprocess_parent_class)->sink_event(self, event);
  warn(self, std::string("HandleEvent did not return true for ") + GST_EVENT_TYPE_NAME(event) + ": it is not sent on");
  gst_event_unref(event);
  return FALSE;
}

static void reconfigure(gpointer self) {
  try {
    if (const auto library = library_of(self)) library->configure(settings_of(self).config_file);
  } catch (const SettingsError& e) {
    warn(self, e.what());
  }
}

static void fluvial_postprocess_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  {
    std::lock_guard lock(impl.mutex);
    properties().set(id, impl.settings, value);
  }
  if (spec->name == std::string(config_key)) reconfigure(self);
}

static void fluvial_postprocess_get_property(GObject* self, guint id, GValue* value, GParamSpec*) {
  auto& impl = impl_of(self);
  std::lock_guard lock(impl.mutex);
  properties().get(id, impl.settings, value);
}

static void fluvial_postprocess_init(FluvialPostprocess* self) {
  self->impl = new Impl();
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}

static void fluvial_postprocess_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_postprocess_parent_class)->finalize(object);
}

static void fluvial_postprocess_class_init(FluvialPostprocessClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_postprocess_finalize;
  object->set_property = fluvial_postprocess_set_property;
  object->get_property = fluvial_postprocess_get_property;
  properties().install(object);

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->start = fluvial_postprocess_start;
  base->stop = fluvial_postprocess_stop;
  base->transform_ip = fluvial_postprocess_transform_ip;
  base->generate_output = fluvial_postprocess_generate_output;
  base->sink_event = fluvial_postprocess_sink_event;

  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Postprocessor", "Filter/Analyzer/Video",
                                        "Reads the tensors of an inference and attaches what is in them", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(postprocess_debug, "fluvialpostprocess", 0, "tensors after inference");
}
