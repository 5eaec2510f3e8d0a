// fluvialconvert (nvvideoconvert): format, size, turn and kind of memory of a batch of surfaces.
//
//   in    video/x-raw(memory:NVMM) with any number of surfaces, or video/x-raw with one frame
//   out   the same; into system memory only batches of one
//   try   videotestsrc num-buffers=9 ! fluvialconvert ! video/x-raw(memory:NVMM),format=RGBA ! fakesink
//
// Nothing is copied that need not be: equal caps pass through; a frame in system memory is wrapped, and unwrapped
// again, when format and size agree.

#include "elements/convert/convert.h"

#include <gst/base/gstbasetransform.h>
#include <gst/video/gstvideopool.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <string>

#include "elements/caps.h"
#include "elements/compat_properties.h"
#include "elements/guard.h"
#include "meta/batch_buffer.h"
#include "meta/scale.h"
#include "surface/batch.h"
#include "surface/format.h"

GST_DEBUG_CATEGORY_STATIC(convert_debug);
#define GST_CAT_DEFAULT convert_debug

namespace {

using namespace fluvial;

struct Settings {  // what the user chose; any thread may set it
  Flip flip = Flip::none;
  guint interpolation = 1;  // as DeepStream numbers it
  std::string source_crop;
  std::string target_crop;
  bool never_passes_through = false;
};

struct Side {  // one pad's caps, taken apart
  GstVideoInfo info;
  SurfaceFormat format;
  bool is_surface = false;
};

struct State {  // from set_caps on; the streaming thread's
  Side in, out;
  Transform transform;
  bool is_refused = false;  // the settings are wrong, which the bus has been told
};

struct Impl {
  std::mutex mutex;  // guards settings and has_news
  Settings settings;
  bool has_news = false;  // settings changed since they were applied
  State state;
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_system_allocator();
};

Side parse(GstCaps* caps) {
  Side side;
  if (!gst_video_info_from_caps(&side.info, caps)) throw std::runtime_error("caps without a video format");
  side.format = surface_format_from_info(side.info);
  side.is_surface = has_surface_feature(caps);
  return side;
}

// "left:top:width:height"; empty is everything.
Box parse_crop(const char* property, const std::string& text) {
  if (text.empty()) return {};
  Box box;
  int used = 0;
  const int got = std::sscanf(text.c_str(), "%f:%f:%f:%f%n", &box.left, &box.top, &box.width, &box.height, &used);
  const bool is_empty = got == 4 && box.width == 0 && box.height == 0;
  if (is_empty) return {};
  if (got != 4 || used != static_cast<int>(text.size()) || box.area() <= 0 || box.left < 0 || box.top < 0)
    throw SettingsError(std::string(property) + "='" + text +
                        "': expected left:top:width:height in pixels, such as 0:0:640:360");
  return box;
}

Filter filter_of(guint interpolation) {
  return interpolation == 0 ? Filter::nearest : interpolation == 1 ? Filter::bilinear : Filter::box;
}

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

// Any format, any size, either memory; what stays is the framerate.
static GstCaps* fluvial_convert_transform_caps(GstBaseTransform*, GstPadDirection, GstCaps* caps, GstCaps* filter) {
  auto* result = gst_caps_new_empty();
  for (const char* feature : {surface_feature, static_cast<const char*>(nullptr)}) {
    for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
      auto* s = gst_structure_copy(gst_caps_get_structure(caps, i));
      gst_structure_remove_fields(s, "format", "colorimetry", "chroma-site", "width", "height", "batch-size",
                                  "pixel-aspect-ratio", nullptr);
      gst_structure_set(s, "width", GST_TYPE_INT_RANGE, 1, G_MAXINT, "height", GST_TYPE_INT_RANGE, 1, G_MAXINT,
                        nullptr);
      GValue formats = G_VALUE_INIT;
      g_value_init(&formats, GST_TYPE_LIST);
      gst_value_deserialize(&formats, surface_formats);
      gst_structure_take_value(s, "format", &formats);
      auto* features = feature ? gst_caps_features_new(feature, nullptr) : gst_caps_features_new_empty();
      result = gst_caps_merge_structure_full(result, s, features);
    }
  }
  if (!filter) return result;
  auto* narrowed = gst_caps_intersect_full(filter, result, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref(result);
  return narrowed;
}

// Puts what allows this size first. A scaling element behind us (the tiler) lists its own size before "any", since it
// would pass that one through.
static GstCaps* prefer_size(GstCaps* possible, int width, int height) {
  for (guint i = 0; i < gst_caps_get_size(possible); ++i) {
    GstStructure* wanted = gst_structure_copy(gst_caps_get_structure(possible, i));
    gst_structure_fixate_field_nearest_int(wanted, "width", width);
    gst_structure_fixate_field_nearest_int(wanted, "height", height);
    int fixed_width = width, fixed_height = height;
    gst_structure_get_int(wanted, "width", &fixed_width);
    gst_structure_get_int(wanted, "height", &fixed_height);
    gst_structure_free(wanted);
    if (fixed_width != width || fixed_height != height) continue;
    while (i-- > 0) gst_caps_remove_structure(possible, 0);
    break;
  }
  return possible;
}

// What downstream leaves open becomes what comes in: the cheapest conversion is none.
static GstCaps* fluvial_convert_fixate_caps(GstBaseTransform* self, GstPadDirection direction, GstCaps* caps,
                                            GstCaps* other) {
  auto* given = gst_caps_get_structure(caps, 0);
  int width = 0, height = 0;
  gst_structure_get_int(given, "width", &width);
  gst_structure_get_int(given, "height", &height);
  {
    std::lock_guard lock(impl_of(self).mutex);
    const Flip flip = impl_of(self).settings.flip;
    if (flip == Flip::ccw90 || flip == Flip::cw90 || flip == Flip::diagonal || flip == Flip::anti_diagonal)
      std::swap(width, height);
  }
  other = gst_caps_truncate(prefer_size(gst_caps_make_writable(other), width, height));
  auto* s = gst_caps_get_structure(other, 0);
  if (gst_structure_has_field(s, "format"))
    gst_structure_fixate_field_string(s, "format", gst_structure_get_string(given, "format"));
  gst_structure_fixate_field_nearest_int(s, "width", width);
  gst_structure_fixate_field_nearest_int(s, "height", height);

  // A batch stays a batch, and YUV that stays YUV keeps its colours' meaning.
  int batch_size = 0;
  if (gst_caps_features_contains(gst_caps_get_features(other, 0), surface_feature) && direction == GST_PAD_SINK)
    gst_structure_set(s, "batch-size", G_TYPE_INT,
                      gst_structure_get_int(given, "batch-size", &batch_size) ? batch_size : 1, nullptr);
  const auto is_yuv = [](const char* format) { return g_str_equal(format, "I420") || g_str_equal(format, "NV12"); };
  const char* from = gst_structure_get_string(given, "format");
  const char* to = gst_structure_get_string(s, "format");
  const char* colorimetry = gst_structure_get_string(given, "colorimetry");
  if (from && to && is_yuv(to) && !gst_structure_has_field(s, "colorimetry")) {
    if (is_yuv(from) && colorimetry)
      gst_structure_set(s, "colorimetry", G_TYPE_STRING, colorimetry, nullptr);
    else if (!is_yuv(from))  // libyuv makes BT.601 from RGB
      gst_structure_set(s, "colorimetry", G_TYPE_STRING, GST_VIDEO_COLORIMETRY_BT601, nullptr);
  }
  return gst_caps_fixate(other);
}

// Settings as they are now, for the caps as they are now.
static void apply_settings(GstBaseTransform* self) {
  auto& impl = impl_of(self);
  auto& state = impl.state;
  Settings settings;
  {
    std::lock_guard lock(impl.mutex);
    settings = impl.settings;
    impl.has_news = false;
  }
  state.is_refused = true;  // unless all of it can be read
  gst_base_transform_set_passthrough(self, FALSE);
  state.transform.flip = settings.flip;
  state.transform.filter = filter_of(settings.interpolation);
  state.transform.from = parse_crop("src-crop", settings.source_crop);
  state.transform.to = parse_crop("dest-crop", settings.target_crop);
  state.is_refused = false;
  const bool is_plain = settings.flip == Flip::none && settings.source_crop.empty() && settings.target_crop.empty() &&
                        !settings.never_passes_through;
  gst_base_transform_set_passthrough(
      self, is_plain && state.in.is_surface == state.out.is_surface && state.in.format == state.out.format);
}

static gboolean fluvial_convert_set_caps(GstBaseTransform* self, GstCaps* in_caps, GstCaps* out_caps) {
  return guarded(self, FALSE, [&] {
    auto& state = impl_of(self).state;
    state.in = parse(in_caps);
    state.out = parse(out_caps);
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
  const auto& out = impl_of(self).state.out;
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

static bool describes_memory(const GstMetaInfo* info) {
  static const GQuark memory = g_quark_from_static_string(GST_META_TAG_MEMORY_STR);
  return info->api == GST_VIDEO_META_API_TYPE || gst_meta_api_type_has_tag(info->api, memory);
}

template <bool AboutMemory>
static gboolean copy_one_meta(GstBuffer* from, GstMeta** meta, gpointer to) {
  const auto* info = (*meta)->info;
  if (describes_memory(info) == AboutMemory && info->transform_func) {
    GstMetaTransformCopy whole = {FALSE, 0, static_cast<gsize>(-1)};
    info->transform_func(static_cast<GstBuffer*>(to), *meta, from, _gst_meta_transform_copy, &whole);
  }
  return TRUE;
}

// All metadata but what describes the memory.
static void copy_metadata(GstBuffer* from, GstBuffer* to) {
  gst_buffer_copy_into(to, from, GstBufferCopyFlags(GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_FLAGS), 0, gsize(-1));
  gst_buffer_foreach_meta(from, copy_one_meta<false>, to);
}

static gboolean fluvial_convert_copy_metadata(GstBaseTransform*, GstBuffer* from, GstBuffer* to) {
  copy_metadata(from, to);
  return TRUE;
}

// Frames of a batch may differ in size: a frame keeps its own unless the caps ask for a change.
static SurfaceFormat target_format(const State& state, const SurfaceFormat& from) {
  SurfaceFormat to = state.out.format;
  const bool keeps_size = state.in.format.size == state.out.format.size && state.transform.flip == Flip::none &&
                          state.transform.from.area() <= 0;
  if (keeps_size) to.size = from.size;
  if (from.pixels == to.pixels) to.colorimetry = from.colorimetry;
  return to;
}

static SurfacePtr converted(Impl& impl, const SurfacePtr& from) {
  const auto& how = impl.state.transform;
  const SurfaceFormat to = target_format(impl.state, from->format());
  if (from->format() == to && how.flip == Flip::none && how.from.area() <= 0 && how.to.area() <= 0) return from;
  auto surface = impl.allocator->allocate(to);
  if (how.to.area() > 0) impl.allocator->clear(*surface);
  impl.allocator->transform(*from, *surface, how);
  return surface;
}

// The part of a picture inside a box; all of it for an empty box.
static Box part_of(Size picture, const Box& box) {
  const float width = float(picture.width), height = float(picture.height);
  if (box.area() <= 0) return {0, 0, width, height};
  const float left = std::min(box.left, width - 1), top = std::min(box.top, height - 1);
  return {left, top, std::min(box.width, width - left), std::min(box.height, height - top)};
}

static Placement placement_of(const Transform& how, Size from, Size to) {
  const Box source = part_of(from, how.from), target = part_of(to, how.to);
  Placement p;
  p.scale_x = target.width / source.width;
  p.scale_y = target.height / source.height;
  p.move_x = target.left - source.left * p.scale_x;
  p.move_y = target.top - source.top * p.scale_y;
  return p;
}

static void place_metadata(const State& state, GstBuffer* in, GstBuffer* out) {
  auto* batch = gst_buffer_get_nvds_batch_meta(out);
  if (!batch || state.transform.flip != Flip::none) return;  // turned metadata has no reader yet
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    if (state.in.is_surface && frame->batch_id >= surface_count(in)) continue;
    const SurfaceFormat from = state.in.is_surface ? surface_at(in, frame->batch_id)->format() : state.in.format;
    const Size to = state.out.is_surface ? target_format(state, from).size : state.out.format.size;
    if (from.size == to && state.transform.from.area() <= 0 && state.transform.to.area() <= 0) continue;
    place_frame(frame, placement_of(state.transform, from.size, to));
  }
}

static SurfacePtr only_surface(GstBuffer* buffer) {
  if (surface_count(buffer) != 1)
    throw std::runtime_error("system memory holds one frame, this batch holds " +
                             std::to_string(surface_count(buffer)) +
                             "; put nvstreamdemux or nvmultistreamtiler before this element");
  return surface_at(buffer, 0);
}

static GstBuffer* into_surfaces(Impl& impl, GstBuffer* in) {
  std::vector<SurfacePtr> surfaces;
  if (impl.state.in.is_surface)
    for (std::size_t i = 0; i < surface_count(in); ++i) surfaces.push_back(converted(impl, surface_at(in, i)));
  else
    surfaces.push_back(converted(impl, wrap_video_buffer(in, impl.state.in.info)));
  auto* out = new_batch_buffer(std::move(surfaces));
  copy_metadata(in, out);
  place_metadata(impl.state, in, out);
  return out;
}

// The decoder's own buffer again, when it already is what is wanted; else nullptr.
static GstBuffer* unwrapped(Impl& impl, GstBuffer* in, const SurfacePtr& surface) {
  const auto& how = impl.state.transform;
  if (!surface->source() || !(surface->format() == impl.state.out.format) || how.flip != Flip::none ||
      how.from.area() > 0 || how.to.area() > 0)
    return nullptr;
  auto* out = gst_buffer_new();
  gst_buffer_copy_into(out, surface->source(), GST_BUFFER_COPY_MEMORY, 0, gsize(-1));  // shares it
  gst_buffer_foreach_meta(surface->source(), copy_one_meta<true>, out);
  copy_metadata(in, out);
  return out;
}

static void fill_system_memory(Impl& impl, GstBuffer* in, const Surface& surface, GstBuffer* out) {
  auto target = wrap_video_buffer(out, impl.state.out.info, GST_MAP_WRITE);
  if (impl.state.transform.to.area() > 0) impl.allocator->clear(*target);
  impl.allocator->transform(surface, *target, impl.state.transform);
  place_metadata(impl.state, in, out);
}

static GstFlowReturn fluvial_convert_prepare_output_buffer(GstBaseTransform* self, GstBuffer* in, GstBuffer** out) {
  *out = nullptr;
  if (gst_base_transform_is_passthrough(self)) {
    *out = in;
    return GST_FLOW_OK;
  }
  const auto flow = guarded(self, GST_FLOW_ERROR, [&] {
    auto& impl = impl_of(self);
    if (impl.state.is_refused) return GST_FLOW_ERROR;
    if (impl.state.out.is_surface) {
      *out = into_surfaces(impl, in);
      return GST_FLOW_OK;
    }
    const auto surface = impl.state.in.is_surface ? only_surface(in) : wrap_video_buffer(in, impl.state.in.info);
    if (impl.state.in.is_surface) *out = unwrapped(impl, in, surface);
    if (*out) return GST_FLOW_OK;

    const auto result = GST_BASE_TRANSFORM_CLASS(fluvial_convert_parent_class)->prepare_output_buffer(self, in, out);
    if (result == GST_FLOW_OK) fill_system_memory(impl, in, *surface, *out);
    return result;
  });
  if (flow != GST_FLOW_OK) gst_clear_buffer(out);  // made, and then not filled
  return flow;
}

// All work is done where the output buffer is made, as for surfaces that is the same thing.
static GstFlowReturn fluvial_convert_transform(GstBaseTransform*, GstBuffer*, GstBuffer*) { return GST_FLOW_OK; }

// --- properties ------------------------------------------------------------------------------------------------------

enum {
  PROP_0,
  PROP_FLIP,
  PROP_INTERPOLATION,
  PROP_SRC_CROP,
  PROP_DEST_CROP,
  PROP_DISABLE_PASSTHROUGH,
  PROP_COPIED,
  PROP_IGNORED
};

static GType flip_type() {
  static const GEnumValue values[] = {{0, "no turn", "none"},
                                      {1, "90 degrees counter-clockwise", "counterclockwise"},
                                      {2, "180 degrees", "rotate-180"},
                                      {3, "90 degrees clockwise", "clockwise"},
                                      {4, "left and right exchanged", "horizontal-flip"},
                                      {5, "across the upper right to lower left diagonal", "upper-right-diagonal"},
                                      {6, "top and bottom exchanged", "vertical-flip"},
                                      {7, "across the upper left to lower right diagonal", "upper-left-diagonal"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("FluvialFlipMethod", values);
  return type;
}

static void fluvial_convert_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.set(spec, value);
  {
    std::lock_guard lock(impl.mutex);
    auto& settings = impl.settings;
    const auto text = [value] {
      const char* s = g_value_get_string(value);
      return std::string(s ? s : "");
    };
    switch (id) {
      case PROP_FLIP: settings.flip = static_cast<Flip>(g_value_get_enum(value)); break;
      case PROP_INTERPOLATION: settings.interpolation = g_value_get_uint(value); break;
      case PROP_SRC_CROP: settings.source_crop = text(); break;
      case PROP_DEST_CROP: settings.target_crop = text(); break;
      case PROP_DISABLE_PASSTHROUGH: settings.never_passes_through = g_value_get_boolean(value); break;
      default: G_OBJECT_WARN_INVALID_PROPERTY_ID(self, id, spec);
    }
    impl.has_news = true;
  }
  gst_base_transform_reconfigure_src(GST_BASE_TRANSFORM(self));
}

static void fluvial_convert_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.get(spec, value);
  std::lock_guard lock(impl.mutex);
  const auto& settings = impl.settings;
  switch (id) {
    case PROP_FLIP: g_value_set_enum(value, static_cast<int>(settings.flip)); break;
    case PROP_INTERPOLATION: g_value_set_uint(value, settings.interpolation); break;
    case PROP_SRC_CROP: g_value_set_string(value, settings.source_crop.c_str()); break;
    case PROP_DEST_CROP: g_value_set_string(value, settings.target_crop.c_str()); break;
    case PROP_DISABLE_PASSTHROUGH: g_value_set_boolean(value, settings.never_passes_through); break;
    case PROP_COPIED: g_value_set_uint64(value, impl.allocator->written_bytes()); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(self, id, spec);
  }
}

static void install_properties(GObjectClass* klass) {
  PropertyInstaller own(klass, PROP_FLIP);
  own.add(g_param_spec_enum("flip-method", "flip-method", "How the picture is turned", flip_type(), 0, property_flags));
  own.add_uint("interpolation-method", "Scaling: 0 nearest, 1 bilinear, 2 and above box (averages when shrinking)", 0,
               6, 1);
  own.add_string("src-crop", "Part of the input that is used: left:top:width:height in pixels", "");
  own.add_string("dest-crop", "Part of the output that is filled, the rest is black: left:top:width:height in pixels",
                 "");
  own.add_bool("disable-passthrough", "Convert even where input and output are the same", false);
  own.add(g_param_spec_uint64("copied-bytes", "copied-bytes", "Bytes of pixels written so far", 0, G_MAXUINT64, 0,
                              GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  PropertyInstaller ignored(klass, PROP_IGNORED);
  add_hardware_properties(ignored);
  ignored.add_bool("silent", "No effect", false);
  ignored.add_uint("output-buffers", "Size of DeepStream's pool; ours follows need", 0, G_MAXUINT, 4);
  ignored.add_bool("bl-output", "Block-linear output of Jetson; no effect", false);
  ignored.add_bool("allow-odd-crop", "No effect: chroma makes crops of YUV even", true);
  ignored.add_uint("copy-hw", "Who copies, as DeepStream numbers it; no effect in system memory", 0, 2, 1);
  ignored.add_bool("contiguous-buffers", "No effect", false);
}

static void fluvial_convert_class_init(FluvialConvertClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_convert_finalize;
  object->set_property = fluvial_convert_set_property;
  object->get_property = fluvial_convert_get_property;
  install_properties(object);

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
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_video_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_video_caps());
  gst_element_class_set_static_metadata(element, "Surface converter", "Filter/Converter/Video/Scaler",
                                        "Changes format, size, turn and memory of surfaces", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(convert_debug, "fluvialconvert", 0, "surface converter");
}
