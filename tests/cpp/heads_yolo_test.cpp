// YOLO's heads on synthetic tensors against the family's formula, written down slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "algo/letterbox.h"
#include "selected_rows.h"
#include "tensors.h"

using namespace testing;

namespace {

constexpr Size kInput{96, 64};
constexpr int kCells = 12 * 8 + 6 * 4 + 3 * 2;

// A number of a unit by cell and column, whichever comes first in memory.
float& at(Floats& tensor, bool is_transposed, std::size_t unit, int cell, int column) {
  const auto first = static_cast<int>(tensor.shape[1]);
  const auto second = static_cast<int>(tensor.shape[2]);
  const int place = is_transposed ? column * second + cell : cell * second + column;
  return tensor.data[unit * static_cast<std::size_t>(first * second) + static_cast<std::size_t>(place)];
}

Floats yolo_tensor(int columns, bool is_transposed, std::mt19937& random) {
  Floats tensor = floats("output0", is_transposed ? Shape{2, columns, kCells} : Shape{2, kCells, columns});
  fill(tensor, random, 0, 1);
  std::uniform_real_distribution<float> pixel(4, 60);
  for (std::size_t unit = 0; unit < 2; ++unit)
    for (int i = 0; i < kCells; ++i)
      for (int c = 0; c < 4; ++c) at(tensor, is_transposed, unit, i, c) = pixel(random);
  return tensor;
}

std::vector<Detection> slow_yolo(Floats& tensor, bool is_transposed, std::size_t unit, int classes,
                                 const HeadSettings& settings) {
  std::vector<Detection> found;
  for (int i = 0; i < kCells; ++i) {
    const auto value = [&](int column) { return at(tensor, is_transposed, unit, i, column); };
    int best = 0;
    for (int c = 1; c < classes; ++c) best = value(4 + c) > value(4 + best) ? c : best;
    if (value(4 + best) < threshold_of(settings, best)) continue;
    found.push_back({best,
                     value(4 + best),
                     {value(0) - value(2) / 2, value(1) - value(3) / 2, value(2), value(3)},
                     static_cast<std::int32_t>(i)});
  }
  return found;
}

// The whole picture's logits, looked up between cells.
double slow_mask_value(const Floats& prototypes, const std::vector<float>& coefficients, float x, float y) {
  const auto rows = static_cast<int>(prototypes.shape[2]);
  const auto columns = static_cast<int>(prototypes.shape[3]);
  const auto logit = [&](int r, int c) {
    double sum = 0;
    for (std::size_t k = 0; k < coefficients.size(); ++k)
      sum += coefficients[k] * prototypes.data[(k * static_cast<std::size_t>(rows) + static_cast<std::size_t>(r)) *
                                                   static_cast<std::size_t>(columns) +
                                               static_cast<std::size_t>(c)];
    return sum;
  };
  const double u = std::clamp(x * static_cast<float>(columns) / kInput.width - 0.5, 0.0, columns - 1.0);
  const double v = std::clamp(y * static_cast<float>(rows) / kInput.height - 0.5, 0.0, rows - 1.0);
  const int c = static_cast<int>(u), r = static_cast<int>(v);
  const int c2 = std::min(c + 1, columns - 1), r2 = std::min(r + 1, rows - 1);
  const double du = u - c, dv = v - r;
  return logistic((logit(r, c) * (1 - du) + logit(r, c2) * du) * (1 - dv) +
                  (logit(r2, c) * (1 - du) + logit(r2, c2) * du) * dv);
}

std::string refusal(const ModelSpec& spec, const std::vector<TensorInfo>& outputs) {
  try {
    make_head(spec, outputs);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("yolo takes the surest class of each cell, whichever of cells and columns comes first") {
  std::mt19937 random(21);
  for (int classes : {1, 3, 80}) {
    for (bool is_transposed : {true, false}) {
      CAPTURE(classes);
      CAPTURE(is_transposed);
      Floats tensor = yolo_tensor(4 + classes, is_transposed, random);
      const HeadSettings settings{0.6F, {0.5F, 0.9F}};
      const auto head = make_head(spec_of(Head::yolo, kInput), {tensor.info()}, settings);
      CHECK_FALSE(head->has_details());
      for (std::size_t unit = 0; unit < 2; ++unit) {
        std::vector<Detection> found;
        head->decode({tensor.view()}, unit, found);
        check_same(found, slow_yolo(tensor, is_transposed, unit, classes, settings));
        if (classes == 1) check_selection(*head, {tensor.view()}, unit);  // of 80 random scores one always passes
      }
    }
  }
}

TEST_CASE("yolo's boxes may be shares of the picture, and few cells may be told from columns by an option") {
  Floats tensor = floats("output0", {1, 2, 7});
  tensor.data = {0.5F, 0.5F, 0.5F, 0.25F, 0.1F, 0.2F, 0.9F, 0.5F, 0.5F, 0.1F, 0.1F, 0.1F, 0.1F, 0.1F};
  ModelSpec spec = spec_of(Head::yolo, kInput);
  spec.options = {{"boxes", "normalised"}, {"layout", "cells,columns"}};
  std::vector<Detection> found;
  make_head(spec, {tensor.info()})->decode({tensor.view()}, 0, found);
  check_same(found, {{2, 0.9F, {24, 24, 48, 16}}});
}

TEST_CASE("yolo's keypoints are those of the kept cells") {
  std::mt19937 random(22);
  Floats tensor = yolo_tensor(4 + 1 + 3 * 17, true, random);
  ModelSpec spec = spec_of(Head::yolo, kInput);
  spec.options["keypoints"] = "17x3";
  const auto head = make_head(spec, {tensor.info()}, {0.9F, {}});
  CHECK(head->has_details());
  std::vector<Detection> found;
  head->decode({tensor.view()}, 1, found);
  check_same(found, slow_yolo(tensor, true, 1, 1, {0.9F, {}}));
  check_selection(*head, {tensor.view()}, 1);
  std::reverse(found.begin(), found.end());
  std::vector<Details> details;
  head->describe({tensor.view()}, 1, found, details);
  REQUIRE(details.size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(details[i].mask.values.empty());
    REQUIRE(details[i].keypoints.size() == 17);
    for (int k = 0; k < 17; ++k) {
      const auto value = [&](int c) { return at(tensor, true, 1, found[i].row, 5 + 3 * k + c); };
      const Keypoint& point = details[i].keypoints[static_cast<std::size_t>(k)];
      CHECK(point.x == value(0));
      CHECK(point.y == value(1));
      CHECK(point.confidence == value(2));
    }
  }
}

TEST_CASE("keypoints without a confidence are sure") {
  std::mt19937 random(23);
  Floats tensor = yolo_tensor(4 + 2 + 2 * 4, true, random);
  ModelSpec spec = spec_of(Head::yolo, kInput);
  spec.options["keypoints"] = "4x2";
  std::vector<Details> details;
  make_head(spec, {tensor.info()})->describe({tensor.view()}, 0, {{0, 0.9F, {0, 0, 9, 9}, 11}}, details);
  REQUIRE(details.size() == 1);
  REQUIRE(details[0].keypoints.size() == 4);
  CHECK(details[0].keypoints[3].y == at(tensor, true, 0, 11, 6 + 7));
  CHECK(details[0].keypoints[3].confidence == 1);
}

TEST_CASE("yolo's masks are the prototypes' weighted sum over the box") {
  std::mt19937 random(24);
  Floats tensor = yolo_tensor(4 + 3 + 32, true, random);
  Floats prototypes = floats("output1", {2, 32, 16, 24});
  fill(prototypes, random, -1, 1);
  const auto head = make_head(spec_of(Head::yolo, kInput), {prototypes.info(), tensor.info()}, {0.9F, {}});
  CHECK(head->has_details());
  std::vector<Detection> found;
  head->decode({prototypes.view(), tensor.view()}, 1, found);
  check_same(found, slow_yolo(tensor, true, 1, 3, {0.9F, {}}));
  check_selection(*head, {prototypes.view(), tensor.view()}, 1);
  for (auto& d : found) d.box = clamp_to(d.box, kInput);
  std::vector<Details> details;
  head->describe({prototypes.view(), tensor.view()}, 1, found, details);
  REQUIRE(details.size() == found.size());
  Floats second = floats("second", {1, 32, 16, 24});
  std::copy_n(prototypes.data.begin() + 32 * 16 * 24, 32 * 16 * 24, second.data.begin());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Box& box = found[i].box;
    const Mask& mask = details[i].mask;
    std::vector<float> coefficients;
    for (int c = 0; c < 32; ++c) coefficients.push_back(at(tensor, true, 1, found[i].row, 7 + c));
    CHECK(mask.size.width == std::max(1L, std::lround(box.width / 4)));
    CHECK(mask.size.height == std::max(1L, std::lround(box.height / 4)));
    REQUIRE(mask.values.size() == static_cast<std::size_t>(mask.size.width * mask.size.height));
    for (int y = 0; y < mask.size.height; ++y) {
      for (int x = 0; x < mask.size.width; ++x) {
        const float px = box.left + box.width * (static_cast<float>(x) + 0.5F) / static_cast<float>(mask.size.width);
        const float py = box.top + box.height * (static_cast<float>(y) + 0.5F) / static_cast<float>(mask.size.height);
        const float value = mask.values[static_cast<std::size_t>(y * mask.size.width + x)];
        CHECK(std::abs(value - slow_mask_value(second, coefficients, px, py)) < 1e-3);
      }
    }
  }
}

TEST_CASE("a box of nothing has no mask, one beyond the picture that of what is inside") {
  std::mt19937 random(25);
  Floats tensor = yolo_tensor(4 + 1 + 8, true, random);
  Floats prototypes = floats("output1", {2, 8, 16, 24});
  const auto head = make_head(spec_of(Head::yolo, kInput), {tensor.info(), prototypes.info()});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float far = std::numeric_limits<float>::max();
  std::vector<Details> details;
  head->describe({tensor.view(), prototypes.view()}, 0,
                 {{0, 1, {5, 5, 0, 0}, 0},
                  {0, 1, {nan, 0, 9, 9}, 1},
                  {0, 1, {-far, -far, far, far}, 2},
                  {0, 1, {-50, -50, 900, 900}, 3},
                  {0, 1, {95.9F, 63.9F, 9, 9}, 4}},
                 details);
  REQUIRE(details.size() == 5);
  CHECK(details[0].mask.values.empty());
  CHECK(details[2].mask.values.empty());
  CHECK(details[3].mask.size == Size{24, 16});
  CHECK(details[4].mask.size == Size{1, 1});
  CHECK(details[3].mask.values[100] == doctest::Approx(0.5));
}

TEST_CASE("numbers that are none are never objects of yolo or rows") {
  Floats cells = floats("output0", {1, 9, kCells});
  Floats rows = floats("output0", {1, 30, 6});
  std::fill(cells.data.begin(), cells.data.end(), std::numeric_limits<float>::quiet_NaN());
  std::fill(rows.data.begin(), rows.data.end(), std::numeric_limits<float>::quiet_NaN());
  std::vector<Detection> found;
  make_head(spec_of(Head::yolo, kInput), {cells.info()})->decode({cells.view()}, 0, found);
  make_head(spec_of(Head::rows, kInput), {rows.info()})->decode({rows.view()}, 0, found);
  CHECK(found.empty());
}

TEST_CASE("rows give corners, score and class as they are") {
  std::mt19937 random(26);
  Floats tensor = floats("output0", {2, 40, 6});
  fill(tensor, random, 0, 1);
  for (std::size_t i = 0; i < 80; ++i) {
    tensor.data[6 * i + 5] = static_cast<float>(static_cast<int>(random() % 5)) - 1;  // some are no class
    for (std::size_t c = 0; c < 4; ++c) tensor.data[6 * i + c] *= 90;
  }
  const HeadSettings settings{0.6F, {0.3F}};
  const auto head = make_head(spec_of(Head::rows, kInput), {{"output0", ElementType::f32, {-1, -1, 6}}}, settings);
  for (std::size_t unit = 0; unit < 2; ++unit) {
    std::vector<Detection> expected;
    for (std::size_t i = unit * 40; i < unit * 40 + 40; ++i) {
      const float* r = tensor.data.data() + 6 * i;
      const int class_id = static_cast<int>(r[5]);
      if (class_id < 0 || r[4] < threshold_of(settings, class_id)) continue;
      expected.push_back({class_id, r[4], {r[0], r[1], r[2] - r[0], r[3] - r[1]}});
    }
    std::vector<Detection> found;
    head->decode({tensor.view()}, unit, found);
    check_same(found, expected);
  }
}

TEST_CASE("rows of all pictures are told apart by their number") {
  Floats yolov7 = floats("output", {3, 7});
  yolov7.data = {0, 10, 20, 30, 60, 2, 0.9F, 1, 1, 2, 4, 8, 5, 0.8F, 0, 5, 5, 6, 6, 0, 0.1F};
  ModelSpec spec = spec_of(Head::rows, kInput);
  spec.options["columns"] = "batch,box,class,score";
  const auto head = make_head(spec, {{"output", ElementType::f32, {-1, 7}}});
  std::vector<Detection> found;
  head->decode({yolov7.view()}, 0, found);
  check_same(found, {{2, 0.9F, {10, 20, 20, 40}}});
  found.clear();
  head->decode({yolov7.view()}, 1, found);
  check_same(found, {{5, 0.8F, {1, 2, 3, 6}}});
  found.clear();
  Floats nothing = floats("output", {0, 7});
  head->decode({nothing.view()}, 0, found);
  CHECK(found.empty());
}

TEST_CASE("rows that are counted by picture lie behind each other") {
  Floats table = floats("rows", {4, 6});
  table.data = {2, 0.9F, 10, 20, 30, 60, 1, 0.8F, 1, 2, 4, 8, 0, 0.7F, 5, 5, 7, 8, -1, 0.9F, 0, 0, 1, 1};
  ModelSpec spec = spec_of(Head::rows, kInput);
  spec.options["columns"] = "class,score,box";
  for (const ElementType type : {ElementType::i32, ElementType::i64}) {
    const auto head = make_head(spec, {{"rows", ElementType::f32, {-1, 6}}, {"counts", type, {-1}}});
    std::int32_t narrow[] = {1, 0, 2, 9};
    std::int64_t wide[] = {1, 0, 2, 9};
    const bool is_narrow = type == ElementType::i32;
    const TensorView counts{"counts", type, {4}, is_narrow ? static_cast<void*>(narrow) : wide};
    const std::vector<std::vector<Detection>> expected = {
        {{2, 0.9F, {10, 20, 20, 40}}}, {}, {{1, 0.8F, {1, 2, 3, 6}}, {0, 0.7F, {5, 5, 2, 3}}}, {}};
    for (std::size_t unit = 0; unit < 4; ++unit) {
      std::vector<Detection> found;
      head->decode({table.view(), counts}, unit, found);
      if (expected[unit].empty())
        CHECK(found.empty());
      else
        check_same(found, expected[unit]);
    }
    std::vector<Detection> found;
    CHECK_THROWS_WITH(head->decode({table.view(), counts}, 4, found),
                      "head rows: output 'counts' counts the rows of 4 pictures, not of picture 4");
  }
}

TEST_CASE("an SSD's rows end with a negative picture, and may count classes from one") {
  Floats ssd = floats("detection_out", {1, 1, 4, 7});
  ssd.data = {0,  1, 0.9F, 0.25F, 0.25F, 0.5F, 0.75F, 0, 3, 0.8F, 0, 0, 1, 1,
              -1, 1, 0.9F, 0,     0,     1,    1,     0, 0, 0.9F, 0, 0, 1, 1};
  ModelSpec spec = spec_of(Head::rows, kInput);
  spec.options = {{"columns", "batch,class,score,box"}, {"boxes", "normalised"}};
  std::vector<Detection> found;
  make_head(spec, {ssd.info()})->decode({ssd.view()}, 0, found);
  check_same(found, {{1, 0.9F, {24, 16, 24, 32}}, {3, 0.8F, {0, 0, 96, 64}}, {0, 0.9F, {0, 0, 96, 64}}});
  spec.options["first_class"] = "1";
  found.clear();
  make_head(spec, {ssd.info()})->decode({ssd.view()}, 0, found);
  check_same(found, {{0, 0.9F, {24, 16, 24, 32}}, {2, 0.8F, {0, 0, 96, 64}}});
}

TEST_CASE("a table without a column for the picture belongs to the only one") {
  Floats paddle = floats("multiclass_nms3_0.tmp_0", {2, 6});
  paddle.data = {4, 0.9F, 1, 2, 11, 22, 0, 0.1F, 1, 2, 11, 22};
  ModelSpec spec = spec_of(Head::rows, kInput);
  spec.options["columns"] = "class,score,box";
  const auto head = make_head(spec, {paddle.info()});
  std::vector<Detection> found;
  head->decode({paddle.view()}, 0, found);
  check_same(found, {{4, 0.9F, {1, 2, 10, 20}}});
  CHECK_THROWS_AS(head->decode({paddle.view()}, 1, found), std::runtime_error);
}

TEST_CASE("rows may carry keypoints and masks") {
  std::mt19937 random(27);
  Floats pose = floats("output0", {1, 3, 6 + 6});
  fill(pose, random, 0, 9);
  ModelSpec spec = spec_of(Head::rows, kInput);
  spec.options["keypoints"] = "2x3";
  std::vector<Details> details;
  make_head(spec, {pose.info()})->describe({pose.view()}, 0, {{0, 1, {0, 0, 9, 9}, 2}}, details);
  REQUIRE(details.size() == 1);
  REQUIRE(details[0].keypoints.size() == 2);
  CHECK(details[0].keypoints[1].x == pose.data[2 * 12 + 9]);

  Floats rows = floats("output0", {1, 3, 6 + 8});
  Floats prototypes = floats("output1", {1, 8, 16, 24});
  fill(rows, random, -1, 1);
  fill(prototypes, random, -1, 1);
  details.clear();
  make_head(spec_of(Head::rows, kInput), {rows.info(), prototypes.info()})
      ->describe({rows.view(), prototypes.view()}, 0, {{0, 1, {8, 8, 32, 24}, 1}}, details);
  REQUIRE(details.size() == 1);
  CHECK(details[0].mask.size == Size{8, 6});
  const std::vector<float> coefficients(rows.data.begin() + 14 + 6, rows.data.begin() + 28);
  CHECK(std::abs(details[0].mask.values[0] - slow_mask_value(prototypes, coefficients, 10, 10)) < 1e-4);
}

TEST_CASE("rows that a model has chosen come back whole, unless prototypes would come with them") {
  std::mt19937 random(28);
  Floats rows = floats("output0", {2, 20, 6 + 8}), plain = floats("output0", {2, 20, 6});
  Floats prototypes = floats("output1", {2, 8, 16, 24});
  fill(rows, random, -1, 1);
  fill(prototypes, random, -1, 1);
  for (std::size_t i = 0; i < 40; ++i) {
    float* row = rows.data.data() + 14 * i;
    row[2] = row[0] + 20;
    row[3] = row[1] + 12;
    row[5] = static_cast<float>(i % 3);
  }
  const auto head = make_head(spec_of(Head::rows, kInput), {rows.info(), prototypes.info()}, {0.3F, {0.5F}});
  CHECK_FALSE(head->selection());
  check_selection(*head, {rows.view(), prototypes.view()}, 1);
  const auto other = make_head(spec_of(Head::rows, kInput), {plain.info()}, {0.3F, {0.5F}});
  std::vector<Detection> found;
  for (int look = 0; look < 20; ++look) other->decode({plain.view()}, 1, found);
  CHECK_FALSE(other->selection());
}

TEST_CASE("outputs and options that do not fit yolo or rows are refused by name") {
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  const TensorInfo maps{"maps", ElementType::f32, {1, 64, 7, 7}};
  for (Head head : {Head::yolo, Head::rows}) {
    const std::string text = refusal(spec_of(head, kInput), {maps});
    CAPTURE(text);
    CHECK(has(text, name_of(head)));
    CHECK(has(text, "maps f32[1,64,7,7]; needs"));
    CHECK(head_named(name_of(head)) == head);
    CHECK(has(refusal(spec_of(head, kInput), {}), "found nothing"));
  }
  ModelSpec spec = spec_of(Head::yolo, kInput);
  const TensorInfo cells{"output0", ElementType::f32, {1, 56, kCells}};
  for (const char* word : {"17", "x3", "17x4", "17x", "3x-3", "99999x3"}) {
    spec.options["keypoints"] = word;
    CHECK(refusal(spec, {cells}) ==
          "head yolo: option keypoints=" + std::string(word) + "; allowed are COUNTx2 and COUNTx3, such as 17x3");
  }
  spec.options["keypoints"] = "18x3";
  CHECK(has(refusal(spec, {cells}), "with 54 columns for details beside"));
  CHECK(refusal(spec_of(Head::yolo, kInput), {cells, {"p", ElementType::f32, {1, -1, 16, 24}}}) ==
        "head yolo: found p f32[1,?,16,24]; needs prototypes [N, M, h, w] of a known M");
  spec = spec_of(Head::rows, kInput);
  spec.options["columns"] = "score,box";
  CHECK(has(refusal(spec, {{"y", ElementType::f32, {1, 9, 6}}}), "option columns=score,box; allowed are box,score"));
  CHECK(has(refusal(spec_of(Head::rows, kInput), {{"y", ElementType::f32, {1, 9, 7}}}), "needs rows of 6 columns"));
}
