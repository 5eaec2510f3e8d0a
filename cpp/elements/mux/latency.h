// When each frame of a batch came, left on the batch for nvds_measure_buffer_latency().
#pragma once

#include "gstnvdsmeta.h"

namespace fluvial {

// `from` is the source's buffer, on which a decoder may have noted when it got the frame; arrived_us is when the mux
// did, monotonic. Does nothing unless NVDS_ENABLE_LATENCY_MEASUREMENT is set.
void note_latency(GstBuffer* batch, const NvDsFrameMeta* frame, GstBuffer* from, gint64 arrived_us);

}  // namespace fluvial
