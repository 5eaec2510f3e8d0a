#include "algo/clustering/clustering.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "algo/clustering/group_rectangles.h"

namespace fluvial {
namespace {

using Detections = std::vector<Detection>;

bool is_surer(const Detection& a, const Detection& b) { return a.confidence > b.confidence; }

template <typename IsUnwanted>
void drop(Detections& found, IsUnwanted is_unwanted) {
  found.erase(std::remove_if(found.begin(), found.end(), is_unwanted), found.end());
}

void keep_surest(Detections& found, int topk) {
  if (topk <= 0) return;
  std::stable_sort(found.begin(), found.end(), is_surer);
  if (found.size() > static_cast<std::size_t>(topk)) found.resize(static_cast<std::size_t>(topk));
}

void suppress(Detections& found, const ClusterSettings& s) {
  drop(found, [&](const Detection& d) { return s.threshold_after > 0 && d.confidence <= s.threshold_after; });
  nms(found, NmsSettings{s.iou_threshold, s.topk});
}

void cluster_class(Detections& found, const ClusterSettings& s) {
  const DbscanSettings crowd{s.eps, s.min_boxes, s.min_score};
  switch (s.mode) {
    case ClusterMode::group_rectangles: return group_rectangles(found, s.group_threshold, s.eps);
    case ClusterMode::dbscan:
      dbscan(found, crowd);
      drop(found, [&](const Detection& d) { return d.confidence < s.threshold_after; });
      return keep_surest(found, s.topk);
    case ClusterMode::hybrid: dbscan_filter(found, crowd); return suppress(found, s);
    case ClusterMode::nms: return suppress(found, s);
    default: return keep_surest(found, s.topk);
  }
}

const ClusterSettings& settings_of(int class_id, const std::vector<ClusterSettings>& by_class) {
  return by_class[std::min(static_cast<std::size_t>(std::max(class_id, 0)), by_class.size() - 1)];
}

bool is_nms(const ClusterSettings& s) { return s.mode == ClusterMode::nms; }

// All classes at once, as nms() does them faster than one by one.
void suppress_all(Detections& found, const std::vector<ClusterSettings>& by_class) {
  drop(found, [&](const Detection& d) {
    const float least = settings_of(d.class_id, by_class).threshold_after;
    return least > 0 && d.confidence <= least;
  });
  std::vector<NmsSettings> settings;
  for (const auto& s : by_class) settings.push_back({s.iou_threshold, s.topk});
  nms(found, settings);
}

bool changes_nothing(const ClusterSettings& s) { return s.mode == ClusterMode::none && s.topk <= 0; }

}  // namespace

void cluster(Detections& found, const std::vector<ClusterSettings>& by_class) {
  if (std::all_of(by_class.begin(), by_class.end(), changes_nothing)) return;
  if (std::all_of(by_class.begin(), by_class.end(), is_nms)) return suppress_all(found, by_class);
  drop(found, [](const Detection& d) { return std::isnan(d.confidence); });
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.class_id < b.class_id; });
  Detections all, one;
  for (auto begin = found.begin(); begin != found.end();) {
    const int id = begin->class_id;
    const auto end = std::find_if(begin, found.end(), [id](const Detection& d) { return d.class_id != id; });
    one.assign(begin, end);
    cluster_class(one, settings_of(id, by_class));
    all.insert(all.end(), one.begin(), one.end());
    begin = end;
  }
  std::stable_sort(all.begin(), all.end(), is_surer);
  found = std::move(all);
}

}  // namespace fluvial
