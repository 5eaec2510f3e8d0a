// fluvialpostprocess (nvdspostprocess): reads tensors that inference left on frames or objects, and attaches what is in
// them.
//
//   in    video/x-raw(memory:NVMM) with NvDsBatchMeta and NvDsInferTensorMeta (fluvialinfer with output-tensor-meta)
//   out   the same, with objects, labels, masks or maps of classes
//   try   videotestsrc num-buffers=9 ! m.sink_0 fluvialmux name=m ! fluvialpostprocess
//         postprocesslib-config-file=a.yml ! fakesink

#include "elements/infer/post/postprocess.h"

#include <gst/base/gstbasetransform.h>

#include <filesystem>
#include <memory>
#include <mutex>

#include "elements/caps.h"
#include "elements/guard.h"
#include "elements/infer/post/tensor_reader.h"
#include "elements/property_table.h"

GST_DEBUG_CATEGORY_STATIC(postprocess_debug);
#define GST_CAT_DEFAULT postprocess_debug

namespace {

using namespace fluvial;  // NOLINT

struct Settings {
  guint gpu_id = 0;
  std::string library, config_file;
  bool is_in_regions = false;
};

struct Impl {
  std::mutex mutex;  // guards settings
  Settings settings;
  std::unique_ptr<TensorReader> reader;  // from start to stop; the streaming thread's
};

const PropertyTable<Settings>& properties() {
  static const auto table = [] {
    PropertyTable<Settings> t;
    t.add("gpu-id", "Number of the GPU; no effect in system memory", &Settings::gpu_id, 0, G_MAXUINT);
    t.add("postprocesslib-name", "DeepStream's own library (libpostprocess_impl.so), whose work is built in; no other",
          &Settings::library);
    t.add("postprocesslib-config-file", "Config file of DeepStream's nvdspostprocess, YAML or INI",
          &Settings::config_file);
    t.add("preprocessor-support", "Tensors of the regions of fluvialpreprocess are read too", &Settings::is_in_regions);
    return t;
  }();
  return table;
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

void check_library(const std::string& path) {
  if (path.empty() || std::filesystem::path(path).filename() == "libpostprocess_impl.so") return;
  throw SettingsError(
      "postprocesslib-name: libraries of one's own are not opened here; a parser of one's own goes into the config "
      "file, custom-lib-path and parse-bbox-func-name, or into a probe (" +
      path + ")");
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

static gboolean fluvial_postprocess_start(GstBaseTransform* self) {
  return guarded(self, FALSE, [self] {
    auto& impl = impl_of(self);
    Settings settings;
    {
      std::lock_guard lock(impl.mutex);
      settings = impl.settings;
    }
    check_library(settings.library);
    if (settings.config_file.empty())
      throw SettingsError("postprocesslib-config-file is missing: it says whose tensors are read, and how");
    PostConfig config = read_post_config(settings.config_file);
    if (!config.infer.problems.empty())
      throw SettingsError(joined_lines(config.infer.problems) + " (" + settings.config_file + ")");
    for (const auto& text : config.infer.warnings) warn(self, text);
    for (const auto& text : config.infer.notes) GST_INFO_OBJECT(self, "%s", text.c_str());
    impl.reader =
        std::make_unique<TensorReader>(std::move(config.infer.settings), config.releases_tensors,
                                       settings.is_in_regions, [self](const std::string& text) { warn(self, text); });
    return TRUE;
  });
}

static gboolean fluvial_postprocess_stop(GstBaseTransform* self) {
  impl_of(self).reader.reset();
  return TRUE;
}

static GstFlowReturn fluvial_postprocess_transform_ip(GstBaseTransform* self, GstBuffer* buffer) {
  return guarded(self, GST_FLOW_ERROR, [self, buffer] {
    if (auto* batch = gst_buffer_get_nvds_batch_meta(buffer)) impl_of(self).reader->read(buffer, batch);
    return GST_FLOW_OK;
  });
}

static void fluvial_postprocess_set_property(GObject* self, guint id, const GValue* value, GParamSpec*) {
  auto& impl = impl_of(self);
  std::lock_guard lock(impl.mutex);
  properties().set(id, impl.settings, value);
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

  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Postprocessor", "Filter/Analyzer/Video",
                                        "Reads the tensors of an inference and attaches what is in them", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(postprocess_debug, "fluvialpostprocess", 0, "tensors after inference");
}
