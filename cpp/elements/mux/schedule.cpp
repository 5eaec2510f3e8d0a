#include "elements/mux/schedule.h"

#include <algorithm>

#include "elements/mux/announce.h"

namespace fluvial {
namespace {

// Files open at different speeds. Sinks behind a demuxer play only when each has its first frame, and a queue that is
// full of another source's frames would keep it from them: so before the first batch a source that has not begun is
// waited for longer.
constexpr gint64 begin_timeout_us = 2000000;

gint64 first_arrival(const MuxState& state) {
  gint64 first = G_MAXINT64;
  for (const auto& [id, source] : state.sources)
    if (!source->frames.empty()) first = std::min(first, source->frames.front().arrived_us);
  return first;
}

// When a batch is pushed though it is not full; monotonic. first: see first_arrival.
gint64 time_limit(const MuxState& state, gint64 first) {
  const gint64 timeout = state.settings.push_timeout_us;
  if (timeout < 0 || first == G_MAXINT64) return G_MAXINT64;
  const bool all_begun = std::all_of(state.sources.begin(), state.sources.end(), [](const auto& entry) {
    return entry.second->has_begun || entry.second->is_ended;
  });
  const bool waits_longer = !state.is_begun && !all_begun && !state.settings.is_live;
  return first + (waits_longer ? std::max(timeout, begin_timeout_us) : timeout);
}

std::vector<int> choose(const MuxState& state, bool is_time_over) {
  std::vector<SourceQueue> queues;
  for (auto it = state.sources.begin(); it != state.sources.end(); ++it) {
    const bool is_in = !waits_for_number(state.sources, it);
    queues.push_back({is_in ? static_cast<int>(it->second->frames.size()) : 0, !is_in || it->second->is_ended});
  }
  return choose_batch(queues, rule_of(state), is_time_over, state.first);
}

void pick(MuxState& state, const std::vector<int>& counts, Batch& batch) {
  std::size_t index = 0;
  for (const auto& [id, source] : state.sources) {
    for (int n = counts[index]; n > 0; --n) {
      batch.frames.push_back({source, std::move(source->frames.front()), source->frame_number++});
      source->frames.pop_front();
    }
    ++index;
  }
  state.first = state.sources.empty() ? 0 : (state.first + 1) % state.sources.size();
  state.taken.notify_all();
}

bool everything_ended(const MuxState& state) {
  return !state.sources.empty() && std::all_of(state.sources.begin(), state.sources.end(), [](const auto& entry) {
    return entry.second->is_ended && entry.second->frames.empty();
  });
}

}  // namespace

BatchingRule rule_of(const MuxState& state) {
  BatchingRule rule;
  rule.batch_size = static_cast<int>(state.settings.batch_size);
  rule.is_one_per_source = state.settings.is_live || !state.shares_batches || state.settings.batch_size == 0;
  return rule;
}

Batch next_batch(MuxState& state, GstObject* mux) {
  Batch batch;
  std::unique_lock lock(state.mutex);
  while (true) {
    if (state.is_flushing) {
      batch.is_flushing = true;
      return batch;
    }
    const gint64 first = first_arrival(state);
    const gint64 limit = time_limit(state, first);
    const gint64 now = g_get_monotonic_time();
    const auto counts = choose(state, now >= limit);
    batch.is_last = everything_ended(state) && !state.settings.drops_pipeline_eos;
    // Before the first batch nothing is told: its caps say how many sources there are.
    const bool tells = state.is_begun || !counts.empty() || (batch.is_last && state.format);
    if (tells) tell_starts(state, batch);
    if (!counts.empty()) pick(state, counts, batch);
    if (tells) tell_ends(state, mux, batch);
    batch.is_last = everything_ended(state) && !state.settings.drops_pipeline_eos;
    state.is_over |= batch.is_last;
    const bool has_news = !batch.events_before.empty() || !batch.frames.empty() || !batch.events_after.empty();
    if (has_news || batch.is_last) return batch;
    if (limit == G_MAXINT64)
      state.delivered.wait(lock);
    else
      state.delivered.wait_for(lock, std::chrono::microseconds(limit - now));
  }
}

}  // namespace fluvial
