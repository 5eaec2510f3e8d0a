// Each head on synthetic tensors against the family's formula, written down slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/heads/head.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>

#include "algo/half.h"
#include "selected_rows.h"
#include "tensors.h"

using namespace testing;

namespace {

// --- YOLOX ---------------------------------------------------------------------------------------------------------

struct YoloxCase {
  Size size{96, 64};
  int classes = 80;
  bool is_raw = true;
  bool is_logits = false;
};

std::vector<Detection> slow_yolox(const YoloxCase& c, const Floats& tensor, std::size_t unit,
                                  const HeadSettings& settings) {
  std::vector<Detection> found;
  const auto columns = static_cast<std::size_t>(c.classes) + 5;
  std::size_t row = unit * static_cast<std::size_t>(tensor.shape[1]);
  for (int stride : {8, 16, 32}) {
    for (int y = 0; y < c.size.height / stride; ++y) {
      for (int x = 0; x < c.size.width / stride; ++x, ++row) {
        const float* p = tensor.data.data() + row * columns;
        const auto probability = [&](float v) { return c.is_logits ? logistic(v) : double(v); };
        int best = 0;
        for (int k = 1; k < c.classes; ++k) best = p[5 + k] > p[5 + best] ? k : best;
        const double score = probability(p[4]) * probability(p[5 + best]);
        if (score < threshold_of(settings, best)) continue;
        double cx = p[0];
        double cy = p[1];
        double w = p[2];
        double h = p[3];
        if (c.is_raw) {
          cx = (cx + x) * stride;
          cy = (cy + y) * stride;
          w = std::exp(w) * stride;
          h = std::exp(h) * stride;
        }
        found.push_back({best,
                         static_cast<float>(score),
                         {static_cast<float>(cx - w / 2), static_cast<float>(cy - h / 2), static_cast<float>(w),
                          static_cast<float>(h)}});
      }
    }
  }
  return found;
}

Floats yolox_tensor(const YoloxCase& c, std::mt19937& random) {
  Floats tensor = floats("output", {2, (12 * 8) + (6 * 4) + (3 * 2), c.classes + 5});
  fill(tensor, random, c.is_logits ? -4.0F : 0.0F, c.is_logits ? 4.0F : 1.0F);
  std::uniform_real_distribution<float> offset(-1, 2);
  const auto columns = static_cast<std::size_t>(c.classes) + 5;
  std::size_t row = 0;
  for (int unit = 0; unit < 2; ++unit) {
    for (int stride : {8, 16, 32}) {
      for (int y = 0; y < c.size.height / stride; ++y) {
        for (int x = 0; x < c.size.width / stride; ++x, ++row) {
          float* p = tensor.data.data() + row * columns;
          for (int i = 0; i < 4; ++i) p[i] = offset(random);
          if (c.is_raw) continue;
          const auto s = static_cast<float>(stride);
          p[0] = (p[0] + static_cast<float>(x)) * s;
          p[1] = (p[1] + static_cast<float>(y)) * s;
          p[2] = std::exp(p[2]) * s;
          p[3] = std::exp(p[3]) * s;
        }
      }
    }
  }
  return tensor;
}

}  // namespace

TEST_CASE("yolox reads raw and decoded grids, probabilities and logits, without being told") {
  std::mt19937 random(5);
  for (int i = 0; i < 24; ++i) {
    YoloxCase c;
    c.is_raw = i % 2 == 0;
    c.is_logits = i / 2 % 2 == 0;
    c.classes = i % 3 == 0 ? 1 : (i % 3 == 1 ? 80 : 37);
    Floats tensor = yolox_tensor(c, random);
    HeadSettings settings;
    settings.threshold = 0.35F;
    settings.threshold_by_class = {0.2F, 0.9F, 0.5F};
    const auto head = make_head(spec_of(Head::yolox, c.size), {tensor.info()}, settings);
    for (std::size_t unit = 0; unit < 2; ++unit) {
      std::vector<Detection> found;
      head->decode({tensor.view()}, unit, found);
      check_same(found, slow_yolox(c, tensor, unit, settings));
    }
  }
}

TEST_CASE("yolox asks a GPU for rows once it has seen enough to know how they are to be read") {
  std::mt19937 random(5);
  for (bool is_raw : {true, false}) {
    for (bool is_logits : {true, false}) {
      const YoloxCase c{{96, 64}, 3, is_raw, is_logits};
      Floats tensor = yolox_tensor(c, random);
      const auto head = make_head(spec_of(Head::yolox, c.size), {tensor.info()}, {0.4F, {}});
      std::vector<Detection> found;
      CHECK_FALSE(head->selection());
      for (int look = 0; look < 16; ++look) {
        found.clear();
        head->decode({tensor.view()}, 1, found);
      }
      REQUIRE(found.size() > 0);
      check_selection(*head, {tensor.view()}, 1);
    }
  }
}

TEST_CASE("yolox does as the options say") {
  YoloxCase c;
  c.is_raw = false;
  std::mt19937 random(6);
  Floats tensor = yolox_tensor(c, random);
  ModelSpec spec = spec_of(Head::yolox, c.size);
  spec.options = {{"boxes", "raw"}, {"scores", "logits"}};
  c.is_raw = c.is_logits = true;
  // Taken for logarithms, decoded sizes overflow; only scores and classes can be compared.
  std::vector<Detection> found;
  make_head(spec, {tensor.info()})->decode({tensor.view()}, 0, found);
  CHECK(found.size() == slow_yolox(c, tensor, 0, {}).size());
}

TEST_CASE("yolox of three anchors a cell is read as pixels") {
  Floats tensor = floats("output0", {1, 3 * 126, 7});
  float* p = tensor.data.data() + 7 * 200;
  const float row[] = {50, 40, 20, 10, 0.9F, 0.1F, 0.8F};
  std::copy(row, row + 7, p);
  std::vector<Detection> found;
  make_head(spec_of(Head::yolox, {96, 64}), {tensor.info()})->decode({tensor.view()}, 0, found);
  check_same(found, {{1, 0.72F, {40, 35, 20, 10}}});
}

TEST_CASE("detr gives the queries above their class's threshold, in each unit") {
  std::mt19937 random(8);
  for (ElementType label_type : {ElementType::i64, ElementType::i32}) {
    Floats boxes = floats("boxes", {3, 50, 4});
    Floats scores = floats("scores", {3, 50});
    fill(boxes, random, 0, 320);
    fill(scores, random, 0, 1);
    Tensor<std::int64_t> wide("labels", ElementType::i64, {3, 50});
    Tensor<std::int32_t> narrow("labels", ElementType::i32, {3, 50});
    for (std::size_t i = 0; i < 150; ++i) wide.data[i] = narrow.data[i] = static_cast<int>(random() % 6);
    const TensorView labels = label_type == ElementType::i64 ? wide.view() : narrow.view();
    const HeadSettings settings{0.5F, {0.1F, 0.99F}};
    // The order of outputs differs from export to export.
    const auto head = make_head(spec_of(Head::detr, {320, 320}),
                                {scores.info(), {"labels", label_type, {-1, 50}}, boxes.info()}, settings);
    for (std::size_t unit = 0; unit < 3; ++unit) {
      std::vector<Detection> expected;
      for (std::size_t i = unit * 50; i < unit * 50 + 50; ++i) {
        const int class_id = narrow.data[i];
        if (scores.data[i] < threshold_of(settings, class_id)) continue;
        const float* b = boxes.data.data() + 4 * i;
        expected.push_back({class_id, scores.data[i], {b[0], b[1], b[2] - b[0], b[3] - b[1]}});
      }
      std::vector<Detection> found;
      head->decode({scores.view(), labels, boxes.view()}, unit, found);
      check_same(found, expected);
    }
  }
}

TEST_CASE("detr's boxes may be shares of the picture") {
  Floats boxes = floats("boxes", {1, 1, 4});
  Floats scores = floats("scores", {1, 1});
  Tensor<std::int64_t> labels("labels", ElementType::i64, {1, 1});
  boxes.data = {0.1F, 0.2F, 0.5F, 0.7F};
  scores.data = {0.9F};
  ModelSpec spec = spec_of(Head::detr, {200, 100});
  spec.options["boxes"] = "normalised";
  std::vector<Detection> found;
  make_head(spec, {labels.info(), boxes.info(), scores.info()})
      ->decode({labels.view(), boxes.view(), scores.view()}, 0, found);
  check_same(found, {{0, 0.9F, {20, 20, 80, 50}}});
}

TEST_CASE("boxes_scores takes the surest class that is no background") {
  std::mt19937 random(9);
  const std::pair<const char*, int> backgrounds[] = {{"none", -1}, {"first", 0}, {"last", 99}, {"2", 2}, {"auto", -1}};
  for (int columns : {3, 4, 21, 80}) {
    Floats boxes = floats("boxes", {2, 90, 4});
    Floats scores = floats("scores", {2, 90, columns});
    fill(boxes, random, -0.1F, 1.1F);
    fill(scores, random, 0, 0.7F);
    for (auto [word, background] : backgrounds) {
      background = background == 99 ? columns - 1 : background;
      ModelSpec spec = spec_of(Head::boxes_scores, {448, 256});
      spec.options["background"] = word;
      const HeadSettings settings{0.6F, {0.5F, 0.65F}};
      std::vector<Detection> expected;
      for (std::size_t i = 90; i < 180; ++i) {
        int best = -1;
        float value = -1;
        for (int c = 0; c < columns; ++c) {
          const float score = scores.data[i * static_cast<std::size_t>(columns) + static_cast<std::size_t>(c)];
          if (c == background || score <= value) continue;
          value = score;
          best = background >= 0 && c > background ? c - 1 : c;
        }
        if (value < threshold_of(settings, best)) continue;
        const float* b = boxes.data.data() + 4 * i;
        expected.push_back({best, value, {b[0] * 448, b[1] * 256, (b[2] - b[0]) * 448, (b[3] - b[1]) * 256}});
      }
      std::vector<Detection> found;
      const auto head = make_head(spec, {boxes.info(), scores.info()}, settings);
      head->decode({boxes.view(), scores.view()}, 1, found);
      CAPTURE(word);
      CAPTURE(columns);
      check_same(found, expected);
      if (columns < 21) check_selection(*head, {boxes.view(), scores.view()}, 1);  // of more random scores one passes
    }
  }
}

TEST_CASE("boxes_scores finds the background of a softmax by itself") {
  for (std::size_t background : {0U, 3U}) {
    Floats boxes = floats("boxes", {1, 200, 4});
    Floats scores = floats("scores", {1, 200, 4});
    for (std::size_t i = 0; i < 200; ++i) {
      const std::size_t winner = i == 150 ? 1 : background;
      for (std::size_t c = 0; c < 4; ++c) scores.data[4 * i + c] = c == winner ? 0.85F : 0.05F;
    }
    ModelSpec spec = spec_of(Head::boxes_scores, {100, 100});
    spec.options["background"] = "auto";
    std::vector<Detection> found;
    const auto head = make_head(spec, {boxes.info(), scores.info()});
    head->decode({boxes.view(), scores.view()}, 0, found);
    check_same(found, {{background == 0 ? 0 : 1, 0.85F, {}}});
    check_selection(*head, {boxes.view(), scores.view()}, 0);
  }
}

TEST_CASE("boxes_labels reads rows of five, with or without a batch") {
  std::mt19937 random(10);
  for (bool has_batch : {false, true}) {
    Floats boxes = floats("boxes", has_batch ? Shape{2, 30, 5} : Shape{30, 5});
    Tensor<std::int64_t> labels("labels", ElementType::i64, has_batch ? Shape{2, 30} : Shape{30});
    fill(boxes, random, 0, 200);
    for (std::size_t i = 0; i < labels.data.size(); ++i) {
      boxes.data[5 * i + 4] = static_cast<float>(random() % 100) / 100;
      labels.data[i] = static_cast<std::int64_t>(random() % 3);
    }
    const std::size_t unit = has_batch ? 1 : 0;
    std::vector<Detection> expected;
    for (std::size_t i = unit * 30; i < unit * 30 + 30; ++i) {
      const float* b = boxes.data.data() + 5 * i;
      if (b[4] >= 0.2F)
        expected.push_back({static_cast<int>(labels.data[i]), b[4], {b[0], b[1], b[2] - b[0], b[3] - b[1]}});
    }
    const Shape open = has_batch ? Shape{-1, -1, 5} : Shape{-1, 5};
    const auto head =
        make_head(spec_of(Head::boxes_labels, {448, 256}), {{"boxes", ElementType::f32, open}, labels.info()});
    std::vector<Detection> found;
    head->decode({boxes.view(), labels.view()}, unit, found);
    check_same(found, expected);
    CHECK_THROWS_AS(head->decode({boxes.view(), labels.view()}, 2, found), std::runtime_error);
  }
}

TEST_CASE("detectnet adds distances of 35 pixels to the centres of cells") {
  std::mt19937 random(11);
  Floats coverage = floats("output_cov/Sigmoid", {2, 3, 34, 60});
  Floats boxes = floats("output_bbox/BiasAdd", {2, 12, 34, 60});
  fill(coverage, random, 0, 0.35F);
  fill(boxes, random, 0, 3);
  const HeadSettings settings{0.3F, {0.34F}};
  std::vector<Detection> expected;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < 34; ++y) {
      for (std::size_t x = 0; x < 60; ++x) {
        const auto at = [&](std::size_t channels, std::size_t channel) {
          return ((channels + channel) * 34 + y) * 60 + x;
        };
        const float confidence = coverage.data[at(3, c)];
        if (confidence < threshold_of(settings, static_cast<int>(c))) continue;
        double edge[4];
        for (std::size_t e = 0; e < 4; ++e) edge[e] = boxes.data[at(12, 4 * c + e)];
        const double cx = static_cast<double>(x * 16) + 0.5;
        const double cy = static_cast<double>(y * 16) + 0.5;
        const double left = (edge[0] - cx / 35) * -35;
        const double top = (edge[1] - cy / 35) * -35;
        const double right = (edge[2] + cx / 35) * 35;
        const double bottom = (edge[3] + cy / 35) * 35;
        expected.push_back({static_cast<int>(c),
                            confidence,
                            {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right - left),
                             static_cast<float>(bottom - top)}});
      }
    }
  }
  std::vector<Detection> found;
  const auto head = make_head(spec_of(Head::detectnet, {960, 544}), {boxes.info(), coverage.info()}, settings);
  head->decode({boxes.view(), coverage.view()}, 1, found);
  check_same(found, expected);
  check_selection(*head, {boxes.view(), coverage.view()}, 1);
}

TEST_CASE("classification names the surest class of each attribute, softmaxed only where it must be") {
  Floats color = floats("color", {2, 3, 1, 1});
  Floats type = floats("type", {2, 1, 1, 4});
  color.data = {0, 0, 0, 0.1F, 0.7F, 0.2F};
  type.data = {0, 0, 0, 0, 1, 5, -2, 3};
  const auto head = make_head(spec_of(Head::classification, {72, 72}), {color.info(), type.info()}, {0.5F, {}});
  std::vector<Classification> found;
  head->classify({color.view(), type.view()}, 1, found);
  REQUIRE(found.size() == 2);
  CHECK(found[0].attribute == 0);
  CHECK(found[0].class_id == 1);
  CHECK(found[0].confidence == doctest::Approx(0.7));
  CHECK(found[1].attribute == 1);
  CHECK(found[1].class_id == 1);
  const double sum = std::exp(1) + std::exp(5) + std::exp(-2) + std::exp(3);
  CHECK(found[1].confidence == doctest::Approx(std::exp(5) / sum));
  std::vector<Detection> none;
  head->decode({color.view(), type.view()}, 1, none);
  CHECK(none.empty());
}

TEST_CASE("bytes are shares of 255") {
  Tensor<std::uint8_t> tensor("Softmax", ElementType::u8, {1, 1001});
  tensor.data[282] = 204;
  tensor.data[283] = 40;
  std::vector<Classification> found;
  make_head(spec_of(Head::classification, {224, 224}), {tensor.info()})->classify({tensor.view()}, 0, found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].class_id == 282);
  CHECK(found[0].confidence == doctest::Approx(0.8));
}

TEST_CASE("independent classes are each reported, by themselves or by option") {
  Floats tensor = floats("person", {1, 4});
  ModelSpec spec = spec_of(Head::classification, {80, 160});
  const auto classes = [&](std::vector<float> values) {
    tensor.data = std::move(values);
    std::vector<Classification> found;
    make_head(spec, {tensor.info()}, {0.5F, {}})->classify({tensor.view()}, 0, found);
    std::vector<int> ids;
    for (const auto& c : found) ids.push_back(c.class_id);
    return ids;
  };
  using Ids = std::vector<int>;
  CHECK(classes({0.9F, 0.1F, 0.8F, 0.6F}) == Ids{0, 2, 3});
  CHECK(classes({0.1F, 0.1F, 0.2F, 0.1F}).empty());
  spec.options["multi_label"] = "person";
  CHECK(classes({3, -3, 0.1F, -1}) == Ids{0, 2});
  spec.options["multi_label"] = "none";
  CHECK(classes({0.9F, 0.1F, 0.95F, 0.6F}) == Ids{2});
}

TEST_CASE("chosen outputs alone are attributes") {
  Floats a = floats("a", {1, 2});
  Floats b = floats("b", {1, 2});
  b.data = {0.2F, 0.8F};
  ModelSpec spec = spec_of(Head::classification, {8, 8});
  spec.options["outputs"] = "b";
  std::vector<Classification> found;
  make_head(spec, {a.info(), b.info()})->classify({a.view(), b.view()}, 0, found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].attribute == 0);
  CHECK(found[0].class_id == 1);
  spec.options["outputs"] = "c";
  CHECK_THROWS_WITH_AS(make_head(spec, {a.info()}), "head classification: found a f32[1,2]; needs an output named 'c'",
                       std::invalid_argument);
}

TEST_CASE("half floats are read like floats") {
  Tensor<std::uint16_t> boxes("boxes", ElementType::f16, {1, 1, 4});
  Tensor<std::uint16_t> scores("scores", ElementType::f16, {1, 1, 1});
  boxes.data = {0x3400, 0x3400, 0x3800, 0x3A00};  // .25 .25 .5 .75
  scores.data = {0x3B00};                         // .875
  std::vector<Detection> found;
  make_head(spec_of(Head::boxes_scores, {100, 100}), {boxes.info(), scores.info()})
      ->decode({boxes.view(), scores.view()}, 0, found);
  check_same(found, {{0, 0.875F, {25, 25, 25, 50}}});
  CHECK(half_to_float(0x0001) == std::ldexp(1.0F, -24));
  CHECK(half_to_float(0xC000) == -2);
  CHECK(std::isinf(half_to_float(0x7C00)));
  CHECK(std::isnan(half_to_float(0x7E00)));
}

TEST_CASE("numbers that are none are never objects") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<Detection> found;
  Floats yolox = floats("output", {1, 126, 85});
  std::fill(yolox.data.begin(), yolox.data.end(), nan);
  make_head(spec_of(Head::yolox, {96, 64}), {yolox.info()})->decode({yolox.view()}, 0, found);
  Floats boxes = floats("boxes", {1, 9, 4});
  Floats scores = floats("scores", {1, 9, 20});
  std::fill(scores.data.begin(), scores.data.end(), nan);
  make_head(spec_of(Head::boxes_scores, {96, 64}), {boxes.info(), scores.info()})
      ->decode({boxes.view(), scores.view()}, 0, found);
  CHECK(found.empty());
}

TEST_CASE("outputs that do not fit are refused, with what was found and what is needed") {
  const Floats maps = floats("maps", {1, 64, 7, 7});
  for (Head head : {Head::yolox, Head::detr, Head::boxes_scores, Head::boxes_labels, Head::classification,
                    Head::detectnet, Head::yunet, Head::retinaface}) {
    try {
      make_head(spec_of(head, {224, 224}), {maps.info()});
      FAIL("accepted");
    } catch (const std::invalid_argument& e) {
      const std::string text = e.what();
      CHECK(text.find(name_of(head)) != std::string::npos);
      CHECK(text.find("maps f32[1,64,7,7]") != std::string::npos);
      CHECK(text.find("needs") != std::string::npos);
    }
    CHECK(head_named(name_of(head)) == head);
  }
  CHECK_THROWS_AS(make_head(ModelSpec{}, {maps.info()}), std::invalid_argument);
  CHECK(head_named("nonsense") == Head::unknown);
  ModelSpec spec = spec_of(Head::boxes_scores, {8, 8});
  spec.options["background"] = "9";
  CHECK_THROWS_AS(make_head(spec, {{"boxes", ElementType::f32, {1, 9, 4}}, {"scores", ElementType::f32, {1, 9, 3}}}),
                  std::invalid_argument);
}

TEST_CASE("tensors other than promised are refused, never read past their end") {
  Floats boxes = floats("boxes", {1, 10, 4});
  Floats scores = floats("scores", {1, 12, 3});
  std::vector<Detection> found;
  const auto head = make_head(spec_of(Head::boxes_scores, {8, 8}),
                              {{"boxes", ElementType::f32, {1, -1, 4}}, {"scores", ElementType::f32, {1, -1, 3}}});
  CHECK_THROWS_AS(head->decode({boxes.view(), scores.view()}, 0, found), std::runtime_error);
  CHECK_THROWS_AS(head->decode({boxes.view()}, 0, found), std::runtime_error);
  CHECK_THROWS_AS(head->decode({}, 0, found), std::runtime_error);
  CHECK_THROWS_AS(head->decode({boxes.view(), boxes.view()}, 0, found), std::runtime_error);
  Floats nothing = floats("boxes", {1, 12, 4});
  TensorView empty = nothing.view();
  empty.data = nullptr;
  CHECK_THROWS_AS(head->decode({empty, scores.view()}, 0, found), std::runtime_error);
  TensorView integers = nothing.view();
  integers.type = ElementType::i64;
  CHECK_THROWS_AS(head->decode({integers, scores.view()}, 0, found), std::runtime_error);
  Floats none = floats("boxes", {1, 0, 4});
  Floats no_scores = floats("scores", {1, 0, 3});
  head->decode({none.view(), no_scores.view()}, 0, found);
  CHECK(found.empty());
}

TEST_CASE("a word that is no unit of boxes is refused, not taken for pixels") {
  ModelSpec spec = spec_of(Head::detr, {96, 64});
  spec.options["boxes"] = "normalized";
  const std::vector<TensorInfo> outputs = {{"labels", ElementType::i64, {1, 3}},
                                           {"boxes", ElementType::f32, {1, 3, 4}},
                                           {"scores", ElementType::f32, {1, 3}}};
  CHECK_THROWS_WITH_AS(make_head(spec, outputs),
                       "head detr: option boxes=normalized; allowed are pixels and normalised", std::invalid_argument);
}
