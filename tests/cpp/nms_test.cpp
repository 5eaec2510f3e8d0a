#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/nms.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace fluvial;

namespace {

// The definition, word by word: the surest box that is left stays and takes away what overlaps it.
std::vector<Detection> slow_nms(std::vector<Detection> left, float threshold, int topk) {
  std::vector<Detection> kept;
  std::vector<int> count_of(1000, 0);
  while (!left.empty()) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < left.size(); ++i) {
      if (left[i].confidence > left[best].confidence) best = i;
    }
    const Detection winner = left[best];
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    if (topk <= 0 || count_of[static_cast<std::size_t>(winner.class_id)]++ < topk) kept.push_back(winner);
    const auto is_beaten = [&](const Detection& d) {
      return d.class_id == winner.class_id && iou(winner.box, d.box) > threshold;
    };
    left.erase(std::remove_if(left.begin(), left.end(), is_beaten), left.end());
  }
  return kept;
}

std::vector<Detection> random_detections(std::mt19937& random, int count, int classes) {
  std::uniform_real_distribution<float> place(0, 300);
  std::uniform_real_distribution<float> size(0, 120);
  std::uniform_int_distribution<int> level(0, 50);  // few levels, so that many are equal
  std::vector<Detection> detections;
  for (int i = 0; i < count; ++i) {
    detections.push_back({static_cast<int>(random() % static_cast<unsigned>(classes)),
                          static_cast<float>(level(random)) / 50,
                          {place(random), place(random), size(random), size(random)}});
  }
  return detections;
}

bool is_same(const Detection& a, const Detection& b) {
  return a.class_id == b.class_id && a.confidence == b.confidence && a.box.left == b.box.left &&
         a.box.top == b.box.top && a.box.width == b.box.width && a.box.height == b.box.height;
}

void check_same(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(is_same(a[i], b[i]));
}

// nms orders equals of different classes by class, the slow one by place: sort both the same way.
void sort(std::vector<Detection>& detections) {
  std::stable_sort(detections.begin(), detections.end(), [](const Detection& a, const Detection& b) {
    return a.confidence != b.confidence ? a.confidence > b.confidence : a.class_id < b.class_id;
  });
}

}  // namespace

TEST_CASE("nms keeps what the slow definition keeps, in its order") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const int classes = 1 + round % 5;
    const float threshold = static_cast<float>(round % 10) / 10;
    const int topk = round % 3 == 0 ? 4 : 0;
    const auto detections = random_detections(random, round * 2, classes);
    auto fast = detections;
    nms(fast, NmsSettings{threshold, topk});
    auto slow = slow_nms(detections, threshold, topk);
    sort(slow);
    check_same(fast, slow);
  }
}

TEST_CASE("settings go by class, and the last one serves the rest") {
  const Box box{0, 0, 10, 10};
  std::vector<Detection> detections = {{0, .9F, box}, {0, .8F, box}, {1, .7F, box},
                                       {1, .6F, box}, {9, .5F, box}, {9, .4F, box}};
  nms(detections, {{1.0F, 0}, {0.5F, 0}});
  REQUIRE(detections.size() == 4);
  CHECK(detections[1].confidence == .8F);
  CHECK(detections[2].confidence == .7F);
  CHECK(detections[3].confidence == .5F);
}

TEST_CASE("boxes that overlap exactly by the threshold stay") {
  std::vector<Detection> detections = {{0, .9F, {0, 0, 2, 1}}, {0, .8F, {0, 0, 1, 1}}};
  nms(detections, NmsSettings{0.5F, 0});
  CHECK(detections.size() == 2);
  nms(detections, NmsSettings{0.49F, 0});
  CHECK(detections.size() == 1);
}

TEST_CASE("equals keep their order") {
  std::vector<Detection> detections;
  for (int i = 0; i < 40; ++i) detections.push_back({i % 2 == 0 ? 3 : 3, .5F, {static_cast<float>(20 * i), 0, 10, 10}});
  nms(detections, NmsSettings{});
  REQUIRE(detections.size() == 40);
  for (std::size_t i = 0; i < 40; ++i) CHECK(detections[i].box.left == static_cast<float>(20 * i));
}

TEST_CASE("numbers that are none, boxes without area and nothing at all do no harm") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<Detection> detections = {{0, nan, {0, 0, 1, 1}},
                                       {0, .5F, {nan, nan, nan, nan}},
                                       {0, .4F, {0, 0, 0, 0}},
                                       {0, .3F, {0, 0, -5, 5}},
                                       {-1, .2F, {0, 0, 1, 1}}};
  nms(detections, NmsSettings{});
  CHECK(detections.size() == 4);
  detections.clear();
  nms(detections, NmsSettings{});
  CHECK(detections.empty());
}
