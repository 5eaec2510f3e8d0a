// Surfaces as NumPy arrays.
#pragma once

#include <gst/gst.h>

#include "bindings/pyds/wrapper.h"
#include "surface/surface.h"

namespace fluvial::python {

// uint8 [H, W, 4 or 3]: a writable view of an RGBA or RGB surface. The array keeps the surface, not the buffer: written
// late, it is seen by nobody. Two views of one frame show the same pixels.
nb::object writable_pixels(GstBuffer* buffer, std::size_t batch_id);

bool is_on_gpu(const Surface& surface);
// Of a surface on a GPU, its address as a capsule without a name, as pyds has it. It keeps the surface. Nothing is
// copied: what is written there is seen by all who hold the surface, as in DeepStream.
nb::object address_on_gpu(GstBuffer* buffer, std::size_t batch_id);

// uint8 [H, W, 4]: read-only RGBA, converted.
nb::object converted_pixels(const Surface& surface);

}  // namespace fluvial::python
