// Mask R-CNN and its kin in their published forms: which box, which mask, and what of it lies over a box that was cut.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "inspections.h"
#include "tensors.h"

using namespace testing;  // NOLINT

namespace {

constexpr Size kInput{200, 100};
constexpr int kCells = 7;  // of a side
const HeadSettings kHalf{0.5F, {}};

using Integers = Tensor<std::int64_t>;

ModelSpec spec_with(std::map<std::string, std::string> options) {
  ModelSpec spec = spec_of(Head::boxes_masks, kInput);
  spec.options = std::move(options);
  return spec;
}

// torchvision's: four objects, of which one is not sure enough and one is of class 0, the background.
struct Torchvision {
  Floats boxes = floats("boxes", {4, 4});
  Integers labels{"labels", ElementType::i64, {4}};
  Floats scores = floats("scores", {4});
  Floats masks = floats("masks", {4, 1, kCells, kCells});

  Torchvision() {
    std::mt19937 random(71);
    boxes.data = {10, 20, 50, 60, -20, 10, 80, 90, 0, 0, 9, 9, 150, 40, 190, 130};
    labels.data = {1, 3, 2, 90};
    scores.data = {0.9F, 0.8F, 0.3F, 0.7F};
    fill(masks, random, 0, 1);
  }
  std::vector<TensorInfo> infos() const { return {boxes.info(), labels.info(), scores.info(), masks.info()}; }
  std::vector<TensorView> views() { return {boxes.view(), labels.view(), scores.view(), masks.view()}; }
};

std::vector<Details> described(HeadDecoder& head, const std::vector<TensorView>& outputs,
                               const std::vector<Detection>& kept, std::size_t unit = 0) {
  std::vector<Details> details;
  head.describe(outputs, unit, kept, details);
  return details;
}

// A mask's own numbers, from where they lie.
std::vector<float> cells(const Floats& masks, std::size_t at) {
  const auto begin = masks.data.begin() + static_cast<std::ptrdiff_t>(at * kCells * kCells);
  return {begin, begin + kCells * kCells};
}

void check_near(const std::vector<float>& found, const std::vector<float>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-4));
}

std::string refused(const ModelSpec& spec, const std::vector<TensorInfo>& outputs) {
  try {
    make_head(spec, outputs);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

std::string failed(HeadDecoder& head, const std::vector<TensorView>& outputs, std::size_t unit = 0) {
  try {
    std::vector<Detection> found;
    head.decode(outputs, unit, found);
    described(head, outputs, found, unit);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("torchvision's boxes, labels and scores are objects, in any order of outputs") {
  Torchvision t;
  std::vector<Detection> found;
  make_head(spec_with({}), t.infos(), kHalf)->decode(t.views(), 0, found);
  check_same(found, {{1, 0.9F, {10, 20, 40, 40}}, {3, 0.8F, {-20, 10, 100, 80}}, {90, 0.7F, {150, 40, 40, 90}}});
  CHECK(found[2].row == 3);
  std::vector<Detection> turned;
  make_head(spec_with({}), {t.masks.info(), t.scores.info(), t.labels.info(), t.boxes.info()}, kHalf)
      ->decode({t.masks.view(), t.scores.view(), t.labels.view(), t.boxes.view()}, 0, turned);
  check_same(turned, found);
}

TEST_CASE("a mask over its whole box is what the model gave") {
  Torchvision t;
  const auto head = make_head(spec_with({}), t.infos(), kHalf);
  CHECK(head->has_details());
  const auto details = described(*head, t.views(), {{1, 0.9F, {10, 20, 40, 40}, 0}, {90, 0.7F, {150, 40, 40, 90}, 3}});
  REQUIRE(details.size() == 2);
  CHECK(details[0].mask.size == Size{kCells, kCells});
  check_near(details[0].mask.values, cells(t.masks, 0));
  check_near(details[1].mask.values, cells(t.masks, 3));
  CHECK(details[0].keypoints.empty());
}

TEST_CASE("of a box that was cut, the mask is the part that is left") {
  Torchvision t;
  // A ramp from left to right: what is read in between is known.
  for (int i = 0; i < kCells * kCells; ++i)
    t.masks.data[static_cast<std::size_t>(kCells * kCells + i)] = static_cast<float>(i % kCells);
  const auto head = make_head(spec_with({}), t.infos(), kHalf);
  const auto details = described(*head, t.views(), {{3, 0.8F, {30, 10, 50, 80}, 1}});
  const Mask& mask = details.at(0).mask;
  CHECK(mask.size == Size{4, kCells});  // 3.5 columns
  for (int x = 0; x < 4; ++x) {
    const float pixel = 30 + 50 * (static_cast<float>(x) + 0.5F) / 4;
    const float expected = std::clamp((pixel + 20) / 100 * kCells - 0.5F, 0.0F, kCells - 1.0F);
    CHECK(mask.values[static_cast<std::size_t>(x)] == doctest::Approx(expected));
    CHECK(mask.values[static_cast<std::size_t>(24 + x)] == doctest::Approx(expected));
  }
}

TEST_CASE("a mask as large as the input lies over the picture, and is cut out of it") {
  Torchvision t;
  t.masks = floats("masks", {4, 1, kInput.height, kInput.width});
  for (std::size_t i = 0; i < t.masks.data.size(); ++i) t.masks.data[i] = static_cast<float>(i % 200);
  const auto head = make_head(spec_with({}), t.infos(), kHalf);
  const auto mask = described(*head, t.views(), {{1, 0.9F, {10, 20, 40, 30}, 0}}).at(0).mask;
  CHECK(mask.size == Size{40, 30});
  CHECK(mask.values.front() == doctest::Approx(10));
  CHECK(mask.values.back() == doctest::Approx(49));
  // Where the option says otherwise, it is squeezed into the box.
  const auto over_box = make_head(spec_with({{"over", "box"}}), t.infos(), kHalf);
  CHECK(described(*over_box, t.views(), {{1, 0.9F, {10, 20, 40, 40}, 0}}).at(0).mask.size == Size{200, 100});
}

TEST_CASE("a smaller mask lies over the picture where the option says so; a large one has a bound") {
  Torchvision t;
  const auto head = make_head(spec_with({{"over", "picture"}}), t.infos(), kHalf);
  CHECK(described(*head, t.views(), {{1, 0.9F, {0, 0, 100, 100}, 0}}).at(0).mask.size == Size{4, kCells});
  t.masks = floats("masks", {4, 1, 1000, 2000});
  CHECK(described(*make_head(spec_with({{"over", "picture"}}), t.infos(), kHalf), t.views(),
                  {{1, 0.9F, {0, 0, 200, 100}, 0}})
            .at(0)
            .mask.size == Size{256, 256});
}

TEST_CASE("TAO's rows say top first, class before score, and have a mask of logits for each class") {
  constexpr std::int64_t kRows = 3, kClasses = 2;
  std::mt19937 random(72);
  Floats rows = floats("generate_detections", {2, kRows, 6});
  Floats masks = floats("mask_fcn_logits/BiasAdd", {2, kRows, kClasses, kCells, kCells});
  fill(masks, random, -4, 4);
  const float second[] = {20, 10, 60, 50, 1, 0.9F, 0, 0, 0, 0, 0, 0, 5, 6, 15, 26, 0, 0.8F};
  std::copy(std::begin(second), std::end(second), rows.data.begin() + kRows * 6);
  const ModelSpec spec = spec_with({{"corners", "yxyx"}, {"columns", "box,class,score"}});
  const auto head = make_head(spec, {rows.info(), masks.info()}, kHalf);
  std::vector<Detection> found;
  head->decode({rows.view(), masks.view()}, 1, found);
  check_same(found, {{1, 0.9F, {10, 20, 40, 40}}, {0, 0.8F, {6, 5, 20, 10}}});
  const auto details = described(*head, {rows.view(), masks.view()}, found, 1);
  for (std::size_t i = 0; i < 2; ++i) {
    auto expected = cells(masks, static_cast<std::size_t>((kRows + found[i].row) * kClasses + found[i].class_id));
    for (float& value : expected) value = static_cast<float>(logistic(value));
    check_near(details[i].mask.values, expected);
  }
  // The same with units and rows in one dimension.
  masks.shape = {2 * kRows, kClasses, kCells, kCells};
  const auto flat =
      described(*make_head(spec, {rows.info(), masks.info()}, kHalf), {rows.view(), masks.view()}, found, 1);
  check_near(flat[1].mask.values, details[1].mask.values);
}

TEST_CASE("boxes of five columns hold their score; a class beyond the masks' planes has none") {
  Floats boxes = floats("boxes", {1, 2, 5});
  Tensor<std::int32_t> labels{"labels", ElementType::i32, {1, 2}};
  Floats masks = floats("masks", {1, 2, 3, kCells, kCells});
  boxes.data = {1, 2, 11, 22, 0.9F, 3, 4, 13, 24, 0.8F};
  labels.data = {2, 7};
  masks.data.assign(masks.data.size(), 0.25F);
  const auto head = make_head(spec_with({}), {boxes.info(), labels.info(), masks.info()}, kHalf);
  const std::vector<TensorView> views{boxes.view(), labels.view(), masks.view()};
  std::vector<Detection> found;
  head->decode(views, 0, found);
  check_same(found, {{2, 0.9F, {1, 2, 10, 20}}, {7, 0.8F, {3, 4, 10, 20}}});
  const auto details = described(*head, views, found);
  CHECK(details[0].mask.values.size() == kCells * kCells);
  CHECK(details[1].mask.values.empty());
}

TEST_CASE("TensorFlow's count classes from one, in shares of the picture; what they chose from stands beside") {
  Floats raw = floats("raw_detection_boxes", {1, 50, 4});
  Floats boxes = floats("detection_boxes", {1, 2, 4});
  Floats classes = floats("detection_classes", {1, 2});
  Floats scores = floats("detection_scores", {1, 2});
  Floats masks = floats("detection_masks", {1, 2, kCells, kCells});
  boxes.data = {0.1F, 0.2F, 0.5F, 0.6F, 0, 0, 0, 0};
  classes.data = {1, 1};
  scores.data = {0.9F, 0};
  const ModelInfo info{"model.onnx",
                       {{"image_tensor", ElementType::u8, {1, 100, 200, 3}}},
                       {raw.info(),
                        boxes.info(),
                        classes.info(),
                        scores.info(),
                        masks.info(),
                        {"num_detections", ElementType::f32, {1}}},
                       {}};
  ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::boxes_masks);
  Floats count = floats("num_detections", {1});
  std::vector<Detection> found;
  make_head(spec, info.outputs, kHalf)
      ->decode({raw.view(), boxes.view(), classes.view(), scores.view(), masks.view(), count.view()}, 0, found);
  check_same(found, {{0, 0.9F, {40, 10, 80, 40}}});
}

TEST_CASE("inspection knows torchvision, TAO and Open Model Zoo by names and shapes") {
  const auto model = [](const char* input, std::vector<TensorInfo> outputs) {
    return ModelInfo{"m.onnx", {{input, ElementType::f32, {1, 3, 576, 960}}}, std::move(outputs), {}};
  };
  const Torchvision t;
  const ModelSpec torchvision = inspect(model("input", t.infos()));
  CHECK(torchvision.head == Head::boxes_masks);
  CHECK(torchvision.input.scale[0] == doctest::Approx(1 / 255.0));
  CHECK_FALSE(torchvision.needs_nms);
  CHECK(has(evidence_of(torchvision), "class 0 is background (likely)"));

  ModelHints colours;
  colours.color = ColorOrder::rgb;
  colours.scale = 1;
  const ModelSpec tao = inspect(model("Input", {{"generate_detections", ElementType::f32, {1, 100, 6}},
                                                {"mask_fcn_logits/BiasAdd", ElementType::f32, {1, 100, 2, 28, 28}}}),
                                colours);
  CHECK(tao.options.at("columns") == "box,class,score");
  CHECK(tao.class_count == 2);
  CHECK(has(evidence_of(tao), "logits, of which probabilities are made (sure)"));

  const ModelSpec zoo = inspect(model("image", {{"boxes", ElementType::f32, {100, 5}},
                                                {"labels", ElementType::i64, {100}},
                                                {"masks", ElementType::f32, {100, 28, 28}}}));
  CHECK(zoo.head == Head::boxes_masks);
  CHECK(zoo.input.color == ColorOrder::bgr);

  const std::string asked =
      refusal(model("image", {{"dets", ElementType::f32, {1, 100, 6}}, {"masks", ElementType::f32, {1, 100, 28, 28}}}),
              colours);
  CHECK(has(asked, "'dets' has a box, a class and a score in a row, and nothing tells their order"));
  CHECK(has(asked, "columns=box,score,class or columns=box,class,score"));
}

TEST_CASE("prototypes, and masks without boxes, are of other families") {
  CHECK(inspect({"m.onnx",
                 {{"images", ElementType::f32, {1, 3, 640, 640}}},
                 {{"output0", ElementType::f32, {1, 116, 8400}}, {"output1", ElementType::f32, {1, 32, 160, 160}}},
                 {}})
            .head == Head::yolo);
  ModelHints colours;
  colours.color = ColorOrder::rgb;
  colours.scale = 1;
  CHECK(inspect({"m.onnx", {{"x", ElementType::f32, {1, 3, 64, 64}}}, {{"mask", ElementType::f32, {1, 1, 64, 64}}}, {}},
                colours)
            .head == Head::segmentation);
}

TEST_CASE("outputs and options that do not fit are refused, with what would") {
  const Torchvision t;
  CHECK(
      has(refused(spec_with({}), {t.boxes.info(), t.masks.info()}),
          "head boxes_masks: found boxes f32[4,4], masks f32[4,1,7,7]; needs boxes [K, 4] with scores [K] and labels"));
  CHECK(has(refused(spec_with({}), {t.boxes.info(), t.labels.info(), t.scores.info()}), "and 'masks' [K, ..., h, w]"));
  CHECK(has(refused(spec_with({{"over", "all"}}), t.infos()),
            "head boxes_masks: option over=all; allowed are auto, box and picture"));
  CHECK(
      has(refused(spec_with({{"masks", "yes"}}), t.infos()), "option masks=yes; allowed are auto, probabilities and"));
  CHECK(
      has(refused(spec_with({{"corners", "cxcywh"}}), t.infos()), "option corners=cxcywh; allowed are xyxy and yxyx"));
}

TEST_CASE("at run time, masks that are not of the boxes are told") {
  Torchvision t;
  const auto head = make_head(spec_with({}), t.infos(), kHalf);
  t.masks.shape = {3, 1, kCells, kCells};
  CHECK(has(failed(*head, t.views()),
            "output 'masks': it must hold a mask for each of 4 boxes, or one a class; found masks f32[3,1,7,7]"));
  t.masks.shape = {4, 49};
  CHECK(has(failed(*head, t.views()), "it must hold a mask for each of 4 boxes"));
  CHECK(has(failed(*head, t.views(), 1), "it holds no unit 1"));
}

TEST_CASE("a model that finds nothing gives no rows at all") {
  Torchvision t;
  const auto head = make_head(spec_with({}), t.infos(), kHalf);
  t.boxes.shape = {0, 4};
  t.labels.shape = t.scores.shape = {0};
  t.masks.shape = {0, 1, kCells, kCells};
  CHECK(failed(*head, t.views()).empty());
}
