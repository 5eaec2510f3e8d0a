#include "surface/format.h"

namespace fluvial {
namespace {

struct Row {
  PixelFormat ours;
  GstVideoFormat gst;
  const char* name;
};

constexpr Row table[] = {
    {PixelFormat::nv12, GST_VIDEO_FORMAT_NV12, "NV12"}, {PixelFormat::i420, GST_VIDEO_FORMAT_I420, "I420"},
    {PixelFormat::rgba, GST_VIDEO_FORMAT_RGBA, "RGBA"}, {PixelFormat::rgb, GST_VIDEO_FORMAT_RGB, "RGB"},
    {PixelFormat::bgrx, GST_VIDEO_FORMAT_BGRx, "BGRx"}, {PixelFormat::gray8, GST_VIDEO_FORMAT_GRAY8, "GRAY8"},
    {PixelFormat::y444, GST_VIDEO_FORMAT_Y444, "Y444"},
};

NvBufSurfaceColorFormat yuv_variant(const Colorimetry& c, NvBufSurfaceColorFormat bt601,
                                    NvBufSurfaceColorFormat full601, NvBufSurfaceColorFormat bt709,
                                    NvBufSurfaceColorFormat full709) {
  if (c.is_bt709) return c.is_full_range ? full709 : bt709;
  return c.is_full_range ? full601 : bt601;
}

}  // namespace

PixelFormat pixel_format(GstVideoFormat format) {
  for (const auto& row : table)
    if (row.gst == format) return row.ours;
  return PixelFormat::unknown;
}

GstVideoFormat gst_format(PixelFormat format) {
  for (const auto& row : table)
    if (row.ours == format) return row.gst;
  return GST_VIDEO_FORMAT_UNKNOWN;
}

const char* name_of(PixelFormat format) {
  for (const auto& row : table)
    if (row.ours == format) return row.name;
  return "unknown";
}

NvBufSurfaceColorFormat nvbuf_format(const SurfaceFormat& format) {
  const auto& c = format.colorimetry;
  switch (format.pixels) {
    case PixelFormat::nv12:
      return yuv_variant(c, NVBUF_COLOR_FORMAT_NV12, NVBUF_COLOR_FORMAT_NV12_ER, NVBUF_COLOR_FORMAT_NV12_709,
                         NVBUF_COLOR_FORMAT_NV12_709_ER);
    case PixelFormat::i420:
      return yuv_variant(c, NVBUF_COLOR_FORMAT_YUV420, NVBUF_COLOR_FORMAT_YUV420_ER, NVBUF_COLOR_FORMAT_YUV420_709,
                         NVBUF_COLOR_FORMAT_YUV420_709_ER);
    case PixelFormat::rgba: return NVBUF_COLOR_FORMAT_RGBA;
    case PixelFormat::rgb: return NVBUF_COLOR_FORMAT_RGB;
    case PixelFormat::bgrx: return NVBUF_COLOR_FORMAT_BGRx;
    case PixelFormat::gray8: return NVBUF_COLOR_FORMAT_GRAY8;
    default: return NVBUF_COLOR_FORMAT_INVALID;
  }
}

SurfaceFormat surface_format_from_info(const GstVideoInfo& info) {
  SurfaceFormat format;
  format.pixels = pixel_format(GST_VIDEO_INFO_FORMAT(&info));
  format.size = {GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info)};
  if (GST_VIDEO_INFO_IS_YUV(&info)) {
    const auto& c = GST_VIDEO_INFO_COLORIMETRY(&info);
    format.colorimetry.is_bt709 = c.matrix == GST_VIDEO_COLOR_MATRIX_BT709;
    format.colorimetry.is_full_range = c.range == GST_VIDEO_COLOR_RANGE_0_255;
  }
  return format;
}

bool surface_format_from_caps(const GstCaps* caps, SurfaceFormat& format) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return false;
  format = surface_format_from_info(info);
  return format.pixels != PixelFormat::unknown;
}

GstCaps* surface_caps(const SurfaceFormat& format, int fps_n, int fps_d, guint batch_size) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, gst_format(format.pixels), static_cast<guint>(format.size.width),
                            static_cast<guint>(format.size.height));
  if (GST_VIDEO_INFO_IS_YUV(&info)) {
    const auto& c = format.colorimetry;
    gst_video_colorimetry_from_string(&info.colorimetry,
                                      c.is_bt709 ? GST_VIDEO_COLORIMETRY_BT709 : GST_VIDEO_COLORIMETRY_BT601);
    if (c.is_full_range) info.colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
  }
  GST_VIDEO_INFO_FPS_N(&info) = fps_n;
  GST_VIDEO_INFO_FPS_D(&info) = fps_d;
  GstCaps* caps = gst_video_info_to_caps(&info);
  gst_caps_set_features(caps, 0, gst_caps_features_new(surface_feature, nullptr));
  gst_caps_set_simple(caps, "batch-size", G_TYPE_INT, static_cast<int>(batch_size), nullptr);
  return caps;
}

bool has_surface_feature(const GstCaps* caps) {
  return gst_caps_get_size(caps) > 0 && gst_caps_features_contains(gst_caps_get_features(caps, 0), surface_feature);
}

}  // namespace fluvial
