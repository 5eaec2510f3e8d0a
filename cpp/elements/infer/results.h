// What a classifier said of each tracked object last, to be repeated on frames where it is not asked again.
// Belongs to the streaming thread of the source pad. Bounded: see ObjectSelection, which forgets by the same rules.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "types/detection.h"

namespace fluvial {

class ResultMemory {
 public:
  static constexpr std::size_t most_objects = 4096;  // of one source

  void store(unsigned source, std::uint64_t object_id, const std::vector<Classification>& results) {
    auto& objects = known_[source];
    // Ids only rise: those of long ago are not asked for again.
    if (objects.size() >= most_objects && objects.find(object_id) == objects.end()) objects.clear();
    objects[object_id] = results;
  }

  // nullptr when nothing is known of it.
  const std::vector<Classification>* find(unsigned source, std::uint64_t object_id) const {
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
  std::unordered_map<unsigned, std::unordered_map<std::uint64_t, std::vector<Classification>>> known_;
};

}  // namespace fluvial
