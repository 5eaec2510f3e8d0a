#include "elements/mux/fit.h"

#include <algorithm>

#include "surface/batch.h"
#include "surface/format.h"

namespace fluvial {
namespace {

// The batch's own format and size: the first frame decides, width and height overrule.
SurfaceFormat batch_format(MuxState& state, const SurfaceFormat& frame, const GstVideoInfo& info) {
  std::lock_guard lock(state.mutex);
  if (!state.format) {
    state.format = frame;
    if (state.settings.width && state.settings.height)
      state.format->size = {static_cast<int>(state.settings.width), static_cast<int>(state.settings.height)};
    state.fps_n = GST_VIDEO_INFO_FPS_N(&info);
    state.fps_d = std::max(1, GST_VIDEO_INFO_FPS_D(&info));
  }
  SurfaceFormat format = *state.format;
  if (!state.settings.width || !state.settings.height) format.size = frame.size;
  // Each surface says what its own colours mean: YUV keeps them, and RGB becomes what is made fastest.
  format.colorimetry = is_yuv(frame.pixels) == is_yuv(format.pixels) ? frame.colorimetry : Colorimetry();
  return format;
}

// Where the picture lies when its shape is kept: centred, as DeepStream pads.
Box padded_place(Size from, Size to) {
  const float scale = std::min(float(to.width) / float(from.width), float(to.height) / float(from.height));
  const float width = float(from.width) * scale, height = float(from.height) * scale;
  return {(float(to.width) - width) / 2, (float(to.height) - height) / 2, width, height};
}

SurfacePtr fit(MuxState& state, const SurfacePtr& surface, const GstVideoInfo& info, bool keeps_aspect) {
  const SurfaceFormat format = batch_format(state, surface->format(), info);
  if (surface->format() == format) return surface;
  auto fitted = state.allocator->allocate(format);
  Transform how;
  if (keeps_aspect && surface->format().size != format.size) {
    how.to = padded_place(surface->format().size, format.size);
    state.allocator->clear(*fitted);
  }
  state.allocator->transform(*surface, *fitted, how);
  return fitted;
}

}  // namespace

MuxFrame make_frame(MuxState& state, MuxSource& source, GstBuffer* buffer) {
  bool keeps_aspect = false;
  {
    std::lock_guard lock(state.mutex);
    keeps_aspect = state.settings.keeps_aspect;
  }
  MuxFrame frame;
  frame.arrived_us = g_get_monotonic_time();
  auto surface = source.is_surface ? surface_at(buffer, 0) : wrap_video_buffer(buffer, source.info);
  frame.source_size = surface->format().size;
  frame.surface = fit(state, surface, source.info, keeps_aspect);
  if (source.segment.format == GST_FORMAT_TIME)
    frame.running_time = gst_segment_to_running_time(&source.segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  frame.buffer = buffer;
  return frame;
}

}  // namespace fluvial
