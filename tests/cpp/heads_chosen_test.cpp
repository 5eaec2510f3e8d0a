// DETR's queries, counted boxes and YOLOv4's decoded ones, against their formulas written down slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "selected_rows.h"
#include "tensors.h"

using namespace testing;

namespace {

constexpr Size kInput{200, 100};

Box slow_box(const float* b) {
  return {(b[0] - b[2] / 2) * kInput.width, (b[1] - b[3] / 2) * kInput.height, b[2] * kInput.width,
          b[3] * kInput.height};
}

ModelSpec raw_spec(const char* scores) {
  ModelSpec spec = spec_of(Head::detr_raw, kInput);
  spec.options["scores"] = scores;
  return spec;
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

TEST_CASE("DETR's query is its surest class, unless it is no object") {
  std::mt19937 random(41);
  for (int columns : {2, 5, 92}) {
    Floats logits = floats("logits", {2, 100, columns});
    Floats boxes = floats("pred_boxes", {2, 100, 4});
    Floats hidden = floats("last_hidden_state", {2, 100, 256});
    fill(logits, random, -6, 6);
    fill(boxes, random, 0, 1);
    const HeadSettings settings{0.1F, {0.3F}};
    std::vector<Detection> expected;
    for (std::size_t i = 100; i < 200; ++i) {
      const float* row = logits.data.data() + i * static_cast<std::size_t>(columns);
      double sum = 0;
      for (int c = 0; c < columns; ++c) sum += std::exp(static_cast<double>(row[c]));
      const int best = static_cast<int>(std::max_element(row, row + columns - 1) - row);
      const double score = std::exp(static_cast<double>(row[best])) / sum;
      if (score >= threshold_of(settings, best))
        expected.push_back({best, static_cast<float>(score), slow_box(boxes.data.data() + 4 * i)});
    }
    std::vector<Detection> found;
    const auto head = make_head(raw_spec("softmax"), {logits.info(), boxes.info(), hidden.info()}, settings);
    head->decode({logits.view(), boxes.view(), hidden.view()}, 1, found);
    check_same(found, expected);
    check_selection(*head, {logits.view(), boxes.view(), hidden.view()}, 1);
  }
}

TEST_CASE("with a focal loss, each class of a query is an object by itself") {
  std::mt19937 random(42);
  Floats boxes = floats("dets", {2, 300, 4});
  Floats logits = floats("labels", {2, 300, 91});
  fill(boxes, random, 0, 1);
  fill(logits, random, -9, 1);
  const HeadSettings settings{0.7F, {0.6F, 0.75F}};
  std::vector<Detection> expected;
  for (std::size_t i = 300; i < 600; ++i) {
    for (int c = 0; c < 91; ++c) {
      const auto score = static_cast<float>(logistic(logits.data[i * 91 + static_cast<std::size_t>(c)]));
      if (score >= threshold_of(settings, c))
        expected.push_back({c, score, slow_box(boxes.data.data() + 4 * i), static_cast<std::int32_t>(i) - 300});
    }
  }
  ModelSpec spec = raw_spec("sigmoid");
  spec.options["topk"] = "99999";
  std::vector<Detection> found;
  const auto all = make_head(spec, {boxes.info(), logits.info()}, settings);
  all->decode({boxes.view(), logits.view()}, 1, found);
  check_same(found, expected);
  check_selection(*all, {boxes.view(), logits.view()}, 1);

  spec.options["topk"] = "7";
  std::stable_sort(expected.begin(), expected.end(),
                   [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
  expected.resize(7);
  found.clear();
  const auto few = make_head(spec, {boxes.info(), logits.info()}, settings);
  few->decode({boxes.view(), logits.view()}, 1, found);
  check_same(found, expected);
  check_selection(*few, {boxes.view(), logits.view()}, 1);
}

TEST_CASE("huge logits overflow nothing, and those that are no numbers are no objects") {
  Floats boxes = floats("pred_boxes", {1, 2, 4});
  Floats logits = floats("pred_logits", {1, 2, 3});
  logits.data = {900, 0, 0, std::numeric_limits<float>::quiet_NaN(), 0, 0};
  boxes.data = {0.5F, 0.5F, 0.5F, 0.5F, 0, 0, 0, 0};
  for (const char* scores : {"softmax", "sigmoid"}) {
    std::vector<Detection> found;
    make_head(raw_spec(scores), {logits.info(), boxes.info()}, {0.6F, {}})
        ->decode({logits.view(), boxes.view()}, 0, found);
    check_same(found, {{0, 1, {50, 25, 100, 50}}});
  }
}

TEST_CASE("queries that do not fit are refused") {
  const TensorInfo boxes{"pred_boxes", ElementType::f32, {1, 9, 4}};
  const TensorInfo logits{"logits", ElementType::f32, {1, 9, 1}};
  CHECK(refusal(raw_spec("both"), {boxes, logits}) ==
        "head detr_raw: option scores=both; allowed are softmax and sigmoid");
  CHECK(has(refusal(raw_spec("softmax"), {boxes}), "found pred_boxes f32[1,9,4]; needs pred_boxes"));
  CHECK(has(refusal(raw_spec("softmax"), {boxes, logits}), "no object"));
  CHECK(has(refusal(raw_spec("sigmoid"), {boxes, {"logits", ElementType::f32, {1, 8, 1}}}), "needs pred_boxes"));
  ModelSpec spec = raw_spec("sigmoid");
  for (const char* word : {"0", "-1", "many", "12345678"}) {
    spec.options["topk"] = word;
    CHECK(has(refusal(spec, {boxes, logits}), "allowed are numbers from 1"));
  }
}

TEST_CASE("of counted boxes, the count decides how many there are") {
  std::mt19937 random(43);
  Floats boxes = floats("det_boxes", {2, 20, 4});
  Floats scores = floats("det_scores", {2, 20});
  Tensor<std::int32_t> classes("det_classes", ElementType::i32, {2, 20});
  Tensor<std::int32_t> count("num_dets", ElementType::i32, {2, 1});
  fill(boxes, random, 0, 90);
  fill(scores, random, 0, 1);
  for (auto& id : classes.data) id = static_cast<std::int32_t>(random() % 4) - 1;  // -1: none
  const std::vector<TensorInfo> infos = {count.info(), boxes.info(), scores.info(), classes.info()};
  const HeadSettings settings{0.3F, {0.6F}};
  const auto head = make_head(spec_of(Head::counted, kInput), infos, settings);
  for (const auto& [given, real] : {std::pair(13, 13), std::pair(99, 20), std::pair(0, 0), std::pair(-5, 0)}) {
    count.data[1] = given;
    std::vector<Detection> expected;
    for (std::size_t i = 20; i < 20 + static_cast<std::size_t>(real); ++i) {
      if (classes.data[i] < 0 || scores.data[i] < threshold_of(settings, classes.data[i])) continue;
      const float* b = boxes.data.data() + 4 * i;
      expected.push_back({classes.data[i], scores.data[i], {b[0], b[1], b[2] - b[0], b[3] - b[1]}});
    }
    std::vector<Detection> found;
    head->decode({count.view(), boxes.view(), scores.view(), classes.view()}, 1, found);
    if (real > 0) check_same(found, expected);
    CHECK(found.size() == expected.size());
  }
}

TEST_CASE("TensorFlow's boxes are shares, top before left, with classes from one") {
  Floats count = floats("num_detections", {1});
  Floats boxes = floats("detection_boxes", {1, 2, 4});
  Floats scores = floats("detection_scores", {1, 2});
  Floats classes = floats("detection_classes", {1, 2});
  Floats raw = floats("raw_detection_boxes", {1, 1917, 4});
  count.data = {1};
  boxes.data = {0.1F, 0.2F, 0.5F, 0.7F, 0, 0, 1, 1};
  scores.data = {0.9F, 0.9F};
  classes.data = {1, 2};
  ModelSpec spec = spec_of(Head::counted, kInput);
  spec.options = {{"boxes", "normalised"}, {"corners", "yxyx"}, {"first_class", "1"}};
  std::vector<Detection> found;
  make_head(spec, {raw.info(), boxes.info(), classes.info(), scores.info(), count.info()})
      ->decode({raw.view(), boxes.view(), classes.view(), scores.view(), count.view()}, 0, found);
  check_same(found, {{0, 0.9F, {40, 10, 100, 40}}});
}

TEST_CASE("counted boxes need all four outputs, of one length") {
  Floats boxes = floats("det_boxes", {1, 2, 4});
  Floats scores = floats("det_scores", {1, 3});
  Tensor<std::int32_t> classes("det_classes", ElementType::i32, {1, 2});
  Tensor<std::int32_t> count("num_dets", ElementType::i32, {1, 1});
  const ModelSpec spec = spec_of(Head::counted, kInput);
  CHECK(has(refusal(spec, {boxes.info(), scores.info(), classes.info()}), "needs num_dets [N, 1]"));
  std::vector<Detection> found;
  CHECK_THROWS_AS(make_head(spec, {boxes.info(), scores.info(), classes.info(), count.info()})
                      ->decode({boxes.view(), scores.view(), classes.view(), count.view()}, 0, found),
                  std::runtime_error);
}

TEST_CASE("YOLOv4's boxes have a dimension of one more") {
  std::mt19937 random(44);
  for (int columns : {4, 80}) {
    Floats boxes = floats("boxes", {2, 30, 1, 4});
    Floats confidences = floats("confs", {2, 30, columns});
    fill(boxes, random, 0, 1);
    fill(confidences, random, 0, 1);
    std::vector<Detection> expected;
    for (std::size_t i = 30; i < 60; ++i) {
      const float* row = confidences.data.data() + i * static_cast<std::size_t>(columns);
      const int best = static_cast<int>(std::max_element(row, row + columns) - row);
      const float* b = boxes.data.data() + 4 * i;
      if (row[best] >= 0.5F)
        expected.push_back({best, row[best], {b[0] * 200, b[1] * 100, (b[2] - b[0]) * 200, (b[3] - b[1]) * 100}});
    }
    for (bool is_swapped : {false, true}) {
      std::vector<TensorView> views = {boxes.view(), confidences.view()};
      std::vector<TensorInfo> infos = {boxes.info(), confidences.info()};
      if (is_swapped) std::swap(views[0], views[1]), std::swap(infos[0], infos[1]);
      std::vector<Detection> found;
      make_head(spec_of(Head::boxes_scores, kInput), infos, {0.5F, {}})->decode(views, 1, found);
      check_same(found, expected);
    }
  }
}
