#include "elements/convert/negotiation.h"

#include <initializer_list>
#include <utility>

#include "elements/caps.h"
#include "surface/format.h"

namespace fluvial {
namespace {

// Puts what allows this size first. A scaling element behind us (the tiler) lists its own size before "any", since it
// would pass that one through.
GstCaps* prefer_size(GstCaps* possible, int width, int height) {
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

// A batch stays a batch.
void keep_batch_size(const GstStructure* from, GstStructure* to) {
  int batch_size = 1;
  gst_structure_get_int(from, "batch-size", &batch_size);
  gst_structure_set(to, "batch-size", G_TYPE_INT, batch_size, nullptr);
}

// YUV that stays YUV keeps its colours' meaning; libyuv makes BT.601 from RGB.
void keep_colorimetry(const GstStructure* from, GstStructure* to) {
  const auto is_yuv = [](const char* format) { return g_str_equal(format, "I420") || g_str_equal(format, "NV12"); };
  const char* old_format = gst_structure_get_string(from, "format");
  const char* new_format = gst_structure_get_string(to, "format");
  if (!old_format || !new_format || !is_yuv(new_format) || gst_structure_has_field(to, "colorimetry")) return;
  const char* colorimetry =
      is_yuv(old_format) ? gst_structure_get_string(from, "colorimetry") : GST_VIDEO_COLORIMETRY_BT601;
  if (colorimetry) gst_structure_set(to, "colorimetry", G_TYPE_STRING, colorimetry, nullptr);
}

// Of frames in system memory, which need not become surfaces as they are.
constexpr const char* incoming_formats = "{ NV12, I420, RGBA, RGB, BGRx, GRAY8, Y444 }";

const char* kept_format(const char* given) { return g_strcmp0(given, "Y444") == 0 ? "RGBA" : given; }

}  // namespace

GstCaps* convertible_caps(GstCaps* caps, GstPadDirection direction) {
  auto* result = gst_caps_new_empty();
  for (const char* feature : {surface_feature, static_cast<const char*>(nullptr), GST_FEATURE_CUDA}) {
    if (direction == GST_PAD_SINK && feature && g_str_equal(feature, GST_FEATURE_CUDA)) continue;
    for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
      auto* s = gst_structure_copy(gst_caps_get_structure(caps, i));
      gst_structure_remove_fields(s, "format", "colorimetry", "chroma-site", "width", "height", "batch-size",
                                  "pixel-aspect-ratio", nullptr);
      gst_structure_set(s, "width", GST_TYPE_INT_RANGE, 1, G_MAXINT, "height", GST_TYPE_INT_RANGE, 1, G_MAXINT,
                        nullptr);
      GValue formats = G_VALUE_INIT;
      g_value_init(&formats, GST_TYPE_LIST);
      gst_value_deserialize(&formats, !feature && direction == GST_PAD_SRC ? incoming_formats : surface_formats);
      gst_structure_take_value(s, "format", &formats);
      auto* features = feature ? gst_caps_features_new(feature, nullptr) : gst_caps_features_new_empty();
      result = gst_caps_merge_structure_full(result, s, features);
    }
  }
  return result;
}

GstCaps* nearest_caps(GstCaps* caps, GstCaps* other, GstPadDirection direction, Flip flip) {
  auto* given = gst_caps_get_structure(caps, 0);
  int width = 0, height = 0;
  gst_structure_get_int(given, "width", &width);
  gst_structure_get_int(given, "height", &height);
  if (flip == Flip::ccw90 || flip == Flip::cw90 || flip == Flip::diagonal || flip == Flip::anti_diagonal)
    std::swap(width, height);
  other = gst_caps_truncate(prefer_size(gst_caps_make_writable(other), width, height));
  auto* s = gst_caps_get_structure(other, 0);
  if (gst_structure_has_field(s, "format"))
    gst_structure_fixate_field_string(s, "format", kept_format(gst_structure_get_string(given, "format")));
  gst_structure_fixate_field_nearest_int(s, "width", width);
  gst_structure_fixate_field_nearest_int(s, "height", height);
  if (gst_caps_features_contains(gst_caps_get_features(other, 0), surface_feature) && direction == GST_PAD_SINK)
    keep_batch_size(given, s);
  keep_colorimetry(given, s);
  return gst_caps_fixate(other);
}

}  // namespace fluvial
