// fluvialconvert (nvvideoconvert): format, size, turn and kind of memory of a batch of surfaces.
//
//   in    video/x-raw(memory:NVMM) with any number of surfaces, or video/x-raw with one frame
//   out   the same; into system memory only batches of one
//   try   videotestsrc num-buffers=9 ! fluvialconvert ! video/x-raw(memory:NVMM),format=RGBA ! fakesink
//
// Nothing is copied that need not be: equal caps pass through, and see conversion.h. Which caps become which:
// negotiation.h.

#include "elements/convert/convert.h"

#include <gst/base/gstbasetransform.h>
#include <gst/video/gstvideopool.h>

#include <mutex>

#include "elements/caps.h"
#include "elements/convert/conversion.h"
#include "elements/convert/negotiation.h"
#include "elements/convert/settings.h"
#include "elements/copy_metadata.h"
#include "elements/guard.h"
#include "surface/format.h"

GST_DEBUG_CATEGORY_STATIC(convert_debug);
#define GST_CAT_DEFAULT convert_debug

namespace {

using namespace fluvial;

struct Impl {
  std::mutex mutex;  // guards settings and has_news
  ConvertSettings settings;
  bool has_news = false;    // settings changed since they were applied
  Conversion how;           // from set_caps on; the streaming thread's
  bool is_refused = false;  // the settings are wrong, which the bus has been told
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_allocator();
};

}  // namespace

struct FluvialConvert {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialConvertClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialConvert, fluvial_convert, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialConvert*>(self)->impl; }

static void fluvial_convert_init(FluvialConvert* self) { self->impl = new Impl(); }

static void fluvial_convert_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_convert_parent_class)->finalize(object);
}

// --- caps ------------------------------------------------------------------------------------------------------------

static GstCaps* fluvial_convert_transform_caps(GstBaseTransform*, GstPadDirection direction, GstCaps* caps,
                                               GstCaps* filter) {
  return narrowed(convertible_caps(caps, direction), filter);
}

static GstCaps* fluvial_convert_fixate_caps(GstBaseTransform* self, GstPadDirection direction, GstCaps* caps,
                                            GstCaps* other) {
  Flip flip = Flip::none;
  {
    std::lock_guard lock(impl_of(self).mutex);
    flip = impl_of(self).settings.flip;
  }
  return nearest_caps(caps, other, direction, flip);
}

// Settings as they are now, for the caps as they are now.
static void apply_settings(GstBaseTransform* self) {
  auto& impl = impl_of(self);
  auto& how = impl.how;
  ConvertSettings settings;
  {
    std::lock_guard lock(impl.mutex);
    settings = impl.settings;
    impl.has_news = false;
  }
  impl.is_refused = true;  // unless all of it can be read
  gst_base_transform_set_passthrough(self, FALSE);
  how.transform = transform_of(settings);
  impl.is_refused = false;
  const bool is_plain = settings.flip == Flip::none && settings.source_crop.empty() && settings.target_crop.empty() &&
                        !settings.never_passes_through;
  gst_base_transform_set_passthrough(
      self, is_plain && how.in.is_surface == how.out.is_surface && how.in.format == how.out.format);
}

static gboolean fluvial_convert_set_caps(GstBaseTransform* self, GstCaps* in_caps, GstCaps* out_caps) {
  return guarded(self, FALSE, [&] {
    auto& how = impl_of(self).how;
    how.in = side_of(in_caps);
    how.out = side_of(out_caps);
    apply_settings(self);
    return TRUE;
  });
}

// Caps that stay as they are do not come to set_caps again when a setting changes.
static void fluvial_convert_before_transform(GstBaseTransform* self, GstBuffer*) {
  bool has_news = false;
  {
    std::lock_guard lock(impl_of(self).mutex);
    has_news = impl_of(self).has_news;
  }
  if (has_news) guarded(self, false, [self] { return apply_settings(self), true; });
}

static gboolean fluvial_convert_get_unit_size(GstBaseTransform*, GstCaps* caps, gsize* size) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return FALSE;
  *size = has_surface_feature(caps) ? sizeof(NvBufSurface) : GST_VIDEO_INFO_SIZE(&info);
  return TRUE;
}

// Decoders may lay out their frames as they like: a GstVideoMeta tells us.
static gboolean fluvial_convert_propose_allocation(GstBaseTransform* self, GstQuery* decide, GstQuery* query) {
  if (!GST_BASE_TRANSFORM_CLASS(fluvial_convert_parent_class)->propose_allocation(self, decide, query)) return FALSE;
  if (decide) gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
  return TRUE;  // without `decide` the buffer passes through, and downstream has answered
}

// Surfaces come from our allocator; system memory from a pool of GStreamer's.
static gboolean fluvial_convert_decide_allocation(GstBaseTransform* self, GstQuery* query) {
  const auto& out = impl_of(self).how.out;
  if (out.is_surface) {
    while (gst_query_get_n_allocation_pools(query) > 0) gst_query_remove_nth_allocation_pool(query, 0);
    return TRUE;
  }
  if (gst_query_get_n_allocation_pools(query) == 0) {
    auto* pool = gst_video_buffer_pool_new();
    gst_query_add_allocation_pool(query, pool, static_cast<guint>(GST_VIDEO_INFO_SIZE(&out.info)), 2, 0);
    gst_object_unref(pool);
  }
  return GST_BASE_TRANSFORM_CLASS(fluvial_convert_parent_class)->decide_allocation(self, query);
}

// --- buffers ---------------------------------------------------------------------------------------------------------

static gboolean fluvial_convert_copy_metadata(GstBaseTransform*, GstBuffer* from, GstBuffer* to) {
  copy_metadata(from, to);
  return TRUE;
}

// In system memory: the decoder's own frame where it will do, else a copy.
static GstFlowReturn make_frame(GstBaseTransform* self, GstBuffer* in, GstBuffer** out) {
  auto& impl = impl_of(self);
  const auto surface = only_surface(impl.how, in);
  *out = unwrapped(impl.how, in, surface);
  if (*out) return GST_FLOW_OK;
  const auto flow = GST_BASE_TRANSFORM_CLASS(fluvial_convert_parent_class)->prepare_output_buffer(self, in, out);
  if (flow == GST_FLOW_OK) fill_system_memory(impl.how, *impl.allocator, in, *surface, *out);
  return flow;
}

static GstFlowReturn fluvial_convert_prepare_output_buffer(GstBaseTransform* self, GstBuffer* in, GstBuffer** out) {
  *out = nullptr;
  if (gst_base_transform_is_passthrough(self)) {
    *out = in;
    return GST_FLOW_OK;
  }
  const auto flow = guarded(self, GST_FLOW_ERROR, [&] {
    auto& impl = impl_of(self);
    if (impl.is_refused) return GST_FLOW_ERROR;
    if (!impl.how.out.is_surface) return make_frame(self, in, out);
    *out = into_surfaces(impl.how, *impl.allocator, in);
    return GST_FLOW_OK;
  });
  if (flow != GST_FLOW_OK) gst_clear_buffer(out);  // made, and then not filled
  return flow;
}

// All work is done where the output buffer is made, as for surfaces that is the same thing.
static GstFlowReturn fluvial_convert_transform(GstBaseTransform*, GstBuffer*, GstBuffer*) { return GST_FLOW_OK; }

// --- properties ------------------------------------------------------------------------------------------------------

static void fluvial_convert_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_convert) return impl.ignored.set(spec, value);
  {
    std::lock_guard lock(impl.mutex);
    convert_properties().set(id, impl.settings, value);
    impl.has_news = true;
  }
  gst_base_transform_reconfigure_src(GST_BASE_TRANSFORM(self));
}

static void fluvial_convert_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_convert) return impl.ignored.get(spec, value);
  if (id == convert_copied_bytes) return g_value_set_uint64(value, impl.allocator->written_bytes());
  std::lock_guard lock(impl.mutex);
  convert_properties().get(id, impl.settings, value);
}

static void fluvial_convert_class_init(FluvialConvertClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_convert_finalize;
  object->set_property = fluvial_convert_set_property;
  object->get_property = fluvial_convert_get_property;
  install_convert_properties(object);

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->transform_caps = fluvial_convert_transform_caps;
  base->fixate_caps = fluvial_convert_fixate_caps;
  base->set_caps = fluvial_convert_set_caps;
  base->get_unit_size = fluvial_convert_get_unit_size;
  base->propose_allocation = fluvial_convert_propose_allocation;
  base->decide_allocation = fluvial_convert_decide_allocation;
  base->before_transform = fluvial_convert_before_transform;
  base->copy_metadata = fluvial_convert_copy_metadata;
  base->prepare_output_buffer = fluvial_convert_prepare_output_buffer;
  base->transform = fluvial_convert_transform;
  base->passthrough_on_same_caps = FALSE;

  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_input_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_video_caps());
  gst_element_class_set_static_metadata(element, "Surface converter", "Filter/Converter/Video/Scaler",
                                        "Changes format, size, turn and memory of surfaces", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(convert_debug, "fluvialconvert", 0, "surface converter");
}
