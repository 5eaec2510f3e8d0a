#include "surface/cuda/surface.h"

#include <gst/video/gstvideometa.h>

#include <atomic>
#include <mutex>
#include <stdexcept>

#include "surface/format.h"
#include "surface/system/convert.h"

namespace fluvial::cuda {
namespace {

constexpr const char* memory_type = "gst.cuda.memory";
constexpr auto map_on_device = static_cast<GstMapFlags>(GST_MAP_READ | (GST_MAP_FLAG_LAST << 1));  // GST_MAP_CUDA

std::atomic<std::uint64_t> downloaded{0}, uploaded{0};

// Where planes of a picture would lie in one block, rows aligned for the device.
std::size_t lay_out(ImageView& view, std::size_t offset[3]) {
  constexpr int alignment = 256;
  std::size_t total = 0;
  for (int p = 0; p < plane_count(view.format); ++p) {
    view.stride[p] = (row_bytes(view.format, p, view.width) + alignment - 1) / alignment * alignment;
    offset[p] = total;
    total +=
        static_cast<std::size_t>(view.stride[p]) * static_cast<std::size_t>(plane_rows(view.format, p, view.height));
  }
  return total;
}

void place_in(const DeviceBlock& block, const std::size_t offset[3], ImageView& view) {
  for (int p = 0; p < plane_count(view.format); ++p)
    view.plane[p] = static_cast<std::uint8_t*>(block.get()) + offset[p];
}

enum class Way { up, down };

void copy_planes(const ImageView& from, const ImageView& to, Way way, Stream stream) {
  for (int p = 0; p < plane_count(from.format); ++p) {
    Copy2D copy;
    copy.from_type = way == Way::up ? memory_host : memory_device;
    copy.to_type = way == Way::up ? memory_device : memory_host;
    (way == Way::up ? copy.from_host = from.plane[p] : copy.to_host = to.plane[p]);
    (way == Way::up ? copy.to_device : copy.from_device) =
        reinterpret_cast<DevicePointer>(way == Way::up ? to.plane[p] : from.plane[p]);
    copy.from_pitch = static_cast<std::size_t>(from.stride[p]);
    copy.to_pitch = static_cast<std::size_t>(to.stride[p]);
    copy.width = static_cast<std::size_t>(row_bytes(from.format, p, from.width));
    copy.height = static_cast<std::size_t>(plane_rows(from.format, p, from.height));
    FLUVIAL_CUDA(cuMemcpy2DAsync_v2, &copy, stream);
  }
}

ImageView view_of(const SurfaceFormat& format) {
  ImageView view;
  view.format = format.pixels;
  view.width = format.size.width;
  view.height = format.size.height;
  view.colorimetry = format.colorimetry;
  return view;
}

DeviceBlock copy_on_host(Device& device, const ImageView& from, ImageView& placed) {
  placed = from;
  std::size_t offset[3] = {};
  DeviceBlock block = device.allocate_host(lay_out(placed, offset));
  place_in(block, offset, placed);
  const Queue queue(device);
  download(from, placed, queue.stream());
  queue.wait();
  return block;
}

// A decoder's frame, where it left it.
class DecodedSurface final : public DeviceSurface {
 public:
  DecodedSurface(GstBuffer* buffer, const GstVideoInfo& info) : DeviceSurface(surface_format_from_info(info)) {
    GstMemory* memory = gst_buffer_peek_memory(buffer, 0);
    if (!gst_memory_map(memory, &map_, map_on_device))
      throw std::runtime_error("a frame in device memory cannot be mapped there");
    ImageView planes = view_of(format());
    const auto* layout = gst_buffer_get_video_meta(buffer);
    for (int p = 0; p < plane_count(planes.format); ++p) {
      planes.plane[p] = map_.data + (layout ? layout->offset[p] : GST_VIDEO_INFO_PLANE_OFFSET(&info, p));
      planes.stride[p] = layout ? layout->stride[p] : GST_VIDEO_INFO_PLANE_STRIDE(&info, p);
    }
    try {
      lie_in(Device::of(map_.data), planes);
    } catch (...) {
      gst_memory_unmap(memory, &map_);
      throw;
    }
    buffer_ = gst_buffer_ref(buffer);
  }
  ~DecodedSurface() override {
    gst_memory_unmap(gst_buffer_peek_memory(buffer_, 0), &map_);
    gst_buffer_unref(buffer_);
  }

  bool is_private() const override { return false; }  // the decoder may still predict from it

 private:
  GstBuffer* buffer_ = nullptr;
  GstMapInfo map_;
};

// Written by kernels, for whoever holds it alone.
class PooledSurface final : public DeviceSurface {
 public:
  PooledSurface(Device& device, const SurfaceFormat& format) : DeviceSurface(format) {
    ImageView planes = view_of(format);
    std::size_t offset[3] = {};
    const std::size_t bytes = lay_out(planes, offset);
    if (bytes == 0) throw std::runtime_error("a surface needs a format and a size above 0");
    block_ = device.allocate(bytes, "a scaled or converted frame");
    place_in(block_, offset, planes);
    lie_in(device, planes);
  }
  bool is_private() const override { return true; }

 private:
  DeviceBlock block_;
};

}  // namespace

void DeviceSurface::lie_in(Device& device, const ImageView& planes) {
  device_ = &device;
  planes_ = planes;
}

ImageView DeviceSurface::view() const {
  std::lock_guard lock(mutex_);
  if (!host_) host_ = copy_on_host(*device_, planes_, on_host_);
  return on_host_;
}

HostPixels DeviceSurface::part(const Box& box) const {
  std::lock_guard lock(mutex_);
  if (host_) return {crop(on_host_, box), host_};
  HostPixels copy;
  copy.owner = copy_on_host(*device_, crop(planes_, box), copy.view);
  return copy;
}

void DeviceSurface::forget_view() {
  std::lock_guard lock(mutex_);
  host_.reset();
}

const DeviceSurface* as_device_surface(const Surface& surface) {
  return surface.memory() == NVBUF_MEM_CUDA_DEVICE ? dynamic_cast<const DeviceSurface*>(&surface) : nullptr;
}
DeviceSurface* as_device_surface(Surface& surface) {
  return const_cast<DeviceSurface*>(as_device_surface(static_cast<const Surface&>(surface)));
}

SurfacePtr new_device_surface(Device& device, const SurfaceFormat& format) {
  return std::make_shared<PooledSurface>(device, format);
}

bool is_device_buffer(GstBuffer* buffer) {
  return gst_buffer_n_memory(buffer) == 1 && gst_memory_is_type(gst_buffer_peek_memory(buffer, 0), memory_type);
}

SurfacePtr wrap_device_buffer(GstBuffer* buffer, const GstVideoInfo& info) {
  return std::make_shared<DecodedSurface>(buffer, info);
}

DeviceBlock upload(Device& device, const ImageView& picture, Stream stream, ImageView& placed) {
  const ImageView from = picture;  // `placed` may be the same
  placed = from;
  std::size_t offset[3] = {};
  DeviceBlock block = device.allocate(lay_out(placed, offset));
  place_in(block, offset, placed);
  const Current current(device);
  copy_planes(from, placed, Way::up, stream);
  uploaded += bytes_of_pixels(from);
  return block;
}

void download(const ImageView& from, const ImageView& to, Stream stream) {
  const Current current(Device::of(from.plane[0]));
  copy_planes(from, to, Way::down, stream);
  downloaded += bytes_of_pixels(from);
}

std::uint64_t downloaded_bytes() { return downloaded; }
std::uint64_t uploaded_bytes() { return uploaded; }

}  // namespace fluvial::cuda
