#include "elements/mux/fit.h"

#include <algorithm>
#include <vector>

#include "elements/compat_properties.h"
#include "surface/batch.h"
#include "surface/format.h"

namespace fluvial {
namespace {

bool sets_size(const MuxState& state) {
  return state.settings.width > 0 && state.settings.height > 0 && !state.is_new;  // the new mux does not scale
}

// Where batches follow the fastest source, so does what their caps say.
bool is_faster(const MuxState& state, const GstVideoInfo& info) {
  return state.settings.aligns && !state.is_begun &&
         gst_util_fraction_compare(GST_VIDEO_INFO_FPS_N(&info), std::max(1, GST_VIDEO_INFO_FPS_D(&info)), state.fps_n,
                                   state.fps_d) > 0;
}

// The batch's own format and size: the first frame decides, width and height overrule.
SurfaceFormat batch_format(MuxState& state, const SurfaceFormat& frame, const GstVideoInfo& info) {
  std::lock_guard lock(state.mutex);
  if (!state.format || is_faster(state, info)) {
    state.fps_n = GST_VIDEO_INFO_FPS_N(&info);
    state.fps_d = std::max(1, GST_VIDEO_INFO_FPS_D(&info));
  }
  if (!state.format) {
    state.format = frame;
    if (sets_size(state))
      state.format->size = {static_cast<int>(state.settings.width), static_cast<int>(state.settings.height)};
  }
  SurfaceFormat format = *state.format;
  if (!sets_size(state)) format.size = frame.size;
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

SurfacePtr fit(MuxState& state, const SurfacePtr& surface, const GstVideoInfo& info) {
  bool keeps_aspect = false;
  Transform how;
  {
    std::lock_guard lock(state.mutex);
    keeps_aspect = state.settings.keeps_aspect;
    how.filter = filter_numbered(state.settings.interpolation);
  }
  const SurfaceFormat format = batch_format(state, surface->format(), info);
  if (surface->format() == format) return surface;
  auto fitted = state.allocator->allocate(format, *surface);
  std::vector<TransformJob> jobs;
  if (keeps_aspect && surface->format().size != format.size) {
    how.to = padded_place(surface->format().size, format.size);
    jobs.push_back({nullptr, fitted.get(), {}});
  }
  jobs.push_back({surface.get(), fitted.get(), how});
  state.allocator->transform(jobs);
  return fitted;
}

GstClockTime duration_of(GstBuffer* buffer, const GstVideoInfo& info) {
  if (GST_BUFFER_DURATION_IS_VALID(buffer)) return GST_BUFFER_DURATION(buffer);
  if (GST_VIDEO_INFO_FPS_N(&info) <= 0) return 0;
  return gst_util_uint64_scale(GST_SECOND, static_cast<guint64>(GST_VIDEO_INFO_FPS_D(&info)),
                               static_cast<guint64>(GST_VIDEO_INFO_FPS_N(&info)));
}

}  // namespace

MuxFrame make_frame(MuxState& state, MuxSource& source, GstBuffer* buffer) {
  MuxFrame frame;
  frame.arrived_us = g_get_monotonic_time();
  auto surface = source.is_surface ? surface_at(buffer, 0) : wrap_video_buffer(buffer, source.info);
  frame.source_size = surface->format().size;
  frame.surface = fit(state, surface, source.info);
  if (source.segment.format == GST_FORMAT_TIME) {
    const auto pts = GST_BUFFER_PTS(buffer);
    frame.running_time = gst_segment_to_running_time(&source.segment, GST_FORMAT_TIME, pts);
    frame.stream_time = gst_segment_to_stream_time(&source.segment, GST_FORMAT_TIME, pts);
  }
  frame.duration = duration_of(buffer, source.info);
  frame.buffer = buffer;
  return frame;
}

}  // namespace fluvial
