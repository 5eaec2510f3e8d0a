// Surfaces over device memory: what a hardware decoder left, used where it lies, and what kernels write.
#pragma once

#include <mutex>

#include "surface/cuda/device.h"
#include "surface/surface.h"

namespace fluvial::cuda {

// Every surface of NVBUF_MEM_CUDA_DEVICE is one.
class FLUVIAL_EXPORT DeviceSurface : public Surface {
 public:
  Device& device() const { return *device_; }
  NvBufSurfaceMemType memory() const override { return NVBUF_MEM_CUDA_DEVICE; }
  int gpu() const override { return device_->ordinal(); }
  ImageView planes() const override { return planes_; }
  // Looked at from the host the pixels are copied there, once.
  ImageView view() const override;
  HostPixels part(const Box& box) const override;
  // For who has written the pixels on the device, and holds the surface alone: the host's copy is no more.
  void forget_view();

 protected:
  using Surface::Surface;
  // Before anything else is called.
  void lie_in(Device& device, const ImageView& planes);

 private:
  Device* device_ = nullptr;
  ImageView planes_;
  mutable std::mutex mutex_;  // guards what follows
  mutable DeviceBlock host_;
  mutable ImageView on_host_;
};

// nullptr for a surface in other memory.
FLUVIAL_EXPORT const DeviceSurface* as_device_surface(const Surface& surface);
FLUVIAL_EXPORT DeviceSurface* as_device_surface(Surface& surface);

// From the device's pool. Throws std::runtime_error where the device has no such memory left.
FLUVIAL_EXPORT SurfacePtr new_device_surface(Device& device, const SurfaceFormat& format);

FLUVIAL_EXPORT bool is_device_buffer(GstBuffer* buffer);
// Holds the buffer. Throws std::runtime_error where it cannot be mapped, or the machine has no driver.
SurfacePtr wrap_device_buffer(GstBuffer* buffer, const GstVideoInfo& info);

// The pixels of a picture on the host, copied to the device in the order of a stream; `placed` is where they lie then.
FLUVIAL_EXPORT DeviceBlock upload(Device& device, const ImageView& picture, Stream stream, ImageView& placed);

// Pixels of one format and size from the device to the host, in the order of a stream.
FLUVIAL_EXPORT void download(const ImageView& from, const ImageView& to, Stream stream);

// Bytes of pixels that this process has copied from devices to the host, and to devices: none, unless somebody looks at
// them on the wrong side.
FLUVIAL_EXPORT std::uint64_t downloaded_bytes();
FLUVIAL_EXPORT std::uint64_t uploaded_bytes();

}  // namespace fluvial::cuda
