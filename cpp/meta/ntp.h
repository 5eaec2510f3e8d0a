// The sender's clock on a camera's frames: RTCP tells it, GStreamer's jitter buffer (1.22 on) leaves it on the buffers.
#pragma once

#include <gst/gst.h>

#include "meta/export.h"

namespace fluvial {

// Has a source of RTSP, or a bin that will make one, leave the sender's time on its buffers.
// False for an element that cannot: it is neither, or GStreamer is older than 1.22.
FLUVIAL_EXPORT bool ask_for_sender_time(GstElement* source);

// When the sender captured it, nanoseconds since 1970; 0: not told.
FLUVIAL_EXPORT guint64 sender_time(GstBuffer* buffer);

}  // namespace fluvial
