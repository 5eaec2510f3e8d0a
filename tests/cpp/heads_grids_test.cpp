// YOLOv3 to v7 before decoding, against their papers' formulas written down slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "selected_rows.h"
#include "tensors.h"

using namespace testing;

namespace {

constexpr Size kInput{128, 64};

enum class Order { channels_first, channels_last, anchors_first, anchors_last };

struct Family {
  const char* version;
  std::vector<int> strides;
  std::vector<double> anchors;
};

const std::vector<double> kV3 = {10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326};
const std::vector<double> kV4 = {12, 16, 19, 36, 40, 28, 36, 75, 76, 55, 72, 146, 142, 110, 192, 243, 459, 401};

std::vector<Family> families() {
  return {{"3", {8, 16, 32}, kV3},
          {"4", {8, 16, 32}, kV4},
          {"5", {8, 16, 32}, kV3},
          {"7", {8, 16, 32}, kV4},
          {"7-tiny", {8, 16, 32}, kV3},
          {"3-tiny", {16, 32}, {10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319}},
          {"4-tiny", {16, 32}, {23, 27, 37, 58, 81, 82, 81, 82, 135, 169, 344, 319}}};
}

Shape shape_of(Order order, int stride, int columns) {
  const int h = kInput.height / stride, w = kInput.width / stride;
  switch (order) {
    case Order::channels_first: return {2, 3 * columns, h, w};
    case Order::channels_last: return {2, h, w, 3 * columns};
    case Order::anchors_first: return {2, 3, h, w, columns};
    default: return {2, h, w, 3, columns};
  }
}

float value(const Floats& grid, Order order, int unit, int a, int y, int x, int i) {
  const Shape& s = grid.shape;
  std::int64_t place = 0;
  const auto n = static_cast<std::int64_t>(unit);
  switch (order) {
    case Order::channels_first: place = ((n * s[1] + a * (s[1] / 3) + i) * s[2] + y) * s[3] + x; break;
    case Order::channels_last: place = ((n * s[1] + y) * s[2] + x) * s[3] + a * (s[3] / 3) + i; break;
    case Order::anchors_first: place = (((n * s[1] + a) * s[2] + y) * s[3] + x) * s[4] + i; break;
    default: place = (((n * s[1] + y) * s[2] + x) * s[3] + a) * s[4] + i; break;
  }
  return grid.data[static_cast<std::size_t>(place)];
}

double stretch_of(const std::string& version, int stride) {
  if (version == "4-tiny") return 1.05;
  if (version == "4") return stride == 8 ? 1.2 : (stride == 16 ? 1.1 : 1.05);
  return 1;
}

void slow_grid(const Family& family, std::size_t place, const Floats& grid, Order order, int classes, bool is_logits,
               float threshold, std::vector<Detection>& found) {
  const int stride = family.strides[place];
  const bool is_squared = family.version[0] == '5' || family.version[0] == '7';
  for (int a = 0; a < 3; ++a) {
    for (int y = 0; y < kInput.height / stride; ++y) {
      for (int x = 0; x < kInput.width / stride; ++x) {
        const auto p = [&](int i) {
          const double v = value(grid, order, 1, a, y, x, i);
          return is_logits ? logistic(v) : v;
        };
        int best = 0;
        for (int c = 1; c < classes; ++c) best = p(5 + c) > p(5 + best) ? c : best;
        const double score = p(4) * p(5 + best);
        if (score < threshold) continue;
        const double stretch = stretch_of(family.version, stride);
        const double cx =
            is_squared ? (2 * p(0) - 0.5 + x) * stride : (p(0) * stretch - (stretch - 1) / 2 + x) * stride;
        const double cy =
            is_squared ? (2 * p(1) - 0.5 + y) * stride : (p(1) * stretch - (stretch - 1) / 2 + y) * stride;
        const auto length = [&](int i) {
          const double anchor = family.anchors[place * 6 + static_cast<std::size_t>(2 * a + i)];
          return is_squared ? anchor * std::pow(2 * p(2 + i), 2)
                            : anchor * std::exp(value(grid, order, 1, a, y, x, 2 + i));
        };
        const double w = length(0), h = length(1);
        found.push_back({best,
                         static_cast<float>(score),
                         {static_cast<float>(cx - w / 2), static_cast<float>(cy - h / 2), static_cast<float>(w),
                          static_cast<float>(h)}});
      }
    }
  }
}

std::string refusal(const ModelSpec& spec, const std::vector<TensorInfo>& outputs) {
  try {
    make_head(spec, outputs);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("each version's formula holds, in whatever order exports have their numbers and outputs") {
  std::mt19937 random(31);
  for (const auto& family : families()) {
    for (Order order : {Order::channels_first, Order::channels_last, Order::anchors_first, Order::anchors_last}) {
      for (bool is_logits : {true, false}) {
        const int classes = order == Order::channels_first ? 1 : 4;
        CAPTURE(family.version);
        CAPTURE(static_cast<int>(order));
        std::vector<Floats> grids;
        for (int stride : family.strides) {
          grids.push_back(floats("grid", shape_of(order, stride, 5 + classes)));
          fill(grids.back(), random, is_logits ? -3 : 0, is_logits ? 3 : 1);
        }
        std::vector<Detection> expected;
        for (std::size_t i = 0; i < grids.size(); ++i)
          slow_grid(family, i, grids[i], order, classes, is_logits, 0.6F, expected);
        std::reverse(grids.begin(), grids.end());  // as most exports have them, or the other way round
        std::vector<TensorInfo> infos;
        std::vector<TensorView> views;
        for (auto& grid : grids) {
          infos.push_back(grid.info());
          views.push_back(grid.view());
        }
        ModelSpec spec = spec_of(Head::yolo_grids, kInput);
        spec.options["version"] = family.version;
        std::vector<Detection> found;
        const auto head = make_head(spec, infos, {0.6F, {}});
        head->decode(views, 1, found);
        check_same(found, expected);
        check_selection(*head, views, 1);
      }
    }
  }
}

TEST_CASE("anchors of one's own, and values that are said, are obeyed") {
  Floats grid = floats("grid", {1, 2 * 6, 2, 4});
  ModelSpec spec = spec_of(Head::yolo_grids, kInput);
  spec.options = {{"version", "3"}, {"anchors", "10,20,30,40"}, {"values", "probabilities"}};
  const auto set = [&](int channel, float number) { grid.data[static_cast<std::size_t>(channel * 8 + 5)] = number; };
  set(6 + 0, 0.5F);  // the second anchor, at row 1, column 1
  set(6 + 1, 0.25F);
  set(6 + 4, 0.9F);
  set(6 + 5, 0.8F);
  std::vector<Detection> found;
  make_head(spec, {grid.info()})->decode({grid.view()}, 0, found);
  check_same(found, {{0, 0.72F, {48 - 15, 40 - 20, 30, 40}}});
  spec.options["values"] = "logits";
  found.clear();
  make_head(spec, {grid.info()}, {0.45F, {}})->decode({grid.view()}, 0, found);
  CHECK(found.size() == 1);
}

TEST_CASE("grids that hold no numbers hold no objects") {
  Floats grid = floats("grid", {1, 18, 2, 4});
  std::fill(grid.data.begin(), grid.data.end(), std::numeric_limits<float>::quiet_NaN());
  ModelSpec spec = spec_of(Head::yolo_grids, kInput);
  spec.options = {{"version", "5"}, {"anchors", "1,2,3,4,5,6"}};
  std::vector<Detection> found;
  const auto head = make_head(spec, {grid.info()});
  head->decode({grid.view()}, 0, found);
  CHECK(found.empty());
  CHECK_THROWS_AS(head->decode({grid.view()}, 1, found), std::runtime_error);
  Floats other = floats("grid", {1, 18, 4, 2});
  CHECK_THROWS_AS(head->decode({other.view()}, 0, found), std::runtime_error);
}

TEST_CASE("grids and options that do not fit are refused") {
  ModelSpec spec = spec_of(Head::yolo_grids, kInput);
  const TensorInfo grid{"grid", ElementType::f32, {1, 255, 2, 4}};
  CHECK(refusal(spec, {grid}) ==
        "head yolo_grids: option version=; allowed are 3, 3-tiny, 4, 4-tiny, 5, 5-p6, 7, 7-tiny");
  spec.options["version"] = "5";
  CHECK(has(refusal(spec, {grid}), "found grid f32[1,255,2,4]; needs an output for each stride, 3 of version 5"));
  CHECK(has(refusal(spec, {}), "found nothing"));
  for (const char* word : {"1,2,3", "a,b", "1,,2", "-1,2", "1,2,nan,3", "1;2"}) {
    spec.options["anchors"] = word;
    CAPTURE(word);
    CHECK(has(refusal(spec, {grid}), ("option anchors=" + std::string(word) + "; allowed are widths").c_str()));
  }
  spec.options["anchors"] = "1,2";
  CHECK(refusal(spec, {grid}).empty());
  CHECK(has(refusal(spec, {{"grid", ElementType::f32, {1, 5, 2, 4}}}), "yolo_grids"));
  CHECK(has(refusal(spec, {{"grid", ElementType::f32, {1, 255, 3, 4}}}), "yolo_grids"));
  CHECK(has(refusal(spec, {{"grid", ElementType::f32, {1, 255}}}), "yolo_grids"));
}
