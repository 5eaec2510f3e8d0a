#include "algo/batching.h"

#include <algorithm>

namespace fluvial {
namespace {

using Order = std::vector<std::size_t>;

bool is_active(const SourceQueue& s) { return !s.is_ended || s.waiting > 0; }

// Indices of active sources as they have their turn.
Order in_turn(const std::vector<SourceQueue>& sources, std::size_t first) {
  Order order;
  for (std::size_t k = 0; k < sources.size(); ++k)
    if (const std::size_t i = (first + k) % sources.size(); is_active(sources[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sources[a].priority < sources[b].priority; });
  return order;
}

// Frames that sources of one priority give, one each in turn, until none has more or there is no room.
void give(Order::const_iterator begin, Order::const_iterator end, const std::vector<int>& most, std::vector<int>& taken,
          int& room) {
  for (bool has_given = true; has_given;) {
    has_given = false;
    for (auto i = begin; i != end && room > 0; ++i) {
      if (taken[*i] >= most[*i]) continue;
      ++taken[*i];
      --room;
      has_given = true;
    }
  }
}

}  // namespace

std::vector<int> choose_batch(const std::vector<SourceQueue>& sources, const BatchingRule& rule, bool is_time_over,
                              std::size_t first) {
  const Order order = in_turn(sources, first);
  if (order.empty()) return {};
  const int active = static_cast<int>(order.size());
  const int size = rule.batch_size > 0 ? rule.batch_size : active;
  const int share = std::max(1, size / active);
  int extra = rule.most_of_one > 0 ? 0 : std::max(0, size - share * active);

  std::vector<int> most(sources.size(), 0), taken(sources.size(), 0);
  bool everyone_gives = true;
  for (const std::size_t i : order) {
    const auto& source = sources[i];
    int limit = rule.most_of_one > 0 ? rule.most_of_one : share + (extra-- > 0 ? 1 : 0);
    if (source.most > 0) limit = std::min(limit, source.most);
    most[i] = std::min(limit, source.waiting);
    if (!source.is_ended && source.waiting < std::min(share, limit)) everyone_gives = false;
  }
  int room = size;
  for (auto begin = order.begin(); begin != order.end();) {
    const auto end = std::find_if(begin, order.end(),
                                  [&](std::size_t i) { return sources[i].priority != sources[*begin].priority; });
    give(begin, end, most, taken, room);
    begin = end;
  }
  const bool is_ready = room == 0 || everyone_gives || is_time_over;
  return is_ready && room < size ? taken : std::vector<int>{};
}

}  // namespace fluvial
