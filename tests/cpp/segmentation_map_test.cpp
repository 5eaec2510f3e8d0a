#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/segmentation_map.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace fluvial;

namespace {

// Classes that tell their own place, and two classes' probabilities.
Segmentation numbered(Size size) {
  Segmentation map;
  map.size = size;
  map.class_count = 2;
  map.classes.resize(static_cast<std::size_t>(size.width * size.height));
  std::iota(map.classes.begin(), map.classes.end(), 0);
  for (int i = 0; i < 2; ++i)
    for (int id : map.classes) map.probabilities.push_back(static_cast<float>(i * 100 + id));
  return map;
}

}  // namespace

TEST_CASE("a map without a border stays as it is") {
  Segmentation map = numbered({4, 3});
  cut_to_picture(map, {40, 30}, {0, 0, 40, 30});
  CHECK(map.size == Size{4, 3});
  CHECK(map.classes == numbered({4, 3}).classes);
  CHECK(map.probabilities == numbered({4, 3}).probabilities);
}

TEST_CASE("a border is cut off each plane, of maps smaller than the input too") {
  Segmentation map = numbered({4, 4});
  cut_to_picture(map, {40, 40}, {0, 10, 40, 20});
  CHECK(map.size == Size{4, 2});
  CHECK(map.classes == std::vector<int>{4, 5, 6, 7, 8, 9, 10, 11});
  REQUIRE(map.probabilities.size() == 16);
  CHECK(map.probabilities[0] == 4);
  CHECK(map.probabilities[8] == 104);

  map = numbered({4, 4});
  cut_to_picture(map, {4, 4}, {1, 0, 2, 4});
  CHECK(map.size == Size{2, 4});
  CHECK(map.classes == std::vector<int>{1, 2, 5, 6, 9, 10, 13, 14});
}

TEST_CASE("a picture too small for the map leaves one pixel of it, and an empty map stays empty") {
  Segmentation map = numbered({4, 4});
  cut_to_picture(map, {400, 400}, {399, 0, 1, 1});
  CHECK(map.size == Size{1, 1});
  CHECK(map.classes == std::vector<int>{3});
  Segmentation empty;
  cut_to_picture(empty, {400, 400}, {0, 100, 400, 200});
  CHECK(empty.size == Size{0, 0});
  CHECK(empty.classes.empty());
}

TEST_CASE("classes are renamed: several become one, and what is not listed is no class") {
  Segmentation map;
  map.size = {4, 1};
  map.class_count = 4;
  map.classes = {0, 2, 3, -1};
  map.probabilities = {.4F, .1F, 0, .25F, .3F, .1F, 0, .25F, .2F, .7F, 0, .25F, .1F, .1F, 1, .25F};
  rename_classes(map, {1, 0, 1, -1}, 2);
  CHECK(map.class_count == 2);
  CHECK(map.classes == std::vector<int>{1, 1, -1, -1});
  REQUIRE(map.probabilities.size() == 8);
  CHECK(map.probabilities[0] == .3F);
  CHECK(map.probabilities[4] == doctest::Approx(.6F));
  CHECK(map.probabilities[5] == doctest::Approx(.8F));
  CHECK(map.probabilities[6] == 0);
}

TEST_CASE("a class beyond the list or the count is none, and a map without probabilities gets none") {
  Segmentation map;
  map.size = {2, 1};
  map.classes = {1, 7};
  rename_classes(map, {0, 5}, 3);
  CHECK(map.classes == std::vector<int>{-1, -1});
  CHECK(map.probabilities.empty());
}
