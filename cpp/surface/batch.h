// A batch of surfaces as the one GstMemory of a GstBuffer with caps video/x-raw(memory:NVMM).
//
// Mapping the buffer gives the NvBufSurface* that DeepStream's users expect; surfaceList[batch_id] is a frame. The
// surfaces are referenced, never copied, until somebody maps the memory for writing: then each surface that others can
// see too (a decoder's reference picture, a frame on the other branch of a tee) is replaced by a private copy.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "surface/surface.h"

namespace fluvial {

// A buffer with these surfaces. No metadata, no timestamps.
FLUVIAL_EXPORT GstBuffer* new_batch_buffer(std::vector<SurfacePtr> surfaces);

// How many surfaces the buffer holds; 0 when it is not one of ours.
FLUVIAL_EXPORT std::size_t surface_count(GstBuffer* buffer);

// The surface of one frame. Throws std::out_of_range, saying how many there are.
FLUVIAL_EXPORT SurfacePtr surface_at(GstBuffer* buffer, std::size_t batch_id);

// The same, private to this buffer and in system memory: copied first when others can see it, or the CPU cannot.
// Throws std::runtime_error when the buffer's memory is shared with another buffer.
FLUVIAL_EXPORT SurfacePtr writable_surface_at(GstBuffer* buffer, std::size_t batch_id);

// The same, private to this buffer where it lies, on a GPU too: copied by the allocator first when others can see it.
FLUVIAL_EXPORT SurfacePtr private_surface_at(GstBuffer* buffer, std::size_t batch_id, Allocator& allocator);

// Before the pixels of a NvBufSurface are written: the surface is copied if others can see it. One that belongs to no
// buffer of ours is left alone.
void make_private(const NvBufSurface& batch, std::size_t index);

// The NvBufSurface of the buffer, or nullptr. Valid as long as the buffer is.
FLUVIAL_EXPORT NvBufSurface* nvbuf_surface_of(GstBuffer* buffer);

}  // namespace fluvial
