// GFL, FCOS, RetinaNet and CenterNet against the families' formulas, written down slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "inspections.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "algo/heads/head.h"
#include "selected_rows.h"
#include "tensors.h"

using namespace fluvial;
using namespace testing;

namespace {

constexpr Size kSize{150, 90};  // no multiple of any stride: grids are rounded up

// One kind of output, cell by cell, and the ways in which exporters lay it.
struct Numbers {
  std::vector<int> strides;
  int channels;
  std::vector<float> values;  // [unit, cells of all grids, channels]

  static int width(int stride) { return (kSize.width + stride - 1) / stride; }
  static int height(int stride) { return (kSize.height + stride - 1) / stride; }
  int cells() const {
    int sum = 0;
    for (int s : strides) sum += width(s) * height(s);
    return sum;
  }
  double at(std::size_t unit, int cell, int channel) const {
    return values[(unit * static_cast<std::size_t>(cells()) + static_cast<std::size_t>(cell)) *
                      static_cast<std::size_t>(channels) +
                  static_cast<std::size_t>(channel)];
  }

  Floats joined(const char* name) const {
    Floats t = floats(name, {2, cells(), channels});
    t.data = values;
    return t;
  }
  std::vector<Floats> by_grid(const std::string& name, bool are_maps) const {
    std::vector<Floats> tensors;
    int first = 0;
    for (int s : strides) {
      const int count = width(s) * height(s);
      tensors.push_back(floats((name + std::to_string(s)).c_str(),
                               are_maps ? Shape{2, channels, height(s), width(s)} : Shape{2, count, channels}));
      std::size_t i = 0;
      for (std::size_t unit = 0; unit < 2; ++unit) {
        if (are_maps) {
          for (int c = 0; c < channels; ++c)
            for (int k = 0; k < count; ++k) tensors.back().data[i++] = static_cast<float>(at(unit, first + k, c));
        } else {
          for (int k = 0; k < count; ++k)
            for (int c = 0; c < channels; ++c) tensors.back().data[i++] = static_cast<float>(at(unit, first + k, c));
        }
      }
      first += count;
    }
    return tensors;
  }
};

Numbers numbers(std::vector<int> strides, int channels, float low, float high, std::mt19937& random) {
  Numbers n{std::move(strides), channels, {}};
  std::uniform_real_distribution<float> number(low, high);
  n.values.resize(static_cast<std::size_t>(2 * n.cells() * channels));
  for (auto& x : n.values) x = number(random);
  return n;
}

using EachCell = std::function<void(int cell, int x, int y, int stride)>;
void each_cell(const std::vector<int>& strides, const EachCell& visit) {
  int cell = 0;
  for (int s : strides)
    for (int y = 0; y < Numbers::height(s); ++y)
      for (int x = 0; x < Numbers::width(s); ++x) visit(cell++, x, y, s);
}

Detection detection(int class_id, double score, double left, double top, double right, double bottom) {
  return {class_id,
          static_cast<float>(score),
          {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right - left),
           static_cast<float>(bottom - top)}};
}

int best_of(const Numbers& scores, std::size_t unit, int cell, int first, int count) {
  int best = 0;
  for (int c = 1; c < count; ++c)
    if (scores.at(unit, cell, first + c) > scores.at(unit, cell, first + best)) best = c;
  return best;
}

std::vector<TensorInfo> infos_of(const std::vector<Floats>& tensors) {
  std::vector<TensorInfo> infos;
  for (const auto& tensor : tensors) infos.push_back(tensor.info());
  return infos;
}

std::vector<Detection> decoded(const ModelSpec& spec, std::vector<Floats> tensors, float threshold,
                               std::vector<float> by_class = {}) {
  std::vector<TensorView> views;
  for (auto& tensor : tensors) views.push_back(tensor.view());
  std::vector<Detection> found;
  const auto head = make_head(spec, infos_of(tensors), {threshold, std::move(by_class)});
  head->decode(views, 1, found);
  if (!found.empty()) check_selection(*head, views, 1);
  return found;
}

std::vector<Floats> together(std::initializer_list<std::vector<Floats>> parts) {
  std::vector<Floats> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Both ways may find things in another order.
void check_same_set(std::vector<Detection> got, std::vector<Detection> expected) {
  const auto by_place = [](const Detection& a, const Detection& b) {
    return a.confidence != b.confidence ? a.confidence < b.confidence : a.box.left < b.box.left;
  };
  std::sort(got.begin(), got.end(), by_place);
  std::sort(expected.begin(), expected.end(), by_place);
  check_same(got, expected);
}

// --- GFL

std::vector<Detection> slow_gfl(const Numbers& scores, const Numbers& bins, double shift, bool are_logits,
                                double threshold) {
  std::vector<Detection> found;
  const int per_edge = bins.channels / 4;
  each_cell(scores.strides, [&](int cell, int x, int y, int stride) {
    const int best = best_of(scores, 1, cell, 0, scores.channels);
    const double raw = scores.at(1, cell, best);
    const double score = are_logits ? logistic(raw) : raw;
    if (score < threshold) return;
    double edges[4];
    for (int e = 0; e < 4; ++e) {
      double sum = 0;
      double weighted = 0;
      for (int i = 0; i < per_edge; ++i) {
        const double weight = std::exp(bins.at(1, cell, e * per_edge + i));
        sum += weight;
        weighted += i * weight;
      }
      edges[e] = weighted / sum * stride;
    }
    const double cx = (x + shift) * stride;
    const double cy = (y + shift) * stride;
    found.push_back(detection(best, score, cx - edges[0], cy - edges[1], cx + edges[2], cy + edges[3]));
  });
  return found;
}

Numbers side_by_side(const Numbers& a, const Numbers& b) {
  Numbers both{a.strides, a.channels + b.channels, {}};
  for (std::size_t unit = 0; unit < 2; ++unit)
    for (int cell = 0; cell < a.cells(); ++cell) {
      for (int c = 0; c < a.channels; ++c) both.values.push_back(static_cast<float>(a.at(unit, cell, c)));
      for (int c = 0; c < b.channels; ++c) both.values.push_back(static_cast<float>(b.at(unit, cell, c)));
    }
  return both;
}

}  // namespace

TEST_CASE("gfl reads one output, two of all grids, and two of each, as rows and as maps") {
  std::mt19937 random(41);
  for (const auto& strides : {std::vector<int>{8, 16, 32}, std::vector<int>{8, 16, 32, 64}}) {
    for (bool are_logits : {false, true}) {
      const Numbers scores = numbers(strides, 80, are_logits ? -6 : 0, are_logits ? 2 : 1, random);
      const Numbers bins = numbers(strides, 32, -3, 3, random);
      const float threshold = are_logits ? 0.87F : 0.995F;
      const auto expected = slow_gfl(scores, bins, 0.5, are_logits, threshold);
      const ModelSpec spec = spec_of(Head::gfl, kSize);
      check_same(decoded(spec, {side_by_side(scores, bins).joined("output")}, threshold), expected);
      check_same(decoded(spec, {scores.joined("a"), bins.joined("b")}, threshold), expected);
      for (bool are_maps : {false, true})
        check_same(decoded(spec,
                           together({scores.by_grid("cls_pred_stride_", are_maps),
                                     bins.by_grid("dis_pred_stride_", are_maps)}),
                           threshold),
                   expected);
      ModelSpec plus = spec;
      plus.options["centre"] = "corner";
      check_same(decoded(plus, {side_by_side(scores, bins).joined("output")}, threshold),
                 slow_gfl(scores, bins, 0, are_logits, threshold));
    }
  }
}

TEST_CASE("gfl reads distributions of 17 bins too") {
  std::mt19937 random(42);
  const Numbers scores = numbers({8, 16, 32, 64, 128}, 3, 0, 1, random);
  const Numbers bins = numbers({8, 16, 32, 64, 128}, 68, -3, 3, random);
  check_same(decoded(spec_of(Head::gfl, kSize), together({scores.by_grid("x", true), bins.by_grid("y", true)}), 0.9F),
             slow_gfl(scores, bins, 0.5, false, 0.9F));
}

// --- FCOS

namespace {

struct FcosCase {
  bool are_in_cells = false;
  double shift = 0.5;
  bool is_root = true;
};

std::vector<Detection> slow_fcos(const Numbers& scores, const Numbers& edges, const Numbers& centres, const FcosCase& c,
                                 double threshold) {
  std::vector<Detection> found;
  each_cell(scores.strides, [&](int cell, int x, int y, int stride) {
    const int best = best_of(scores, 1, cell, 0, scores.channels);
    const double product = logistic(scores.at(1, cell, best)) * logistic(centres.at(1, cell, 0));
    const double score = c.is_root ? std::sqrt(product) : product;
    if (score < threshold) return;
    const double unit = c.are_in_cells ? stride : 1;
    const double cx = (x + c.shift) * stride;
    const double cy = (y + c.shift) * stride;
    found.push_back(detection(best, score, cx - edges.at(1, cell, 0) * unit, cy - edges.at(1, cell, 1) * unit,
                              cx + edges.at(1, cell, 2) * unit, cy + edges.at(1, cell, 3) * unit));
  });
  return found;
}

}  // namespace

TEST_CASE("fcos weighs classes with centreness, in maps of each grid or in torchvision's joined rows") {
  std::mt19937 random(43);
  const std::vector<int> strides = {8, 16, 32, 64, 128};
  for (int classes : {1, 20}) {
    const Numbers scores = numbers(strides, classes, -6, 3, random);
    const Numbers edges = numbers(strides, 4, 0, 40, random);
    const Numbers centres = numbers(strides, 1, -6, 3, random);
    const auto maps = together({scores.by_grid("s", true), edges.by_grid("e", true), centres.by_grid("c", true)});
    const std::vector<Floats> joined = {scores.joined("cls_logits"), edges.joined("bbox_regression"),
                                        centres.joined("bbox_ctrness")};
    ModelSpec spec = spec_of(Head::fcos, kSize);
    check_same(decoded(spec, maps, 0.6F), slow_fcos(scores, edges, centres, {}, 0.6F));
    check_same(decoded(spec, joined, 0.6F), slow_fcos(scores, edges, centres, {true, 0, true}, 0.6F));
    spec.options = {{"distances", "cells"}, {"centre", "middle"}, {"score", "product"}};
    check_same(decoded(spec, joined, 0.4F), slow_fcos(scores, edges, centres, {true, 0.5, false}, 0.4F));
  }
}

// --- RetinaNet

namespace {

std::vector<Detection> slow_retinanet(const Numbers& scores, const Numbers& offsets, bool are_scales_outside,
                                      bool are_whole, double threshold) {
  std::vector<Detection> found;
  const int classes = scores.channels / 9;
  each_cell(scores.strides, [&](int cell, int x, int y, int stride) {
    for (int a = 0; a < 9; ++a) {
      const int best = best_of(scores, 1, cell, a * classes, classes);
      const double score = logistic(scores.at(1, cell, a * classes + best));
      if (score < threshold) continue;
      const int scale = are_scales_outside ? a / 3 : a % 3;
      const double ratio = std::pow(2.0, (are_scales_outside ? a % 3 : a / 3) - 1);
      double size = 4 * stride * std::pow(2, scale / 3.0);
      if (are_whole) size = std::floor(size + 1e-9);
      double w = size / std::sqrt(ratio);
      double h = size * std::sqrt(ratio);
      if (are_whole) {
        w = 2 * std::nearbyint(w / 2);  // half to even, as PyTorch
        h = 2 * std::nearbyint(h / 2);
      }
      const double cx = x * stride + offsets.at(1, cell, 4 * a) * w;
      const double cy = y * stride + offsets.at(1, cell, 4 * a + 1) * h;
      w *= std::exp(offsets.at(1, cell, 4 * a + 2));
      h *= std::exp(offsets.at(1, cell, 4 * a + 3));
      found.push_back(detection(best, score, cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2));
    }
  });
  return found;
}

// [2, cells, 9 C] is [2, 9 cells, C] in memory.
Floats a_row_an_anchor(const Numbers& numbers, const char* name) {
  Floats tensor = numbers.joined(name);
  tensor.shape = {2, tensor.shape[1] * 9, tensor.shape[2] / 9};
  return tensor;
}

}  // namespace

TEST_CASE("retinanet adds offsets to nine anchors a cell, in maps of each grid or in torchvision's joined rows") {
  std::mt19937 random(44);
  const std::vector<int> strides = {8, 16, 32, 64, 128};
  const Numbers scores = numbers(strides, 9 * 5, -6, 3, random);
  const Numbers offsets = numbers(strides, 36, -1, 1, random);
  const auto maps = together({scores.by_grid("cls", true), offsets.by_grid("reg", true)});
  ModelSpec spec = spec_of(Head::retinanet, kSize);
  check_same_set(decoded(spec, maps, 0.9F), slow_retinanet(scores, offsets, false, false, 0.9F));
  check_same(decoded(spec, {a_row_an_anchor(scores, "cls_logits"), a_row_an_anchor(offsets, "bbox_regression")}, 0.9F),
             slow_retinanet(scores, offsets, false, true, 0.9F));
  spec.options["order"] = "scales";
  check_same_set(decoded(spec, maps, 0.9F), slow_retinanet(scores, offsets, true, false, 0.9F));
}

TEST_CASE("offsets that overflow give a box as large as an anchor can grow, no infinity") {
  Numbers scores{{8, 16, 32, 64, 128}, 9, {}};
  Numbers offsets{{8, 16, 32, 64, 128}, 36, {}};
  scores.values.assign(static_cast<std::size_t>(2 * scores.cells() * 9), -9);
  offsets.values.assign(static_cast<std::size_t>(2 * scores.cells() * 36), 1e6F);
  scores.values[static_cast<std::size_t>(scores.cells()) * 9] = 5;
  const auto found =
      decoded(spec_of(Head::retinanet, kSize), {a_row_an_anchor(scores, "cls"), a_row_an_anchor(offsets, "reg")}, 0.9F);
  REQUIRE(found.size() == 1);
  CHECK(found[0].box.width == doctest::Approx(46 * 62.5));
}

// --- CenterNet

TEST_CASE("centernet takes what no neighbour exceeds") {
  std::mt19937 random(45);
  constexpr int kWidth = 24;
  constexpr int kHeight = 16;
  for (bool have_offsets : {true, false}) {
    Floats peaks = floats("hm", {2, 3, kHeight, kWidth});
    Floats sizes = floats("wh", {2, 2, kHeight, kWidth});
    Floats offsets = floats("reg", {2, 2, kHeight, kWidth});
    fill(peaks, random, -5, 3);
    fill(sizes, random, 1, 9);
    fill(offsets, random, 0, 1);
    const auto at = [](const Floats& t, int c, int y, int x) {
      return double(t.data[static_cast<std::size_t>(((t.shape[1] + c) * kHeight + y) * kWidth + x)]);
    };
    std::vector<Detection> expected;
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
          bool is_greatest = true;
          for (int v = std::max(0, y - 1); v <= std::min(kHeight - 1, y + 1); ++v)
            for (int u = std::max(0, x - 1); u <= std::min(kWidth - 1, x + 1); ++u)
              is_greatest = is_greatest && at(peaks, c, v, u) <= at(peaks, c, y, x);
          const double score = logistic(at(peaks, c, y, x));
          if (!is_greatest || score < 0.8) continue;
          const double cx = 4 * (x + (have_offsets ? at(offsets, 0, y, x) : 0.5));
          const double cy = 4 * (y + (have_offsets ? at(offsets, 1, y, x) : 0.5));
          const double w = 4 * at(sizes, 0, y, x);
          const double h = 4 * at(sizes, 1, y, x);
          expected.push_back(detection(c, score, cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2));
        }
    std::vector<Floats> tensors = {sizes, peaks};
    if (have_offsets) tensors.push_back(offsets);
    check_same(decoded(spec_of(Head::centernet, {96, 64}), tensors, 0.8F), expected);
  }
}

// --- inspection

namespace {

constexpr ElementType f32 = ElementType::f32;

ModelInfo model(const char* picture, int size, std::vector<TensorInfo> outputs) {
  return {"net.onnx", {{picture, f32, {1, 3, size, size}}}, std::move(outputs), {}};
}

std::vector<TensorInfo> by_grid(int size, const std::vector<int>& strides,
                                const std::vector<std::pair<std::string, int>>& parts) {
  std::vector<TensorInfo> outputs;
  for (const auto& [name, channels] : parts)
    for (int s : strides)
      outputs.push_back({name + std::to_string(s), f32, {1, channels, (size + s - 1) / s, (size + s - 1) / s}});
  return outputs;
}

ModelHints colours() {
  ModelHints hints;
  hints.color = ColorOrder::rgb;
  hints.scale = 1.0F;
  return hints;
}

}  // namespace

TEST_CASE("NanoDet-Plus is known by its cells, NanoDet without stride 64 by the name of its picture") {
  const ModelSpec plus = inspect(model("data", 416, {{"output", f32, {1, 3598, 112}}}));
  CHECK(plus.head == Head::gfl);
  CHECK(plus.options.at("centre") == "corner");
  CHECK(plus.class_count == 80);
  CHECK(plus.labels.size() == 80);
  CHECK(plus.input.color == ColorOrder::bgr);
  CHECK(plus.input.offset[0] == doctest::Approx(103.53));
  CHECK(plus.input.scale[2] == doctest::Approx(1 / 58.395));
  CHECK_FALSE(plus.input.keeps_aspect);
  const ModelSpec first = inspect(model("data", 416, {{"output", f32, {1, 3549, 112}}}));
  CHECK(first.head == Head::gfl);
  CHECK(first.options.at("centre") == "middle");
  CHECK(inspect(model("images", 416, {{"output", f32, {1, 3549, 112}}})).head == Head::yolox);
}

TEST_CASE("outputs of each grid are NanoDet's or PicoDet's by their names") {
  const auto nanodet = by_grid(320, {8, 16, 32}, {{"cls_pred_stride_", 80}, {"dis_pred_stride_", 32}});
  CHECK(inspect(model("data", 320, nanodet)).input.color == ColorOrder::bgr);
  const ModelSpec pico = inspect(model("image", 320, by_grid(320, {8, 16, 32, 64}, {{"x", 80}, {"y", 32}})));
  CHECK(pico.head == Head::gfl);
  CHECK(pico.input.color == ColorOrder::rgb);
  CHECK(pico.options.at("centre") == "middle");
  const std::string asked = refusal(model("x", 320, by_grid(320, {8, 16, 32, 64}, {{"x", 80}, {"y", 32}})));
  CHECK(asked.find("looks like head gfl") != std::string::npos);
  CHECK(asked.find("model-color-format") != std::string::npos);
}

TEST_CASE("CenterNet, FCOS and RetinaNet are known by their outputs; of the latter two the user says the colours") {
  const ModelSpec center = inspect(model(
      "input", 512, {{"hm", f32, {1, 80, 128, 128}}, {"wh", f32, {1, 2, 128, 128}}, {"reg", f32, {1, 2, 128, 128}}}));
  CHECK(center.head == Head::centernet);
  CHECK_FALSE(center.needs_nms);
  CHECK(center.input.is_padding_centred);
  CHECK(center.class_count == 80);

  const std::vector<int> strides = {8, 16, 32, 64, 128};
  const ModelInfo fcos = model("x", 800, by_grid(800, strides, {{"s", 80}, {"e", 4}, {"c", 1}}));
  CHECK(inspect(fcos, colours()).head == Head::fcos);
  CHECK(refusal(fcos).find("looks like head fcos") != std::string::npos);
  const ModelInfo retina = model("x", 640, by_grid(640, strides, {{"s", 720}, {"e", 36}}));
  CHECK(inspect(retina, colours()).head == Head::retinanet);
  CHECK(inspect(retina, colours()).class_count == 80);
  const int anchors = 9 * (80 * 80 + 40 * 40 + 20 * 20 + 10 * 10 + 5 * 5);
  const ModelInfo joined =
      model("x", 640, {{"cls_logits", f32, {1, anchors, 91}}, {"bbox_regression", f32, {1, anchors, 4}}});
  CHECK(inspect(joined, colours()).head == Head::retinanet);
  CHECK(inspect(joined, colours()).options.at("anchors") == "torchvision");
  // Boxes that are decoded have the same shape.
  const ModelInfo done = model("x", 640, {{"scores", f32, {1, anchors, 91}}, {"boxes", f32, {1, anchors, 4}}});
  CHECK(inspect(done, colours()).head == Head::boxes_scores);
  for (const auto& info : {fcos, retina, joined}) CHECK(make_head(inspect(info, colours()), info.outputs) != nullptr);
}

TEST_CASE("an option's word that there is not is refused with those that there are") {
  const auto outputs = by_grid(320, {8, 16, 32, 64}, {{"x", 80}, {"y", 32}});
  ModelSpec spec = spec_of(Head::gfl, {320, 320});
  spec.options["centre"] = "left";
  CHECK_THROWS_WITH_AS(make_head(spec, outputs), "head gfl: option centre=left; allowed are middle and corner",
                       std::invalid_argument);
}

TEST_CASE("each head of this file refuses other outputs with what it needs at this size") {
  const std::vector<TensorInfo> maps = {{"maps", f32, {1, 64, 7, 7}}};
  for (Head head : {Head::gfl, Head::fcos, Head::retinanet, Head::centernet}) {
    try {
      make_head(spec_of(head, {224, 224}), maps);
      FAIL("accepted");
    } catch (const std::invalid_argument& e) {
      const std::string text = e.what();
      CHECK(text.find(std::string("head ") + name_of(head) + ": found maps f32[1,64,7,7]; needs ") == 0);
    }
    CHECK(head_named(name_of(head)) == head);
  }
}
