// GStreamer's elements for NVIDIA's devices at work in the context that everything else uses, so that they and the
// kernels see each other's memory.
#pragma once

#include <gst/gst.h>

#include "surface/cuda/device.h"

namespace fluvial::cuda {

// For gst_element_set_context before the element opens its device. Owned by the caller; nullptr where this GStreamer
// has no library for it.
FLUVIAL_EXPORT GstContext* new_gst_context(const Device& device);

}  // namespace fluvial::cuda
