#include "elements/decode/nvdec.h"

#include <algorithm>
#include <exception>

#include "surface/cuda/device.h"
#include "surface/cuda/gstreamer.h"

namespace fluvial {
namespace {

bool is_nvdec(GstElementFactory* factory) {
  const char* plugin = gst_plugin_feature_get_plugin_name(GST_PLUGIN_FEATURE(factory));
  return plugin && g_str_equal(plugin, "nvcodec");
}

// NVDEC gives more than eight bits in formats that surfaces do not have.
guint bits_of(GstCaps* caps) {
  guint bits = 8;
  gst_structure_get_uint(gst_caps_get_structure(caps, 0), "bit-depth-luma", &bits);
  return bits;
}

// "video/x-h264, high-4:2:2"
std::string words_of(GstCaps* caps) {
  const auto* structure = gst_caps_get_structure(caps, 0);
  const char* profile = gst_structure_get_string(structure, "profile");
  return gst_structure_get_name(structure) + (profile ? ", " + std::string(profile) : "");
}

bool is_of(GstElement* element, guint gpu_id) {
  guint device = 0;
  g_object_get(element, "cuda-device-id", &device, nullptr);
  return device == gpu_id;
}

// In the context that all of this process uses on that GPU. Throws std::runtime_error.
bool opens_on(GstElement* element, cuda::Device& device) {
  auto* context = cuda::new_gst_context(device);
  if (!context) return false;
  gst_element_set_context(element, context);
  gst_context_unref(context);
  if (gst_element_set_state(element, GST_STATE_READY) != GST_STATE_CHANGE_FAILURE) return true;
  gst_element_set_state(element, GST_STATE_NULL);
  return false;
}

bool has_any_nvdec(GList* decoders) {
  for (GList* node = decoders; node; node = node->next)
    if (is_nvdec(static_cast<GstElementFactory*>(node->data))) return true;
  return false;
}

std::string why_none(GList* decoders, GstCaps* caps, guint gpu_id, bool fits_one) {
  const std::string gpu = "GPU " + std::to_string(gpu_id);
  if (!has_any_nvdec(decoders))
    return "GStreamer's nvcodec plugin gives no decoders (gstreamer1.0-plugins-bad brings it; it needs the driver's "
           "libnvcuvid.so.1)";
  if (!fits_one) return gpu + "'s NVDEC does not take " + words_of(caps);
  const auto memory = cuda::Device::at(static_cast<int>(gpu_id)).memory();
  return gpu + "'s NVDEC does not open (" + std::to_string(memory.free >> 20) + " MiB of " +
         std::to_string(memory.total >> 20) + " are free)";
}

// The first of these that opens, or nullptr; `fits_one`: there was one of that GPU. None can be made where the plugin
// finds no memory for itself.
GstElement* first_that_opens(GList* factories, cuda::Device& device, bool& fits_one) {
  for (GList* node = factories; node; node = node->next) {
    auto* factory = static_cast<GstElementFactory*>(node->data);
    if (!is_nvdec(factory)) continue;
    auto* element = gst_element_factory_create(factory, nullptr);
    const bool fits = !element || is_of(element, static_cast<guint>(device.ordinal()));
    fits_one = fits_one || fits;
    if (element && fits && opens_on(element, device)) return element;
    if (element) gst_object_unref(gst_object_ref_sink(element));
  }
  return nullptr;
}

}  // namespace

GList* all_decoders() {
  return gst_element_factory_list_get_elements(
      GST_ELEMENT_FACTORY_TYPE_DECODER | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO | GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE,
      GST_RANK_MARGINAL);
}

void provide_surfaces(GstElement* nvdec, guint extra) {
  // Four wait in the mux and one in the batch that it makes; inference has four batches, and two stand in each queue
  // behind it.
  constexpr guint in_a_pipeline = 20, most = 64;
  constexpr const char* name = "num-output-surfaces";
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(nvdec), name)) return;
  g_object_set(nvdec, name, std::min(most, in_a_pipeline + extra), nullptr);
}

GstElement* make_nvdec(GstCaps* caps, guint gpu_id, std::string& why_not) {
  if (!cuda::driver()) return nullptr;
  if (const guint bits = bits_of(caps); bits != 8) {
    why_not = std::to_string(bits) + " bits a sample (" + words_of(caps) + "); frames on the GPU have 8";
    return nullptr;
  }
  auto* all = all_decoders();
  auto* fitting = g_list_sort(gst_element_factory_list_filter(all, caps, GST_PAD_SINK, false),
                              gst_plugin_feature_rank_compare_func);
  GstElement* made = nullptr;
  try {
    bool fits_one = false;
    made = first_that_opens(fitting, cuda::Device::at(static_cast<int>(gpu_id)), fits_one);
    if (!made) why_not = why_none(all, caps, gpu_id, fits_one);
  } catch (const std::exception& e) {  // no such GPU, or it is lost
    why_not = e.what();
  }
  gst_plugin_feature_list_free(fitting);
  gst_plugin_feature_list_free(all);
  return made;
}

}  // namespace fluvial
