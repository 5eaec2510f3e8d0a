// What was found of each tracked object last, to be repeated on frames where the model is not asked again.
// Belongs to the streaming thread of the source pad. Bounded: see ObjectSelection, which forgets by the same rules.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "types/detection.h"

namespace fluvial {

// Of one object; what a model does not say is empty.
struct Known {
  std::vector<Classification> classes;
  std::vector<float> embedding;
  std::vector<Keypoint> points;  // as shares of the object's box, with which they move
};

// A point of the frame as a share of a box, and back. Of an empty box every point is its corner.
inline Keypoint share_of(const Box& box, const Keypoint& point) {
  return {box.width > 0 ? (point.x - box.left) / box.width : 0, box.height > 0 ? (point.y - box.top) / box.height : 0,
          point.confidence};
}
inline Keypoint place_in(const Box& box, const Keypoint& share) {
  return {box.left + share.x * box.width, box.top + share.y * box.height, share.confidence};
}

class ResultMemory {
 public:
  static constexpr std::size_t most_objects = 4096;  // of one source

  void store(unsigned source, std::uint64_t object_id, Known known) {
    auto& objects = known_[source];
    // Ids only rise: those of long ago are not asked for again.
    if (objects.size() >= most_objects && objects.find(object_id) == objects.end()) objects.clear();
    objects[object_id] = std::move(known);
  }

  // nullptr when nothing is known of it.
  const Known* find(unsigned source, std::uint64_t object_id) const {
    const auto objects = known_.find(source);
    if (objects == known_.end()) return nullptr;
    const auto found = objects->second.find(object_id);
    return found == objects->second.end() ? nullptr : &found->second;
  }

  void forget(unsigned source) { known_.erase(source); }
  void forget_all() { known_.clear(); }

  std::size_t remembered() const {
    std::size_t count = 0;
    for (const auto& [source, objects] : known_) count += objects.size();
    return count;
  }

 private:
  std::unordered_map<unsigned, std::unordered_map<std::uint64_t, Known>> known_;
};

}  // namespace fluvial
