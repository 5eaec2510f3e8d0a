// What we note about a frame where DeepStream's struct has no field for it: in NvDsFrameMeta::reserved, so that copies
// keep it.
#pragma once

#include <cstdint>

#include "nvdsmeta.h"

namespace fluvial {

// When the mux got the frame, monotonic microseconds: for measuring latency.
inline void note_arrival(NvDsFrameMeta& frame, std::int64_t us) { frame.reserved[0] = us; }

// ns since the beginning of the frame's own stream. Kept as one more, as 0 is what nobody noted.
inline void note_stream_time(NvDsFrameMeta& frame, std::uint64_t ns) {
  frame.reserved[1] = static_cast<std::int64_t>(ns) + 1;  // GST_CLOCK_TIME_NONE becomes 0
}
inline bool has_stream_time(const NvDsFrameMeta& frame) { return frame.reserved[1] > 0; }
inline std::uint64_t stream_time(const NvDsFrameMeta& frame) {
  return static_cast<std::uint64_t>(frame.reserved[1] - 1);
}

}  // namespace fluvial
