// What goes along when a buffer is made of another one.
#pragma once

#include <gst/gst.h>

namespace fluvial {

// Times, flags, and all metadata but what describes the memory.
void copy_metadata(GstBuffer* from, GstBuffer* to);

// The metadata that describes the memory alone.
void copy_memory_metadata(GstBuffer* from, GstBuffer* to);

}  // namespace fluvial
