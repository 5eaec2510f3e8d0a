// Which GstBuffers carry something of ours right now, for those who know one by its address alone.
//
// Python passes buffers as ints (hash(gst_buffer)). What lies at an address cannot be judged by looking at it: a freed
// buffer's memory is often untouched, a copy of a buffer's bytes looks like one. So buffers that carry our metadata or
// our surfaces are entered here as long as they do, by the GstMetas that they carry. Any thread.
#pragma once

#include <gst/gst.h>

#include <utility>

#include "meta/export.h"

namespace fluvial {

// Called by the init and free functions of our GstMetas. A buffer may be entered more than once.
FLUVIAL_EXPORT void enter_live_buffer(const GstBuffer* buffer);
FLUVIAL_EXPORT void leave_live_buffer(const GstBuffer* buffer);

// Enters a new buffer that may carry no metadata, and its copies, for as long as they live.
FLUVIAL_EXPORT void keep_as_live_buffer(GstBuffer* buffer);

// A new reference where a buffer of ours lives at this address; nullptr for anything else, whatever the number.
FLUVIAL_EXPORT GstBuffer* ref_live_buffer(const void* address);

// Gives a reference back if it is not the last one: only then is nothing freed, nobody called. False: still held.
FLUVIAL_EXPORT bool unref_unless_last(GstBuffer* buffer);

}  // namespace fluvial
