#include "algo/batching.h"

#include <algorithm>

namespace fluvial {

std::vector<int> choose_batch(const std::vector<SourceQueue>& sources, const BatchingRule& rule, bool is_time_over,
                              std::size_t first) {
  const std::size_t count = sources.size();
  const auto counts_as_active = [](const SourceQueue& s) { return !s.is_ended || s.waiting > 0; };
  const int active = static_cast<int>(std::count_if(sources.begin(), sources.end(), counts_as_active));
  if (active == 0) return {};

  const int size = rule.batch_size > 0 ? rule.batch_size : active;
  const int share = rule.is_one_per_source ? 1 : std::max(1, size / active);
  int extra = rule.is_one_per_source ? 0 : std::max(0, size - share * active);

  std::vector<int> taken(count, 0);
  int total = 0;
  bool everyone_gave = true;
  for (std::size_t k = 0; k < count && total < size; ++k) {
    const std::size_t i = (first + k) % count;
    const auto& source = sources[i];
    if (!counts_as_active(source)) continue;
    const int bonus = extra > 0 ? 1 : 0;
    extra -= bonus;
    taken[i] = std::min({share + bonus, source.waiting, size - total});
    total += taken[i];
    if (!source.is_ended && source.waiting < share) everyone_gave = false;
  }
  if (total == 0) return {};
  const bool is_full = total >= size;
  return is_full || everyone_gave || is_time_over ? taken : std::vector<int>{};
}

}  // namespace fluvial
