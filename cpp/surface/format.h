// One table: our pixel formats, GStreamer's, DeepStream's.
#pragma once

#include <gst/video/video.h>

#include "surface/surface.h"

namespace fluvial {

// The caps feature of surfaces, and the formats that may carry it.
constexpr const char* surface_feature = "memory:NVMM";
constexpr const char* surface_formats = "{ NV12, I420, RGBA, RGB, BGRx, GRAY8 }";

FLUVIAL_EXPORT PixelFormat pixel_format(GstVideoFormat format);
FLUVIAL_EXPORT GstVideoFormat gst_format(PixelFormat format);
FLUVIAL_EXPORT const char* name_of(PixelFormat format);
FLUVIAL_EXPORT NvBufSurfaceColorFormat nvbuf_format(const SurfaceFormat& format);

// What "video/x-raw" caps say, with or without the feature.
FLUVIAL_EXPORT bool surface_format_from_caps(const GstCaps* caps, SurfaceFormat& format);
FLUVIAL_EXPORT SurfaceFormat surface_format_from_info(const GstVideoInfo& info);
// Fixed caps of a batch of such surfaces. A framerate of 0/1 means that it varies.
FLUVIAL_EXPORT GstCaps* surface_caps(const SurfaceFormat& format, int fps_n, int fps_d, guint batch_size);
FLUVIAL_EXPORT bool has_surface_feature(const GstCaps* caps);

}  // namespace fluvial
