// The modes of clustering, against plain slow versions of their definitions and small cases counted by hand.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/clustering/clustering.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "algo/clustering/group_rectangles.h"

using namespace fluvial;  // NOLINT

namespace {

Detection at(float left, float top, float width, float height, float confidence = 0.5F, int id = 0) {
  Detection d;
  d.class_id = id;
  d.confidence = confidence;
  d.box = {left, top, width, height};
  return d;
}

// Boxes around a few places, so that some coincide nearly.
std::vector<Detection> random_crowd(std::mt19937& random, int count, int classes = 1) {
  std::uniform_int_distribution<int> place(0, 4), shift(-12, 12), size(20, 60), level(1, 50);
  std::vector<Detection> found;
  for (int i = 0; i < count; ++i)
    found.push_back(at(static_cast<float>(90 * place(random) + shift(random)),
                       static_cast<float>(70 * place(random) + shift(random)), static_cast<float>(size(random)),
                       static_cast<float>(size(random)), static_cast<float>(level(random)) / 50,
                       static_cast<int>(random() % static_cast<unsigned>(classes))));
  return found;
}

using Labels = std::vector<int>;

// Who is connected to whom through `are_linked`: repeated until nothing changes. Numbered by first member.
template <typename AreLinked>
Labels slow_components(std::size_t count, AreLinked are_linked) {
  Labels labels(count);
  for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<int>(i);
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < count; ++j)
        if (labels[j] < labels[i] && are_linked(i, j)) {
          labels[i] = labels[j];
          has_changed = true;
        }
  }
  return labels;
}

bool slow_alike(const Box& a, const Box& b, float eps) {
  const double most = static_cast<double>(eps) * (std::min(a.width, b.width) + std::min(a.height, b.height)) / 2;
  return std::abs(a.left - b.left) <= most && std::abs(a.top - b.top) <= most &&
         std::abs(a.right() - b.right()) <= most && std::abs(a.bottom() - b.bottom()) <= most;
}

struct SlowGroup {
  Box mean;
  int count;
};

std::vector<SlowGroup> slow_groups(const std::vector<Detection>& found, int least, float eps) {
  const auto labels =
      slow_components(found.size(), [&](auto i, auto j) { return slow_alike(found[i].box, found[j].box, eps); });
  std::vector<SlowGroup> groups;
  for (int label : std::set<int>(labels.begin(), labels.end())) {
    int sums[4] = {}, count = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (labels[i] != label) continue;
      const Box& b = found[i].box;
      const float values[] = {b.left, b.top, b.width, b.height};
      for (int k = 0; k < 4; ++k) sums[k] += static_cast<int>(values[k]);
      ++count;
    }
    if (count <= least) continue;
    const auto mean = [&](int k) {
      return std::nearbyint(static_cast<float>(sums[k]) * (1.0F / static_cast<float>(count)));
    };
    groups.push_back({{mean(0), mean(1), mean(2), mean(3)}, count});
  }
  std::vector<SlowGroup> kept;
  for (const auto& g : groups) {
    bool is_part = false;
    for (const auto& other : groups) {
      if (&g == &other) continue;
      const auto dx = static_cast<float>(std::nearbyint(static_cast<double>(other.mean.width) * eps));
      const auto dy = static_cast<float>(std::nearbyint(static_cast<double>(other.mean.height) * eps));
      const bool is_inside = g.mean.left >= other.mean.left - dx && g.mean.top >= other.mean.top - dy &&
                             g.mean.right() <= other.mean.right() + dx && g.mean.bottom() <= other.mean.bottom() + dy;
      is_part |= is_inside && (other.count > std::max(3, g.count) || g.count < 3);
    }
    if (!is_part) kept.push_back(g);
  }
  return kept;
}

// The cluster of each box, numbered by its first core; -1: noise. A border box is of the cluster with the first core.
Labels slow_dbscan(const std::vector<Detection>& found, float eps, int least) {
  const auto are_near = [&](std::size_t i, std::size_t j) {
    return i == j || 1 - iou(found[i].box, found[j].box) <= eps;
  };
  std::vector<bool> is_core(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    int neighbours = 0;
    for (std::size_t j = 0; j < found.size(); ++j) neighbours += are_near(i, j) ? 1 : 0;
    is_core[i] = neighbours >= least;
  }
  Labels labels =
      slow_components(found.size(), [&](auto i, auto j) { return is_core[i] && is_core[j] && are_near(i, j); });
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_core[i]) continue;
    int first = std::numeric_limits<int>::max();
    for (std::size_t j = 0; j < found.size(); ++j)
      if (is_core[j] && are_near(i, j)) first = std::min(first, labels[j]);
    labels[i] = first == std::numeric_limits<int>::max() ? -1 : first;
  }
  return labels;
}

ClusterSettings with_mode(ClusterMode mode) {
  ClusterSettings settings;
  settings.mode = mode;
  return settings;
}

std::vector<float> confidences(const std::vector<Detection>& found) {
  std::vector<float> all;
  for (const auto& d : found) all.push_back(d.confidence);
  return all;
}

}  // namespace

TEST_CASE("groups of rectangles are those of the definition") {
  std::mt19937 random(1);
  int groups = 0;
  for (int round = 0; round < 200; ++round) {
    const auto crowd = random_crowd(random, 40);
    for (float eps : {0.1F, 0.2F, 0.5F}) {
      for (int least : {1, 2}) {
        auto found = crowd;
        group_rectangles(found, least, eps);
        auto expected = slow_groups(crowd, least, eps);
        REQUIRE(found.size() == expected.size());
        groups += static_cast<int>(found.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
          CHECK(found[i].box.left == expected[i].mean.left);
          CHECK(found[i].box.height == expected[i].mean.height);
          CHECK(found[i].confidence == -0.1F);
        }
      }
    }
  }
  CHECK(groups > 1000);
}

TEST_CASE("a group needs more boxes than its threshold, and one inside a larger group goes") {
  std::vector<Detection> found{at(10, 10, 20, 20), at(11, 10, 20, 20), at(12, 11, 20, 20), at(100, 10, 20, 20)};
  group_rectangles(found, 1, 0.2F);
  REQUIRE(found.size() == 1);
  CHECK(found[0].box.left == 11);
  CHECK(found[0].box.top == 10);
  std::vector<Detection> alone{at(10, 10, 20, 20)};
  group_rectangles(alone, 0, 0.2F);
  CHECK(alone[0].confidence == 0.5F);  // a threshold of 0 changes nothing
  std::vector<Detection> nested(4, at(0, 0, 100, 100));
  nested.insert(nested.end(), 2, at(40, 40, 10, 10));
  group_rectangles(nested, 1, 0.2F);
  REQUIRE(nested.size() == 1);
  CHECK(nested[0].box.width == 100);
}

TEST_CASE("DBSCAN's clusters are those of the definition, in both of its forms") {
  std::mt19937 random(2);
  int clusters = 0;
  for (int round = 0; round < 200; ++round) {
    const auto crowd = random_crowd(random, 40);
    for (float eps : {0.3F, 0.5F, 0.7F}) {
      for (int least : {1, 2, 4}) {
        const auto labels = slow_dbscan(crowd, eps, least);
        std::set<int> expected(labels.begin(), labels.end());
        expected.erase(-1);
        auto means = crowd, members = crowd;
        dbscan(means, {eps, least, 0});
        dbscan_filter(members, {eps, least, 0});
        CHECK(means.size() == expected.size());
        CHECK(members.size() == crowd.size() - static_cast<std::size_t>(std::count(labels.begin(), labels.end(), -1)));
        clusters += static_cast<int>(means.size());
        std::size_t at_mean = 0;
        for (int label : expected) {
          float surest = 0;
          double weights = 0, left = 0;
          for (std::size_t i = 0; i < crowd.size(); ++i) {
            if (labels[i] != label) continue;
            surest = std::max(surest, crowd[i].confidence);
            weights += crowd[i].confidence;
            left += crowd[i].confidence * crowd[i].box.left;
          }
          CHECK(means[at_mean].confidence == surest);
          CHECK(means[at_mean].box.left == doctest::Approx(left / weights));
          ++at_mean;
        }
      }
    }
  }
  CHECK(clusters > 1000);
}

TEST_CASE("a cluster needs its score, and is no thin cover of a large box") {
  const std::vector<Detection> pair{at(10, 10, 20, 20, 0.4F), at(10, 10, 20, 20, 0.5F)};
  auto found = pair;
  dbscan(found, {0.5F, 2, 0.8F});
  CHECK(found.size() == 1);
  found = pair;
  dbscan(found, {0.5F, 2, 1.0F});
  CHECK(found.empty());
  std::vector<Detection> large(2, at(0, 0, 200, 200, 0.9F));
  dbscan(large, {0.5F, 2, 0});
  CHECK(large.empty());  // 200 pixels for 2 boxes: more than 60 each
  large.assign(4, at(0, 0, 200, 200, 0.9F));
  dbscan(large, {0.5F, 2, 0});
  CHECK(large.size() == 1);
}

TEST_CASE("each mode obeys the thresholds and topk of each class") {
  const std::vector<Detection> crowd{at(10, 10, 20, 20, 0.9F), at(11, 10, 20, 20, 0.8F), at(60, 10, 20, 20, 0.7F),
                                     at(61, 10, 20, 20, 0.4F), at(10, 60, 20, 20, 0.6F, 1)};
  const auto run = [&](std::vector<ClusterSettings> settings) {
    auto found = crowd;
    cluster(found, settings);
    return confidences(found);
  };
  auto nms = with_mode(ClusterMode::nms);
  CHECK(run({nms}) == std::vector<float>{0.9F, 0.7F, 0.6F});
  nms.topk = 1;
  CHECK(run({nms}) == std::vector<float>{0.9F, 0.6F});
  nms.threshold_after = 0.6F;
  CHECK(run({nms}) == std::vector<float>{0.9F});  // more than it
  auto none = with_mode(ClusterMode::none);
  CHECK(run({none}).size() == 5);
  none.threshold_after = 0.99F;
  CHECK(run({none}).size() == 5);
  none.topk = 2;
  CHECK(run({none}) == std::vector<float>{0.9F, 0.8F, 0.6F});
  auto crowds = with_mode(ClusterMode::dbscan);
  crowds.eps = 0.5F;
  crowds.min_boxes = 2;
  CHECK(run({crowds}) == std::vector<float>{0.9F, 0.7F});
  crowds.threshold_after = 0.7F;
  CHECK(run({crowds}) == std::vector<float>{0.9F, 0.7F});  // at least it
  crowds.topk = 1;
  CHECK(run({crowds}) == std::vector<float>{0.9F});
  auto hybrid = crowds;
  hybrid.mode = ClusterMode::hybrid;
  hybrid.threshold_after = 0;
  hybrid.topk = 0;
  CHECK(run({hybrid}) == std::vector<float>{0.9F, 0.7F});
  hybrid.iou_threshold = 1;
  CHECK(run({hybrid}) == std::vector<float>{0.9F, 0.8F, 0.7F, 0.4F});
  auto groups = with_mode(ClusterMode::group_rectangles);
  groups.group_threshold = 1;
  groups.eps = 0.2F;
  CHECK(run({groups}) == std::vector<float>{-0.1F, -0.1F});
  CHECK(run({groups, with_mode(ClusterMode::none)}) == std::vector<float>{0.6F, -0.1F, -0.1F});
}

TEST_CASE("classes are clustered apart, and a confidence that is no number goes") {
  std::mt19937 random(3);
  auto found = random_crowd(random, 200, 3);
  found.push_back(at(0, 0, 9, 9, std::numeric_limits<float>::quiet_NaN()));
  auto settings = with_mode(ClusterMode::dbscan);
  settings.eps = 0.5F;
  settings.min_boxes = 2;
  std::map<int, std::size_t> expected;
  for (int id = 0; id < 3; ++id) {
    std::vector<Detection> one;
    for (const auto& d : found)
      if (d.class_id == id && !std::isnan(d.confidence)) one.push_back(d);
    dbscan(one, {0.5F, 2, 0});
    expected[id] = one.size();
  }
  cluster(found, {settings});
  std::map<int, std::size_t> counts;
  for (const auto& d : found) ++counts[d.class_id];
  CHECK(counts == expected);
  CHECK(std::is_sorted(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.confidence > b.confidence; }));
}
