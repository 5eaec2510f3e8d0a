// What a tracker knew of an object in frames in which it did not report it: on probation, or out of sight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "algo/byte_track.h"

namespace fluvial {

struct PastFrame {
  std::int64_t frame = 0;
  Box box;  // pixels of the frame
  float confidence = 0;
  std::int32_t age = 0;
  TrackState state = TrackState::tentative;
};

// Belongs to one stream; not thread-safe. Holds at most `longest` frames of each track that lives, the latest.
class PastFrames {
 public:
  static constexpr std::size_t longest = 512;

  // A track that was not reported in this frame; box: as it would have been.
  void keep(std::int64_t frame, const Track& track, const Box& box);

  // What was kept of a track that is reported now, oldest first; nothing of it is kept any longer.
  std::vector<PastFrame> take(std::uint64_t id);

  // Tracks that are not among these never come back.
  void forget_all_but(const std::vector<Track>& tracks);
  void forget() { kept_.clear(); }

  std::size_t track_count() const { return kept_.size(); }

 private:
  struct Kept {
    std::deque<PastFrame> frames;
    bool is_current = false;
  };
  std::unordered_map<std::uint64_t, Kept> kept_;
};

}  // namespace fluvial
