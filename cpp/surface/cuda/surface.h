// Surfaces over device memory: what a hardware decoder left, used where it lies.
#pragma once

#include <atomic>

#include "surface/cuda/device.h"
#include "surface/surface.h"

namespace fluvial::cuda {

FLUVIAL_EXPORT bool is_device_buffer(GstBuffer* buffer);
// Holds the buffer. Throws std::runtime_error where it cannot be mapped, or the machine has no driver.
SurfacePtr wrap_device_buffer(GstBuffer* buffer, const GstVideoInfo& info);

// The pixels of a picture on the host, copied to the device in the order of a stream; `placed` is where they lie then.
FLUVIAL_EXPORT DeviceBlock upload(Device& device, const ImageView& picture, Stream stream, ImageView& placed);

// Bytes of pixels that this process has copied from devices to the host, and to devices: none, unless somebody looks at
// them on the wrong side.
FLUVIAL_EXPORT std::uint64_t downloaded_bytes();
FLUVIAL_EXPORT std::uint64_t uploaded_bytes();

}  // namespace fluvial::cuda
