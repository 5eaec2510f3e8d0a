#include "algo/clustering/group_rectangles.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace fluvial {
namespace {

constexpr float confidence_of_groups = -0.1F;

// Whole pixels, as OpenCV's rectangles are.
struct Rect {
  int left, top, width, height;
  int right() const { return left + width; }
  int bottom() const { return top + height; }
};

Rect rect_of(const Box& box) {
  return {static_cast<int>(box.left), static_cast<int>(box.top), static_cast<int>(box.width),
          static_cast<int>(box.height)};
}

bool are_alike(const Rect& a, const Rect& b, double eps) {
  const double most = eps * (std::min(a.width, b.width) + std::min(a.height, b.height)) * 0.5;
  const auto is_near = [most](int x, int y) { return std::abs(x - y) <= most; };
  return is_near(a.left, b.left) && is_near(a.top, b.top) && is_near(a.right(), b.right()) &&
         is_near(a.bottom(), b.bottom());
}

// Of a forest in which every box points at another of its group, or at itself.
std::size_t root_of(std::vector<std::size_t>& parents, std::size_t i) {
  while (parents[i] != i) i = parents[i] = parents[parents[i]];
  return i;
}

struct Group {
  int left = 0, top = 0, width = 0, height = 0;  // sums
  int count = 0;
  Detection surest;

  void add(const Rect& r, const Detection& d) {
    left += r.left;
    top += r.top;
    width += r.width;
    height += r.height;
    if (count++ == 0 || d.confidence > surest.confidence) surest = d;
  }
  Rect mean() const {
    const float share = 1.0F / static_cast<float>(count);  // in floats, for the same last digit
    const auto whole = [share](int sum) { return static_cast<int>(std::lrint(static_cast<float>(sum) * share)); };
    return {whole(left), whole(top), whole(width), whole(height)};
  }
};

std::vector<Group> groups_of(const std::vector<Detection>& found, double eps) {
  std::vector<Rect> rects;
  for (const auto& d : found) rects.push_back(rect_of(d.box));
  std::vector<std::size_t> parents(found.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  for (std::size_t i = 0; i < rects.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (are_alike(rects[i], rects[j], eps)) parents[root_of(parents, i)] = root_of(parents, j);
  std::vector<Group> by_root(found.size());
  std::vector<std::size_t> order;  // of the groups' first boxes
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto& group = by_root[root_of(parents, i)];
    if (group.count == 0) order.push_back(root_of(parents, i));
    group.add(rects[i], found[i]);
  }
  std::vector<Group> groups;
  for (std::size_t root : order) groups.push_back(by_root[root]);
  return groups;
}

bool lies_within(const Group& small, const Group& large, double eps) {
  const Rect r = small.mean(), around = large.mean();
  const int dx = static_cast<int>(std::lrint(around.width * eps));
  const int dy = static_cast<int>(std::lrint(around.height * eps));
  const bool is_inside = r.left >= around.left - dx && r.top >= around.top - dy && r.right() <= around.right() + dx &&
                         r.bottom() <= around.bottom() + dy;
  return is_inside && (large.count > std::max(3, small.count) || small.count < 3);
}

}  // namespace

void group_rectangles(std::vector<Detection>& found, int least, float eps) {
  if (least <= 0 || found.empty()) return;
  auto groups = groups_of(found, eps);
  groups.erase(std::remove_if(groups.begin(), groups.end(), [&](const Group& g) { return g.count <= least; }),
               groups.end());
  found.clear();
  for (const auto& group : groups) {
    const bool is_part = std::any_of(groups.begin(), groups.end(), [&](const Group& other) {
      return &other != &group && lies_within(group, other, eps);
    });
    if (is_part) continue;
    const Rect mean = group.mean();
    found.push_back(group.surest);
    found.back().confidence = confidence_of_groups;
    found.back().box = {static_cast<float>(mean.left), static_cast<float>(mean.top), static_cast<float>(mean.width),
                        static_cast<float>(mean.height)};
  }
}

}  // namespace fluvial
