#include "algo/moments.h"

#include <algorithm>
#include <limits>

namespace fluvial {

std::int64_t end_of_moment(const std::vector<Head>& heads) {
  constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();
  std::int64_t first = unknown, shortest = unknown;
  for (const auto& head : heads) {
    first = std::min(first, head.time);
    if (head.duration > 0) shortest = std::min(shortest, head.duration);
  }
  if (first == unknown) return unknown;
  return first + (shortest == unknown ? 10000000 : std::max<std::int64_t>(1, shortest / 2));
}

Timing timing_of(std::int64_t time, std::int64_t now, std::int64_t tolerance) {
  if (time > now) return Timing::early;
  return now - time > tolerance ? Timing::late : Timing::on_time;
}

std::uint64_t corrected_ntp(std::uint64_t ntp, std::uint64_t previous, std::uint64_t duration) {
  if (ntp == 0 || previous == 0 || duration == 0) return ntp;
  return ntp < previous + duration / 10 * 9 ? previous + duration : ntp;
}

}  // namespace fluvial
