// How long to wait before something that failed is tried again: each wait twice as long as the last, up to a bound.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace fluvial {

class Backoff {
 public:
  // attempts: how many in a row may fail; below 1: for ever.
  Backoff(std::uint64_t first_ms, std::uint64_t longest_ms, int attempts)
      : wait_ms_(first_ms), longest_ms_(std::max(first_ms, longest_ms)), attempts_(attempts) {}

  // The wait before the next attempt; nothing when they have run out.
  std::optional<std::uint64_t> next() {
    if (attempts_ > 0 && made_ >= attempts_) return std::nullopt;
    ++made_;
    const auto wait = wait_ms_;
    wait_ms_ = wait > longest_ms_ / 2 ? longest_ms_ : wait * 2;
    return wait;
  }
  int made() const { return made_; }

 private:
  std::uint64_t wait_ms_, longest_ms_;
  int attempts_, made_ = 0;
};

}  // namespace fluvial
