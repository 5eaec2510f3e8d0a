// Heads of bodies against each family's formula, written slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tensors.h"

using namespace testing;

namespace {

constexpr int kJoints = 17;
constexpr Size kInput{96, 128};

struct Found {
  std::vector<Detection> bodies;
  std::vector<Details> details;
};

Found run(const ModelSpec& spec, std::vector<Floats*> tensors, float threshold = 0.25F, std::size_t unit = 0) {
  std::vector<TensorInfo> infos;
  std::vector<TensorView> views;
  for (auto* tensor : tensors) {
    infos.push_back(tensor->info());
    views.push_back(tensor->view());
  }
  HeadSettings settings;
  settings.threshold = threshold;
  const auto head = make_head(spec, infos, settings);
  CHECK(head->has_details());
  Found found;
  head->decode(views, unit, found.bodies);
  head->describe(views, unit, found.bodies, found.details);
  CHECK(found.details.size() == found.bodies.size());
  return found;
}

void check_points(const std::vector<Keypoint>& got, const std::vector<Keypoint>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].x == doctest::Approx(expected[i].x).epsilon(1e-4));
    CHECK(got[i].y == doctest::Approx(expected[i].y).epsilon(1e-4));
    CHECK(got[i].confidence == doctest::Approx(expected[i].confidence).epsilon(1e-5));
  }
}

// Two units of maps that are smooth hills about known places.
Floats hills(std::vector<Keypoint>& tops) {
  const std::int64_t height = kInput.height / 4, width = kInput.width / 4;
  Floats maps = floats("heatmaps", {2, kJoints, height, width});
  std::mt19937 random(3);
  std::uniform_real_distribution<float> place(3, 20), sure(0.3F, 1);
  std::size_t i = 0;
  for (int n = 0; n < 2; ++n) {
    tops.clear();
    for (int k = 0; k < kJoints; ++k) {
      const Keypoint top{place(random), place(random), sure(random)};
      for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t x = 0; x < width; ++x) {
          const float dx = static_cast<float>(x) - top.x, dy = static_cast<float>(y) - top.y;
          maps.data[i++] = top.confidence * (1 - (dx * dx + dy * dy) / 2000);
        }
      tops.push_back(top);
    }
  }
  return maps;
}

}  // namespace

TEST_CASE("MoveNet's joints are shares of the input, y first, and bound their body") {
  Floats tensor = floats("Identity:0", {2, 1, kJoints, 3});
  std::mt19937 random(1);
  fill(tensor, random, 0.1F, 0.9F);
  std::vector<Keypoint> expected;
  float sum = 0, left = 1e9F, right = 0, top = 1e9F, bottom = 0;
  for (int k = 0; k < kJoints; ++k) {
    const float* joint = &tensor.data[static_cast<std::size_t>(3 * (kJoints + k))];
    expected.push_back({joint[1] * kInput.width, joint[0] * kInput.height, joint[2]});
    sum += joint[2];
    if (joint[2] < 0.4F) continue;
    left = std::min(left, expected.back().x);
    right = std::max(right, expected.back().x);
    top = std::min(top, expected.back().y);
    bottom = std::max(bottom, expected.back().y);
  }
  const Found found = run(spec_of(Head::movenet, kInput), {&tensor}, 0.4F, 1);
  REQUIRE(found.bodies.size() == 1);
  CHECK(found.bodies[0].confidence == doctest::Approx(sum / kJoints));
  CHECK(found.bodies[0].box.left == doctest::Approx(left));
  CHECK(found.bodies[0].box.right() == doctest::Approx(right));
  CHECK(found.bodies[0].box.top == doctest::Approx(top));
  CHECK(found.bodies[0].box.bottom() == doctest::Approx(bottom));
  check_points(found.details[0].keypoints, expected);
}

TEST_CASE("a body that is not sure enough is none") {
  Floats tensor = floats("Identity:0", {1, 1, kJoints, 3});
  std::fill(tensor.data.begin(), tensor.data.end(), 0.2F);
  CHECK(run(spec_of(Head::movenet, kInput), {&tensor}, 0.25F).bodies.empty());
  tensor.data.assign(tensor.data.size(), std::nanf(""));
  CHECK(run(spec_of(Head::movenet, kInput), {&tensor}, 0.25F).bodies.empty());
}

TEST_CASE("MoveNet MultiPose has a row a body, its box behind the joints") {
  Floats tensor = floats("Identity:0", {1, 6, 56});
  std::mt19937 random(2);
  fill(tensor, random, 0, 0.2F);
  for (std::size_t row : {1U, 4U}) {
    float* box = &tensor.data[row * 56 + 51];
    const float numbers[] = {0.1F, 0.2F, 0.6F, 0.7F, 0.5F + 0.1F * static_cast<float>(row)};
    std::copy_n(numbers, 5, box);
  }
  const Found found = run(spec_of(Head::movenet, kInput), {&tensor});
  const float w = kInput.width, h = kInput.height;
  check_same(found.bodies, {{0, 0.6F, {0.2F * w, 0.1F * h, 0.5F * w, 0.5F * h}, 1},
                            {0, 0.9F, {0.2F * w, 0.1F * h, 0.5F * w, 0.5F * h}, 4}});
  REQUIRE(found.details[1].keypoints.size() == kJoints);
  const float* joint = &tensor.data[4 * 56 + 3 * 16];
  CHECK(found.details[1].keypoints[16].x == doctest::Approx(joint[1] * w));
  CHECK(found.details[1].keypoints[16].y == doctest::Approx(joint[0] * h));
}

TEST_CASE("the top of a heat map is moved a quarter of a cell towards its greater neighbour") {
  std::vector<Keypoint> tops;
  Floats maps = hills(tops);
  std::vector<Keypoint> expected;
  for (const auto& top : tops) {
    const auto quarter = [](float place) {
      const float cell = std::round(place);
      return 4 * (cell + (place > cell ? 0.25F : -0.25F));
    };
    const float dx = std::round(top.x) - top.x, dy = std::round(top.y) - top.y;
    expected.push_back({quarter(top.x), quarter(top.y), top.confidence * (1 - (dx * dx + dy * dy) / 2000)});
  }
  const Found found = run(spec_of(Head::heatmaps, kInput), {&maps}, 0.25F, 1);
  REQUIRE(found.details.size() == 1);
  check_points(found.details[0].keypoints, expected);
}

TEST_CASE("a parabola finds the top of a hill between cells") {
  std::vector<Keypoint> tops;
  Floats maps = hills(tops);
  ModelSpec spec = spec_of(Head::heatmaps, kInput);
  spec.options["refine"] = "parabola";
  const Found found = run(spec, {&maps}, 0.25F, 1);
  for (std::size_t k = 0; k < tops.size(); ++k) {
    CHECK(std::abs(found.details.at(0).keypoints[k].x - 4 * tops[k].x) < 0.05F);
    CHECK(std::abs(found.details.at(0).keypoints[k].y - 4 * tops[k].y) < 0.05F);
  }
  spec.options["refine"] = "none";
  CHECK(run(spec, {&maps}, 0.25F, 1).details.at(0).keypoints[0].x == 4 * std::round(tops[0].x));
  spec.options["refine"] = "half";
  CHECK_THROWS_WITH(run(spec, {&maps}), "head heatmaps: option refine=half; allowed are quarter, parabola, none");
}

TEST_CASE("a joint at the edge of its map is taken as it is") {
  Floats maps = floats("heatmaps", {1, 2, 4, 4});
  maps.data[0] = 1;
  maps.data[31] = 1;
  const auto points = run(spec_of(Head::heatmaps, {16, 16}), {&maps}).details.at(0).keypoints;
  check_points(points, {{0, 0, 1}, {12, 12, 1}});
}

TEST_CASE("SimCC's bins are halves of pixels, and the lesser value is the confidence") {
  Floats xs = floats("simcc_x", {2, kJoints, 2 * kInput.width}),
         ys = floats("simcc_y", {2, kJoints, 2 * kInput.height});
  std::mt19937 random(5);
  std::vector<Keypoint> expected;
  for (int n = 0; n < 2; ++n) {
    expected.clear();
    for (int k = 0; k < kJoints; ++k) {
      const auto row = static_cast<std::size_t>(n * kJoints + k);
      const auto x = random() % static_cast<unsigned>(xs.shape[2]), y = random() % static_cast<unsigned>(ys.shape[2]);
      const float sure_x = 0.3F + 0.05F * static_cast<float>(k), sure_y = 0.9F;
      xs.data[row * static_cast<std::size_t>(xs.shape[2]) + x] = sure_x;
      ys.data[row * static_cast<std::size_t>(ys.shape[2]) + y] = sure_y;
      expected.push_back({static_cast<float>(x) / 2, static_cast<float>(y) / 2, std::min(sure_x, sure_y)});
    }
  }
  const ModelSpec spec = spec_of(Head::simcc, kInput);
  check_points(run(spec, {&xs, &ys}, 0.25F, 1).details.at(0).keypoints, expected);
  check_points(run(spec, {&ys, &xs}, 0.25F, 1).details.at(0).keypoints, expected);
}

TEST_CASE("outputs that are no body's are refused with what is needed") {
  const Floats vector = floats("y", {1, 10});
  CHECK_THROWS_WITH(make_head(spec_of(Head::movenet, kInput), {vector.info()}),
                    "head movenet: found y f32[1,10]; needs one [N, 1, K, 3] or [N, P, 3 K + 5]");
  CHECK_THROWS_WITH(make_head(spec_of(Head::heatmaps, kInput), {vector.info()}),
                    "head heatmaps: found y f32[1,10]; needs a first output [N, K, h, w]");
  CHECK_THROWS_WITH(make_head(spec_of(Head::simcc, kInput), {vector.info()}),
                    "head simcc: found y f32[1,10]; needs simcc_x [N, K, columns] and simcc_y [N, K, rows]");
}
