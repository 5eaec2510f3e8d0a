// Times of frames, compared: which are of one moment, which are late, and what a sender's clock should have said.
// All times are in ns.
#pragma once

#include <cstdint>
#include <vector>

namespace fluvial {

// The first frame that waits at a source.
struct Head {
  std::int64_t time = 0;
  std::int64_t duration = 0;  // 0: unknown
};

// Where the moment ends that the earliest of these frames stands for: half the shortest frame later, or 10 ms where no
// duration is known. So sources of one rate stay together although their clocks differ by a little, and a source that
// is slower than the others takes part only when it has something new.
std::int64_t end_of_moment(const std::vector<Head>& heads);

enum class Timing { early, on_time, late };

// tolerance: how long after its time a frame may come.
Timing timing_of(std::int64_t time, std::int64_t now, std::int64_t tolerance);

// A sender's time that stands still or jumps back is replaced by one frame after the previous. A previous or duration
// of 0 is unknown: nothing is replaced.
std::uint64_t corrected_ntp(std::uint64_t ntp, std::uint64_t previous, std::uint64_t duration);

}  // namespace fluvial
