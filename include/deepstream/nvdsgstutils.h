// SPDX-License-Identifier: Apache-2.0
// Helpers for sources. Names follow DeepStream 9.1; the functions are in libfluvialmeta.
#pragma once

#include <gst/gst.h>

#ifdef __cplusplus
extern "C" {
#endif

// Has an rtspsrc, or a bin that makes one (uridecodebin), leave the sender's time on its buffers, as its RTCP sender
// reports tell it. A mux with attach-sys-ts=0 puts that into NvDsFrameMeta.ntp_timestamp.
void configure_source_for_ntp_sync(GstElement *src_elem);

#ifdef __cplusplus
}
#endif
