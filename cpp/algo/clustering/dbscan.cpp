#include "algo/clustering/dbscan.h"

#include <cmath>
#include <cstddef>

namespace fluvial {
namespace {

using Members = std::vector<std::size_t>;

std::vector<Members> neighbours_of(const std::vector<Detection>& found, float eps) {
  std::vector<Members> neighbours(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    neighbours[i].push_back(i);
    for (std::size_t j = 0; j < i; ++j) {
      if (1 - iou(found[i].box, found[j].box) > eps) continue;
      neighbours[i].push_back(j);
      neighbours[j].push_back(i);
    }
  }
  return neighbours;
}

// Grows one cluster from a core. A border box belongs to the cluster that reaches it first.
Members cluster_from(std::size_t core, const std::vector<Members>& neighbours, std::size_t least,
                     std::vector<bool>& is_taken) {
  Members members{core};
  is_taken[core] = true;
  for (std::size_t at = 0; at < members.size(); ++at) {
    if (neighbours[members[at]].size() < least) continue;
    for (std::size_t other : neighbours[members[at]]) {
      if (is_taken[other]) continue;
      is_taken[other] = true;
      members.push_back(other);
    }
  }
  return members;
}

Detection mean_of(const std::vector<Detection>& found, const Members& members) {
  Detection mean = found[members[0]];
  double left = 0, top = 0, width = 0, height = 0, weights = 0;
  for (std::size_t i : members) {
    const auto& d = found[i];
    const double weight = d.confidence > 0 ? d.confidence : 1e-6;
    left += weight * d.box.left;
    top += weight * d.box.top;
    width += weight * d.box.width;
    height += weight * d.box.height;
    weights += weight;
    if (d.confidence > mean.confidence) mean = d;
  }
  const auto part = [weights](double sum) { return static_cast<float>(sum / weights); };
  mean.box = {part(left), part(top), part(width), part(height)};
  return mean;
}

bool is_valid(const std::vector<Detection>& found, const Members& members, const DbscanSettings& settings) {
  float score = 0;
  for (std::size_t i : members) score += found[i].confidence;
  const float side = std::sqrt(mean_of(found, members).box.area());
  return score >= settings.min_score && side <= settings.most_area_to_hit * static_cast<float>(members.size());
}

std::vector<Members> clusters_of(const std::vector<Detection>& found, const DbscanSettings& settings) {
  const auto least = static_cast<std::size_t>(settings.min_boxes);
  const auto neighbours = neighbours_of(found, settings.eps);
  std::vector<bool> is_taken(found.size(), false);
  std::vector<Members> clusters;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_taken[i] || neighbours[i].size() < least) continue;
    auto members = cluster_from(i, neighbours, least, is_taken);
    if (is_valid(found, members, settings)) clusters.push_back(std::move(members));
  }
  return clusters;
}

}  // namespace

void dbscan(std::vector<Detection>& found, const DbscanSettings& settings) {
  if (settings.min_boxes <= 0) return;
  std::vector<Detection> means;
  for (const auto& members : clusters_of(found, settings)) means.push_back(mean_of(found, members));
  found = std::move(means);
}

void dbscan_filter(std::vector<Detection>& found, const DbscanSettings& settings) {
  if (settings.min_boxes <= 0) return;
  std::vector<Detection> kept;
  for (const auto& members : clusters_of(found, settings))
    for (std::size_t i : members) kept.push_back(found[i]);
  found = std::move(kept);
}

}  // namespace fluvial
