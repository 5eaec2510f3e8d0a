#include "surface/cuda/surface.h"

#include <gst/video/gstvideometa.h>

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

DeviceBlock download(Device& device, const ImageView& from, ImageView& placed) {
  placed = from;
  std::size_t offset[3] = {};
  DeviceBlock block = device.allocate_host(lay_out(placed, offset));
  place_in(block, offset, placed);
  const Queue queue(device);
  {
    const Current current(device);
    copy_planes(from, placed, Way::down, queue.stream());
  }
  queue.wait();
  downloaded += bytes_of_pixels(from);
  return block;
}

// A decoder's frame on the device. Looked at from the host it is copied there, once.
class DecodedSurface final : public Surface {
 public:
  DecodedSurface(GstBuffer* buffer, const GstVideoInfo& info) : Surface(surface_format_from_info(info)) {
    GstMemory* memory = gst_buffer_peek_memory(buffer, 0);
    if (!gst_memory_map(memory, &map_, map_on_device))
      throw std::runtime_error("a frame in device memory cannot be mapped there");
    try {
      device_ = &Device::of(map_.data);
    } catch (...) {
      gst_memory_unmap(memory, &map_);
      throw;
    }
    buffer_ = gst_buffer_ref(buffer);
    planes_.format = format().pixels;
    planes_.width = format().size.width;
    planes_.height = format().size.height;
    planes_.colorimetry = format().colorimetry;
    const auto* layout = gst_buffer_get_video_meta(buffer);
    for (int p = 0; p < plane_count(planes_.format); ++p) {
      planes_.plane[p] = map_.data + (layout ? layout->offset[p] : GST_VIDEO_INFO_PLANE_OFFSET(&info, p));
      planes_.stride[p] = layout ? layout->stride[p] : GST_VIDEO_INFO_PLANE_STRIDE(&info, p);
    }
  }
  ~DecodedSurface() override {
    gst_memory_unmap(gst_buffer_peek_memory(buffer_, 0), &map_);
    gst_buffer_unref(buffer_);
  }

  NvBufSurfaceMemType memory() const override { return NVBUF_MEM_CUDA_DEVICE; }
  int gpu() const override { return device_->ordinal(); }
  bool is_private() const override { return false; }  // the decoder may still predict from it
  ImageView planes() const override { return planes_; }

  ImageView view() const override {
    std::lock_guard lock(mutex_);
    if (!host_) host_ = download(*device_, planes_, on_host_);
    return on_host_;
  }

  HostPixels part(const Box& box) const override {
    std::lock_guard lock(mutex_);
    if (host_) return {crop(on_host_, box), host_};
    HostPixels copy;
    copy.owner = download(*device_, crop(planes_, box), copy.view);
    return copy;
  }

 private:
  Device* device_ = nullptr;
  GstBuffer* buffer_ = nullptr;
  GstMapInfo map_;
  ImageView planes_;
  mutable std::mutex mutex_;  // guards what follows
  mutable DeviceBlock host_;
  mutable ImageView on_host_;
};

}  // namespace

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

std::uint64_t downloaded_bytes() { return downloaded; }
std::uint64_t uploaded_bytes() { return uploaded; }

}  // namespace fluvial::cuda
