#include "surface/system/system_surface.h"

#include <gst/video/video.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

#include "surface/cuda/surface.h"
#include "surface/format.h"
#include "surface/system/convert.h"

namespace fluvial {

Surface::~Surface() = default;

HostPixels Surface::part(const Box& box) const { return {crop(view(), box), nullptr}; }
Allocator::~Allocator() = default;

SystemSurface::SystemSurface(SurfaceFormat format) : Surface(format) {
  constexpr int alignment = 64;  // bytes: a cache line, and the widest SIMD load
  view_.format = format.pixels;
  view_.width = format.size.width;
  view_.height = format.size.height;
  view_.colorimetry = format.colorimetry;
  std::size_t offset[3] = {};
  std::size_t total = 0;
  for (int p = 0; p < plane_count(format.pixels); ++p) {
    const int row = row_bytes(format.pixels, p, view_.width);
    view_.stride[p] = (row + alignment - 1) / alignment * alignment;
    offset[p] = total;
    total += static_cast<std::size_t>(view_.stride[p]) * plane_rows(format.pixels, p, view_.height);
  }
  if (total == 0) throw std::runtime_error("a surface needs a format and a size above 0");
  block_ = std::aligned_alloc(alignment, (total + alignment - 1) / alignment * alignment);
  if (!block_) throw std::bad_alloc();
  for (int p = 0; p < plane_count(format.pixels); ++p) view_.plane[p] = static_cast<std::uint8_t*>(block_) + offset[p];
}

SystemSurface::~SystemSurface() { std::free(block_); }

namespace {

// A decoder's or converter's frame, used where it lies.
class WrappedSurface final : public Surface {
 public:
  WrappedSurface(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags access)
      : Surface(surface_format_from_info(info)) {
    // The frame keeps a reference on the buffer until it is unmapped.
    if (!gst_video_frame_map(&frame_, &info, buffer, access))
      throw std::runtime_error("a buffer of " + std::to_string(gst_buffer_get_size(buffer)) +
                               " bytes cannot be read as a frame of its caps");
  }
  ~WrappedSurface() override { gst_video_frame_unmap(&frame_); }

  NvBufSurfaceMemType memory() const override { return NVBUF_MEM_SYSTEM; }
  // The decoder may still predict from these pixels.
  bool is_private() const override { return false; }
  GstBuffer* source() const override { return frame_.buffer; }

  ImageView view() const override {
    ImageView view;
    view.format = format().pixels;
    view.width = format().size.width;
    view.height = format().size.height;
    view.colorimetry = format().colorimetry;
    for (int p = 0; p < plane_count(view.format); ++p) {
      view.plane[p] = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, p));
      view.stride[p] = GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, p);
    }
    return view;
  }

 private:
  GstVideoFrame frame_;
};

}  // namespace

SurfacePtr wrap_video_buffer(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags access) {
  if (cuda::is_device_buffer(buffer)) return cuda::wrap_device_buffer(buffer, info);
  return std::make_shared<WrappedSurface>(buffer, info, access);
}

}  // namespace fluvial
