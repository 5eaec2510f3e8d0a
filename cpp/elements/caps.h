// Pad templates of elements that work on batches of surfaces.
#pragma once

#include <gst/gst.h>

#include "surface/format.h"

// GStreamer's name for memory on NVIDIA's devices.
#define GST_FEATURE_CUDA "memory:CUDAMemory"

namespace fluvial {

// `formats` in caps syntax, such as "{ NV12, RGBA }"; any size and framerate.
inline GstCaps* any_surface_caps(const char* formats = surface_formats) {
  gchar* text = g_strdup_printf(
      "video/x-raw(%s), format=(string)%s, width=(int)[ 1, max ], height=(int)[ 1, max ], framerate=(fraction)[ 0/1, "
      "max ]",
      surface_feature, formats);
  auto* caps = gst_caps_from_string(text);
  g_free(text);
  return caps;
}

// Surfaces, or one frame in system memory.
inline GstCaps* any_video_caps() {
  auto* caps = any_surface_caps();
  gst_caps_append(caps, gst_caps_from_string(GST_VIDEO_CAPS_MAKE("{ NV12, I420, RGBA, RGB, BGRx, GRAY8 }")));
  return caps;
}

// The same, one frame with all chroma, or one in a GPU's memory as GStreamer's decoders leave it.
inline GstCaps* any_input_caps() {
  auto* caps = any_video_caps();
  gst_caps_append(caps, gst_caps_from_string(GST_VIDEO_CAPS_MAKE("Y444")));
  gst_caps_append(caps, gst_caps_from_string(
                            GST_VIDEO_CAPS_MAKE_WITH_FEATURES(GST_FEATURE_CUDA, "{ NV12, I420, RGBA, BGRx, RGB }")));
  return caps;
}

// What of `caps` (taken) a query's filter allows; without a filter all of it.
inline GstCaps* narrowed(GstCaps* caps, GstCaps* filter) {
  if (!filter) return caps;
  auto* both = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref(caps);
  return both;
}

inline void add_pad_template(GstElementClass* klass, const char* name, GstPadDirection direction,
                             GstPadPresence presence, GstCaps* caps /* taken */) {
  gst_element_class_add_pad_template(klass, gst_pad_template_new(name, direction, presence, caps));
  gst_caps_unref(caps);
}

}  // namespace fluvial
