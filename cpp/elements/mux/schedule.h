// When the next batch is due, and what is in it.
#pragma once

#include <vector>

#include "algo/batching.h"
#include "elements/mux/state.h"

namespace fluvial {

struct Picked {
  std::shared_ptr<MuxSource> source;
  MuxFrame frame;
  int number = 0;
};

struct Batch {
  std::vector<Picked> late;  // not in it: dropped
  std::vector<GstEvent*> events_before;
  std::vector<Picked> frames;
  std::vector<GstEvent*> events_after;
  bool is_last = false;
  bool is_flushing = false;

  bool has_output() const { return is_last || !events_before.empty() || !frames.empty() || !events_after.empty(); }
};

BatchingRule rule_of(const MuxState& state);

// Waits until there is something to push: frames, ends of sources, or the end of all.
Batch next_batch(MuxState& state, GstElement* mux);

}  // namespace fluvial
