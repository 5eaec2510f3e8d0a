// The surest few of each class.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "algo/nms.h"

namespace fluvial {

// `Found` is a Detection or made of one. Classes beyond `by_class` take its last entry; a topk of 0 or less keeps all.
// Where any class has one, what stays is ordered by falling confidence.
template <typename Found>
void keep_topk(const std::vector<NmsSettings>& by_class, std::vector<Found>& found) {
  const auto topk_of = [&](int id) {
    return by_class[std::min(static_cast<std::size_t>(id), by_class.size() - 1)].topk;
  };
  const auto has_topk = [](const NmsSettings& s) { return s.topk > 0; };
  if (std::none_of(by_class.begin(), by_class.end(), has_topk)) return;
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
  std::unordered_map<int, int> kept;
  const auto is_too_many = [&](const Found& d) {
    return topk_of(d.class_id) > 0 && ++kept[d.class_id] > topk_of(d.class_id);
  };
  found.erase(std::remove_if(found.begin(), found.end(), is_too_many), found.end());
}

}  // namespace fluvial
