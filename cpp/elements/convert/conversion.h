// Batches and frames of one kind become those of another.
//
// Nothing is copied that need not be: what already is as wanted is referenced, a frame in system memory is wrapped, and
// unwrapped again where format and size agree.
#pragma once

#include <gst/video/video.h>

#include "surface/surface.h"

namespace fluvial {

struct Side {  // one pad's caps, taken apart
  GstVideoInfo info;
  SurfaceFormat format;
  bool is_surface = false;
};

struct Conversion {  // from caps on; the streaming thread's
  Side in, out;
  Transform transform;

  bool is_whole() const { return transform.from.area() <= 0 && transform.to.area() <= 0; }
  // Neither turned nor cut.
  bool is_plain() const { return transform.flip == Flip::none && is_whole(); }
};

// Throws std::runtime_error where they tell no video format.
Side side_of(GstCaps* caps);

// A new buffer of surfaces.
GstBuffer* into_surfaces(const Conversion& how, Allocator& allocator, GstBuffer* in);

// The only surface of what comes in, to go into system memory. Throws std::runtime_error for a larger batch.
SurfacePtr only_surface(const Conversion& how, GstBuffer* in);
// The decoder's own buffer again, when it already is what is wanted; else nullptr.
GstBuffer* unwrapped(const Conversion& how, GstBuffer* in, const SurfacePtr& surface);
void fill_system_memory(const Conversion& how, Allocator& allocator, GstBuffer* in, const Surface& surface,
                        GstBuffer* out);

}  // namespace fluvial
