#include "elements/mux/schedule.h"

#include <algorithm>
#include <chrono>

#include "algo/moments.h"
#include "elements/mux/announce.h"
#include "elements/mux/timing.h"

namespace fluvial {
namespace {

// Files open at different speeds. Sinks behind a demuxer play only when each has its first frame, and a queue that is
// full of another source's frames would keep it from them: so before the first batch a source that has not begun is
// waited for longer.
constexpr gint64 begin_timeout_us = 2000000;

// The sources as the rule sees them, and when to look again though nothing has come.
struct View {
  std::vector<SourceQueue> queues;  // one for each of state.sources
  gint64 limit_us = G_MAXINT64;     // a batch goes out though it is not full; monotonic
  gint64 wake_us = G_MAXINT64;
};

// first: since when the first frame might be in a batch.
gint64 time_limit(const MuxState& state, gint64 first) {
  const gint64 timeout = push_timeout_us(state);
  if (timeout < 0 || first == G_MAXINT64) return G_MAXINT64;
  const bool all_begun = std::all_of(state.sources.begin(), state.sources.end(), [](const auto& entry) {
    return entry.second->has_begun || entry.second->is_ended;
  });
  const bool waits_longer = !state.is_begun && !all_begun && !state.settings.is_live;
  return first + (waits_longer ? std::max(timeout, begin_timeout_us) : timeout);
}

SourceQueue queue_of(const MuxState& state, const MuxSource& source, const Due& due) {
  SourceQueue queue;
  const bool rests = due.frames == 0 && due.next_us != G_MAXINT64;
  queue.waiting = due.frames;
  queue.is_ended = source.is_ended || rests;
  if (!state.config) return queue;
  queue.most = state.config->source(source.id).most_frames;
  queue.priority = state.config->source(source.id).priority;
  return queue;
}

View look(const MuxState& state, const Now& now) {
  View view;
  gint64 first = G_MAXINT64;
  for (auto it = state.sources.begin(); it != state.sources.end(); ++it) {
    if (waits_for_number(state.sources, it)) {
      view.queues.push_back({0, true});
      continue;
    }
    const auto due = due_frames(*it->second, now);
    view.queues.push_back(queue_of(state, *it->second, due));
    first = std::min(first, due.since_us);
    view.wake_us = std::min(view.wake_us, due.next_us);
  }
  view.limit_us = time_limit(state, first);
  view.wake_us = std::min(view.wake_us, view.limit_us);
  return view;
}

bool has_time(const MuxFrame& frame) { return GST_CLOCK_TIME_IS_VALID(frame.running_time); }

// align-inputs: leaves only the frames of the earliest moment. False while one of them may still come.
bool keep_one_moment(const MuxState& state, std::vector<SourceQueue>& queues, bool is_time_over) {
  std::vector<Head> heads;
  auto queue = queues.begin();
  for (const auto& [id, source] : state.sources) {
    if (queue->waiting == 0 && !queue->is_ended && !is_time_over) return false;
    if (queue->waiting > 0 && has_time(source->frames.front()))
      heads.push_back({static_cast<gint64>(source->frames.front().running_time),
                       static_cast<gint64>(source->frames.front().duration)});
    ++queue;
  }
  const auto end = end_of_moment(heads);
  queue = queues.begin();
  for (const auto& [id, source] : state.sources) {
    const bool is_in = queue->waiting > 0 && (!has_time(source->frames.front()) ||
                                              static_cast<gint64>(source->frames.front().running_time) < end);
    if (is_in)
      queue->most = 1;
    else
      *queue = {0, true};
    ++queue;
  }
  return true;
}

std::vector<int> choose(MuxState& state, View& view, const Now& now) {
  if (now.us < state.next_push_us) {
    view.wake_us = state.next_push_us;
    return {};
  }
  const bool is_time_over = now.us >= view.limit_us;
  if (state.settings.aligns && !keep_one_moment(state, view.queues, is_time_over)) return {};
  return choose_batch(view.queues, rule_of(state), is_time_over, state.first);
}

Picked take_first(const std::shared_ptr<MuxSource>& source) {
  Picked picked{source, std::move(source->frames.front()), 0};
  source->frames.pop_front();
  return picked;
}

void pick_from(MuxState& state, const std::shared_ptr<MuxSource>& source, int count, const Now& now, Batch& batch) {
  for (; count > 0; --count) {
    auto picked = take_first(source);
    if (picked.frame.is_after_reset) tell_reset(state, *source, batch);
    picked.number = source->frame_number++;
    batch.frames.push_back(std::move(picked));
    if (state.config && state.config->limits_sources)
      source->rests_until_us = now.us + state.config->source(source->id).max_rate.period_us();
    source->taken.notify_one();
  }
}

void pick(MuxState& state, const std::vector<int>& counts, const Now& now, Batch& batch) {
  std::size_t index = 0;
  for (const auto& [id, source] : state.sources) pick_from(state, source, counts[index++], now, batch);
  const bool goes_round = !state.config || state.config->algorithm == 1;
  state.first = state.sources.empty() || !goes_round ? 0 : (state.first + 1) % state.sources.size();
  if (state.config && state.config->limits_batches) state.next_push_us = now.us + state.config->max_rate.period_us();
}

void drop_late(MuxState& state, const Now& now, Batch& batch) {
  for (const auto& [id, source] : state.sources) {
    while (!source->frames.empty() && is_late(state, source->frames.front(), now)) {
      batch.late.push_back(take_first(source));
      batch.late.back().number = source->frame_number;
      ++source->dropped;
      source->taken.notify_one();
    }
  }
}

bool is_all_over(const MuxState& state) {
  const bool has_ended = std::all_of(state.sources.begin(), state.sources.end(), [](const auto& entry) {
    return entry.second->is_ended && entry.second->frames.empty();
  });
  return has_ended && !state.sources.empty() && !state.settings.drops_pipeline_eos;
}

// Takes what there is to push now. Returns when to look again.
gint64 fill(MuxState& state, GstElement* mux, Batch& batch) {
  const auto now = now_of(state, mux);
  drop_late(state, now, batch);
  auto view = look(state, now);
  const auto counts = choose(state, view, now);
  // Before the first batch nothing is told: its caps say how many sources there are.
  const bool tells = state.is_begun || !counts.empty() || (is_all_over(state) && state.format);
  if (tells) tell_starts(state, batch);
  if (!counts.empty()) pick(state, counts, now, batch);
  if (tells) tell_ends(state, GST_OBJECT(mux), batch);
  batch.is_last = is_all_over(state);
  state.is_over |= batch.is_last;
  return view.wake_us;
}

}  // namespace

BatchingRule rule_of(const MuxState& state) {
  const auto& s = state.settings;
  BatchingRule rule;
  rule.batch_size = static_cast<int>(s.batch_size);
  if (!state.config) {
    rule.most_of_one = s.is_live || !state.shares_batches || s.batch_size == 0 ? 1 : 0;
    return rule;
  }
  if (rule.batch_size == 0) rule.batch_size = state.config->batch_size;
  if (state.config->is_adaptive) rule.batch_size = 0;
  rule.most_of_one = state.config->most_frames;
  return rule;
}

Batch next_batch(MuxState& state, GstElement* mux) {
  Batch batch;
  std::unique_lock lock(state.mutex);
  while (!state.is_flushing) {
    const gint64 wake_us = fill(state, mux, batch);
    if (batch.has_output() || !batch.late.empty()) return batch;
    if (wake_us == G_MAXINT64)
      state.delivered.wait(lock);
    else
      state.delivered.wait_for(lock, std::chrono::microseconds(wake_us - g_get_monotonic_time()));
  }
  batch.is_flushing = true;
  return batch;
}

}  // namespace fluvial
