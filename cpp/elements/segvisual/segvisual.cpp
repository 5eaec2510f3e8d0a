// fluvialsegvisual (nvsegvisual): shows the maps of classes (NvDsInferSegmentationMeta) that segmentation models leave
// on frames, each class in a colour of its own.
//
//   in    video/x-raw(memory:NVMM) with batch metadata
//   out   a batch of RGBA pictures: the classes' colours, or, with original-background, the frame with colours mixed
//   in;
//         a frame without a map stays what it is
//   try   videotestsrc num-buffers=9 ! m.sink_0
//         fluvialmux name=m ! fluvialsegvisual original-background=true alpha=0.5 ! fakesink
//
// A map is stretched over the whole picture, of whatever size both are. DeepStream paints it pixel by pixel from the
// top left corner, which is the same where width and height are the map's, as its documentation asks for.

#include "elements/segvisual/segvisual.h"

#include <gst/base/gstbasetransform.h>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "elements/caps.h"
#include "elements/copy_metadata.h"
#include "elements/guard.h"
#include "elements/segvisual/pictures.h"
#include "elements/segvisual/settings.h"
#include "meta/batch_buffer.h"
#include "meta/scale.h"
#include "surface/batch.h"

GST_DEBUG_CATEGORY_STATIC(segvisual_debug);
#define GST_CAT_DEFAULT segvisual_debug

namespace {

using namespace fluvial;

constexpr guint frames_without_maps = 100;  // until the user is told

struct State {            // from start to stop; the streaming thread's
  guint unmapped = 0;     // frames before the first map; beyond the limit: told, or no longer of interest
  std::string other_ids;  // of maps that were not asked for
  bool has_warned_of_batch = false;
};

struct Impl {
  std::mutex mutex;  // guards settings
  SegvisualSettings settings;
  State state;
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_system_allocator();
  Pictures pictures{*allocator};
};

SegvisualSettings settings_of(Impl& impl) {
  std::lock_guard lock(impl.mutex);
  return impl.settings;
}

// --- frames ----------------------------------------------------------------------------------------------------------

// Models with an interval leave frames without a map, so that a few of them are nothing.
void watch(gpointer self, State& state, const NvDsFrameMeta& frame, bool has_maps, const SegvisualSettings& settings) {
  if (state.unmapped >= frames_without_maps) return;
  if (has_maps) {
    state.unmapped = frames_without_maps;
    return;
  }
  if (state.other_ids.empty()) state.other_ids = ids_of_maps(frame);
  if (++state.unmapped < frames_without_maps) return;
  const std::string many = "the first " + std::to_string(frames_without_maps) + " frames";
  if (state.other_ids.empty())
    return warn(self, "no map of classes on " + many +
                          ", so that nothing is painted; put nvinfer with a segmentation model (network-type=2) before "
                          "this element");
  warn(self, "operate-on-seg-meta-id=" + std::to_string(settings.unique_id) + ": " + many +
                 " have maps of other inferences alone (gie-unique-id " + state.other_ids +
                 "), so that nothing is painted; set it to one of these, or to -1 for all");
}

// By place in the batch; null for a surface that no metadata speaks of.
std::vector<NvDsFrameMeta*> frames_of(gpointer self, State& state, NvDsBatchMeta* batch, std::size_t surfaces) {
  std::vector<NvDsFrameMeta*> frames(surfaces);
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    if (frame->batch_id < surfaces) {
      frames[frame->batch_id] = frame;
    } else if (!std::exchange(state.has_warned_of_batch, true)) {
      GST_WARNING_OBJECT(self, "a frame meta has batch_id %u, the buffer holds %" G_GSIZE_FORMAT " surfaces",
                         frame->batch_id, surfaces);
    }
  }
  return frames;
}

SurfacePtr draw(gpointer self, Impl& impl, const SurfacePtr& surface, const NvDsFrameMeta* frame,
                const SegvisualSettings& settings) {
  if (!frame) return impl.pictures.draw(surface, {}, settings);
  const auto maps = maps_of(*frame, settings);
  watch(self, impl.state, *frame, !maps.empty(), settings);
  return impl.pictures.draw(surface, maps, settings);
}

// Boxes and texts go where their picture went.
void place_metadata(GstBuffer* in, GstBuffer* out) {
  for (auto* frame : each<NvDsFrameMeta>(gst_buffer_get_nvds_batch_meta(out)->frame_meta_list)) {
    if (frame->batch_id >= surface_count(in)) continue;
    const Size from = surface_at(in, frame->batch_id)->format().size;
    const Size to = surface_at(out, frame->batch_id)->format().size;
    if (from == to) continue;
    place_frame(frame, {static_cast<float>(to.width) / static_cast<float>(from.width),
                        static_cast<float>(to.height) / static_cast<float>(from.height)});
  }
}

GstBuffer* visualised(gpointer self, Impl& impl, GstBuffer* in) {
  auto* batch = gst_buffer_get_nvds_batch_meta(in);
  if (!batch) throw std::runtime_error("the buffer has no batch metadata; put nvstreammux before this element");
  const SegvisualSettings settings = settings_of(impl);
  const auto frames = frames_of(self, impl.state, batch, surface_count(in));
  std::vector<SurfacePtr> pictures;
  for (std::size_t i = 0; i < frames.size(); ++i)
    pictures.push_back(draw(self, impl, surface_at(in, i), frames[i], settings));
  auto* out = new_batch_buffer(std::move(pictures));
  copy_metadata(in, out);
  place_metadata(in, out);
  return out;
}

}  // namespace

struct FluvialSegvisual {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialSegvisualClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialSegvisual, fluvial_segvisual, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialSegvisual*>(self)->impl; }

static void fluvial_segvisual_init(FluvialSegvisual* self) { self->impl = new Impl(); }

// Under our own name pictures are as large as frames; under DeepStream's the defaults are DeepStream's.
static void fluvial_segvisual_constructed(GObject* self) {
  G_OBJECT_CLASS(fluvial_segvisual_parent_class)->constructed(self);
  if (G_OBJECT_TYPE(self) == fluvial_segvisual_get_type())
    impl_of(self).settings.width = impl_of(self).settings.height = 0;
}

static void fluvial_segvisual_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_segvisual_parent_class)->finalize(object);
}

// --- caps ------------------------------------------------------------------------------------------------------------

static void set_side(GstStructure* s, const char* name, guint side) {
  if (side > 0) gst_structure_set(s, name, G_TYPE_INT, static_cast<int>(side), nullptr);
}

static void set_any_side(GstStructure* s, const char* name, guint side) {
  if (side > 0) gst_structure_set(s, name, GST_TYPE_INT_RANGE, 1, G_MAXINT, nullptr);
}

// RGBA of the size that is asked for goes out; anything comes in, which the pad's template says.
static GstCaps* fluvial_segvisual_transform_caps(GstBaseTransform* self, GstPadDirection direction, GstCaps* caps,
                                                 GstCaps* filter) {
  const SegvisualSettings settings = settings_of(impl_of(self));
  const bool is_output = direction == GST_PAD_SINK;
  const auto set = is_output ? set_side : set_any_side;
  auto* result = gst_caps_copy(caps);
  for (guint i = 0; i < gst_caps_get_size(result); ++i) {
    auto* s = gst_caps_get_structure(result, i);
    gst_structure_remove_fields(s, "format", "colorimetry", "chroma-site", nullptr);
    if (is_output) gst_structure_set(s, "format", G_TYPE_STRING, "RGBA", nullptr);
    if (settings.width > 0 || settings.height > 0) gst_structure_remove_field(s, "pixel-aspect-ratio");
    set(s, "width", settings.width);
    set(s, "height", settings.height);
  }
  return narrowed(result, filter);
}

static gboolean fluvial_segvisual_get_unit_size(GstBaseTransform*, GstCaps*, gsize* size) {
  *size = sizeof(NvBufSurface);
  return TRUE;
}

// --- streaming -------------------------------------------------------------------------------------------------------

static gboolean fluvial_segvisual_stop(GstBaseTransform* self) {
  impl_of(self).state = State();
  return TRUE;
}

static GstFlowReturn fluvial_segvisual_prepare_output_buffer(GstBaseTransform* self, GstBuffer* in, GstBuffer** out) {
  return guarded(self, GST_FLOW_ERROR, [&] {
    *out = visualised(self, impl_of(self), in);
    return GST_FLOW_OK;
  });
}

// All work is done where the output buffer is made.
static GstFlowReturn fluvial_segvisual_transform(GstBaseTransform*, GstBuffer*, GstBuffer*) { return GST_FLOW_OK; }

// --- properties ------------------------------------------------------------------------------------------------------

static void fluvial_segvisual_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_segvisual) return impl.ignored.set(spec, value);
  bool has_new_size = false;
  {
    std::lock_guard lock(impl.mutex);
    const auto before = std::pair(impl.settings.width, impl.settings.height);
    segvisual_properties().set(id, impl.settings, value);
    has_new_size = before != std::pair(impl.settings.width, impl.settings.height);
  }
  if (has_new_size) gst_base_transform_reconfigure_src(GST_BASE_TRANSFORM(self));
}

static void fluvial_segvisual_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_segvisual) return impl.ignored.get(spec, value);
  if (id == segvisual_copied_bytes) return g_value_set_uint64(value, impl.allocator->written_bytes());
  std::lock_guard lock(impl.mutex);
  segvisual_properties().get(id, impl.settings, value);
}

static void fluvial_segvisual_class_init(FluvialSegvisualClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->constructed = fluvial_segvisual_constructed;
  object->finalize = fluvial_segvisual_finalize;
  object->set_property = fluvial_segvisual_set_property;
  object->get_property = fluvial_segvisual_get_property;
  install_segvisual_properties(object);

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->transform_caps = fluvial_segvisual_transform_caps;
  base->get_unit_size = fluvial_segvisual_get_unit_size;
  base->stop = fluvial_segvisual_stop;
  base->prepare_output_buffer = fluvial_segvisual_prepare_output_buffer;
  base->transform = fluvial_segvisual_transform;
  base->passthrough_on_same_caps = FALSE;

  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps("RGBA"));
  gst_element_class_set_static_metadata(element, "Painter of maps of classes", "Filter/Video",
                                        "Shows what a segmentation model says of each pixel", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(segvisual_debug, "fluvialsegvisual", 0, "painter of maps of classes");
}
