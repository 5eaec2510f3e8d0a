// When a batch is ready, and how many frames of each source go into it.
#pragma once

#include <cstddef>
#include <vector>

namespace fluvial {

// A source as the policy sees it.
struct SourceQueue {
  int waiting = 0;        // frames ready to be taken
  bool is_ended = false;  // no more will come, or none that is wanted now: nobody waits for it
  int most = 0;           // frames that it may give to one batch; 0: as many as the rule says
  int priority = 0;       // lower ones give first
};

struct BatchingRule {
  int batch_size = 0;   // frames; 0: one of each source that runs
  int most_of_one = 0;  // frames of one source in a batch; 0: its share
};

// What to take from each source, or nothing while it is worth waiting.
//
// A batch is ready when it is full, when every source that still runs has given its share, or when the time since its
// first frame is over. Shares are equal; what batch_size leaves over goes to the sources from `first` on, so that no
// source is always the one that waits. Sources give one frame in turn, those of a lower priority number before others.
std::vector<int> choose_batch(const std::vector<SourceQueue>& sources, const BatchingRule& rule, bool is_time_over,
                              std::size_t first);

}  // namespace fluvial
