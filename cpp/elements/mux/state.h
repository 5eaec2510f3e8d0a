// What the parts of a mux share: its sources' queues and how far the stream is.
#pragma once

#include <condition_variable>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "elements/compat_properties.h"
#include "elements/mux/config.h"
#include "elements/mux/settings.h"
#include "elements/mux/source.h"

namespace fluvial {

// By number. A released source stays until its frames are batched; one that was given its number meanwhile stands
// behind it and waits.
using MuxSources = std::multimap<guint, std::shared_ptr<MuxSource>>;

inline bool waits_for_number(const MuxSources& sources, MuxSources::const_iterator it) {
  return it != sources.begin() && std::prev(it)->first == it->first;
}

struct MuxState {
  std::mutex mutex;                   // guards all below but the allocator
  std::condition_variable delivered;  // the task waits: a frame, an end, a change
  MuxSettings settings;
  MuxSources sources;
  std::optional<SurfaceFormat> format;  // of the batches; decided by the first frame
  int fps_n = 0, fps_d = 1;
  bool is_flushing = true;
  bool is_begun = false;  // stream-start, caps and segment are pushed
  bool is_over = false;   // the end is pushed, or downstream wants no more; a flush begins anew
  std::size_t first = 0;  // whose turn it is to come first
  GstClockTime last_pts = GST_CLOCK_TIME_NONE;
  // DeepStream's old mux fills a batch with several frames of one source when others have ended; its new one, and we
  // under our own name, take one of each, so that a tiler behind shows every frame.
  bool shares_batches = false;
  bool is_new = false;              // DeepStream's new mux, which does not scale
  std::optional<MuxConfig> config;  // of the new mux
  gint64 next_push_us = 0;          // no batch goes out before; monotonic
  GstClockTime upstream_latency = 0;
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_allocator();

  // What all sources' threads wait for may have changed. A batch wakes only those that it takes from: hundreds that
  // wake for one mutex to find nothing would keep the task from the next batch.
  void wake_sources() const {
    for (const auto& [id, source] : sources) source->taken.notify_all();
  }
};

}  // namespace fluvial
