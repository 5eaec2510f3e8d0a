#include "algo/past_frames.h"

namespace fluvial {

void PastFrames::keep(std::int64_t frame, const Track& track, const Box& box) {
  auto& frames = kept_[track.id].frames;
  if (frames.size() == longest) frames.pop_front();
  frames.push_back({frame, box, track.confidence, track.age, track.state});
}

std::vector<PastFrame> PastFrames::take(std::uint64_t id) {
  const auto found = kept_.find(id);
  if (found == kept_.end()) return {};
  const auto& frames = found->second.frames;
  std::vector<PastFrame> taken(frames.begin(), frames.end());
  kept_.erase(found);
  return taken;
}

void PastFrames::forget_all_but(const std::vector<Track>& tracks) {
  if (kept_.empty()) return;
  for (auto& [id, kept] : kept_) kept.is_current = false;
  for (const auto& track : tracks)
    if (const auto found = kept_.find(track.id); found != kept_.end()) found->second.is_current = true;
  for (auto it = kept_.begin(); it != kept_.end();) it = it->second.is_current ? std::next(it) : kept_.erase(it);
}

}  // namespace fluvial
