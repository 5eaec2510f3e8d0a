// When a batch is ready, and how many frames of each source go into it.
#pragma once

#include <cstddef>
#include <vector>

namespace fluvial {

// A source as the policy sees it.
struct SourceQueue {
  int waiting = 0;        // frames ready to be taken
  bool is_ended = false;  // no more will come
};

struct BatchingRule {
  int batch_size = 0;              // frames; 0: one of each source
  bool is_one_per_source = false;  // live sources, and DeepStream's new mux
};

// What to take from each source, or nothing while it is worth waiting.
//
// A batch is ready when it is full, when every source that still runs has given its share, or when the time since its
// first frame is over. Shares are equal; what batch_size leaves over goes to the sources from `first` on, so that no
// source is always the one that waits.
std::vector<int> choose_batch(const std::vector<SourceQueue>& sources, const BatchingRule& rule, bool is_time_over,
                              std::size_t first);

}  // namespace fluvial
