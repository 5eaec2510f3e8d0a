// Maps of classes against the formula written slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "selected_rows.h"
#include "tensors.h"

using namespace testing;

namespace {

constexpr int kHeight = 5, kWidth = 7, kClasses = 4;

ModelSpec spec(std::map<std::string, std::string> options = {}) {
  ModelSpec s = spec_of(Head::segmentation, {2 * kWidth, 2 * kHeight});
  s.options = std::move(options);
  return s;
}

// Classes that a GPU brings are those of the whole output.
template <typename T>
void check_classes(HeadDecoder& head, Tensor<T>& tensor, std::size_t unit, const Segmentation& map) {
  for (int look = 0; look < 16; ++look) {
    Segmentation again;
    head.segment({tensor.view()}, unit, again);
  }
  const auto wanted = head.selection();
  REQUIRE(wanted);
  REQUIRE(wanted->pixels);
  const auto classes = classes_of({tensor.view()}, *wanted->pixels, unit);
  SelectedRows rows;
  rows.pixels = classes.data();
  Segmentation found;
  head.segment_rows(rows, found);
  CHECK(found.classes == map.classes);
  CHECK(found.size == map.size);
  CHECK(found.class_count == map.class_count);
  CHECK(found.probabilities.empty());
}

Segmentation run(const ModelSpec& s, Floats& tensor, float threshold = 0, std::size_t unit = 0) {
  HeadSettings settings;
  settings.threshold = threshold;
  Segmentation out;
  const auto head = make_head(s, {tensor.info()}, settings);
  CHECK_FALSE(head->selection());
  head->segment({tensor.view()}, unit, out);
  if (out.probabilities.empty()) check_classes(*head, tensor, unit, out);
  return out;
}

// Two units of scores, NCHW, and the same as NHWC.
struct Scores {
  Floats nchw = floats("out", {2, kClasses, kHeight, kWidth});
  Floats nhwc = floats("out", {2, kHeight, kWidth, kClasses});
  Scores(float low, float high) {
    std::mt19937 random(7);
    fill(nchw, random, low, high);
    for (int n = 0; n < 2; ++n)
      for (int c = 0; c < kClasses; ++c)
        for (int i = 0; i < kHeight * kWidth; ++i)
          nhwc.data[static_cast<std::size_t>((n * kHeight * kWidth + i) * kClasses + c)] = at(n, c, i);
  }
  float at(int unit, int c, int pixel) const {
    return nchw.data[static_cast<std::size_t>((unit * kClasses + c) * kHeight * kWidth + pixel)];
  }
  std::vector<double> softmax(int unit, int pixel) const {
    std::vector<double> shares;
    double sum = 0;
    for (int c = 0; c < kClasses; ++c) sum += std::exp(static_cast<double>(at(unit, c, pixel)));
    for (int c = 0; c < kClasses; ++c) shares.push_back(std::exp(static_cast<double>(at(unit, c, pixel))) / sum);
    return shares;
  }
};

}  // namespace

TEST_CASE("the greatest score of a pixel is its class, whatever the layout and the place in the batch") {
  Scores scores(-3, 3);
  const Segmentation map = run(spec(), scores.nchw, 0, 1);
  CHECK(map.size == Size{kWidth, kHeight});
  CHECK(map.class_count == kClasses);
  CHECK(map.probabilities.empty());
  for (int i = 0; i < kHeight * kWidth; ++i) {
    int best = 0;
    for (int c = 1; c < kClasses; ++c) best = scores.at(1, c, i) > scores.at(1, best, i) ? c : best;
    CHECK(map.classes[static_cast<std::size_t>(i)] == best);
  }
  CHECK(run(spec(), scores.nhwc, 0, 1).classes == map.classes);
}

TEST_CASE("a pixel whose winner is not sure enough has no class; logits are judged by their softmax") {
  Scores scores(-3, 3);
  const auto all = run(spec(), scores.nchw, 0);
  for (auto* tensor : {&scores.nchw, &scores.nhwc}) {
    const auto map = run(spec({{"probabilities", "yes"}}), *tensor, 0.6F);
    CHECK(run(spec(), *tensor, 0.6F).classes == map.classes);
    int unsure = 0;
    for (int i = 0; i < kHeight * kWidth; ++i) {
      const auto shares = scores.softmax(0, i);
      const auto place = static_cast<std::size_t>(i);
      const double best = shares[static_cast<std::size_t>(all.classes[place])];
      CHECK(map.classes[place] == (best > 0.6 ? all.classes[place] : -1));
      unsure += best > 0.6 ? 0 : 1;
      for (int c = 0; c < kClasses; ++c)
        CHECK(map.probabilities[static_cast<std::size_t>(c * kHeight * kWidth + i)] ==
              doctest::Approx(shares[static_cast<std::size_t>(c)]).epsilon(1e-4));
    }
    CHECK(unsure > 0);
    CHECK(unsure < kHeight * kWidth);
  }
}

TEST_CASE("numbers of 0 to 1 are probabilities, unless the options say logits") {
  Scores scores(0, 1);
  const auto map = run(spec(), scores.nchw, 0.9F);
  for (int i = 0; i < kHeight * kWidth; ++i) {
    float best = 0;
    for (int c = 0; c < kClasses; ++c) best = std::max(best, scores.at(0, c, i));
    CHECK((map.classes[static_cast<std::size_t>(i)] >= 0) == (best > 0.9F));
  }
  const auto logits = run(spec({{"scores", "logits"}}), scores.nchw, 0.9F);
  CHECK(std::all_of(logits.classes.begin(), logits.classes.end(), [](int id) { return id == -1; }));
}

TEST_CASE("one channel is the probability of class 1") {
  Floats tensor = floats("out", {1, 1, 1, 4});
  tensor.data = {0.2F, 0.49F, 0.51F, 0.9F};
  CHECK(run(spec(), tensor).classes == std::vector<int>{0, 0, 1, 1});
  CHECK(run(spec(), tensor, 0.8F).classes == std::vector<int>{0, 0, 0, 1});
  tensor.data = {-2, -0.1F, 0.1F, 3};
  const auto map = run(spec({{"probabilities", "yes"}}), tensor);
  CHECK(map.classes == std::vector<int>{0, 0, 1, 1});
  CHECK(map.class_count == 2);
  CHECK(map.probabilities[7] == doctest::Approx(logistic(3)));
  CHECK(map.probabilities[3] == doctest::Approx(1 - logistic(3)));
}

TEST_CASE("whole numbers are classes already") {
  const auto check = [](auto tensor) {
    tensor.data = {0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 7};  // two units of 2 x 3
    Segmentation out;
    ModelSpec s = spec();
    const auto head = make_head(s, {tensor.info()});
    head->segment({tensor.view()}, 1, out);
    check_classes(*head, tensor, 1, out);
    CHECK(out.size == Size{3, 2});
    CHECK(out.classes == std::vector<int>{5, 4, 3, 2, 1, 7});
    CHECK(out.class_count == 8);
    s.class_count = 21;
    make_head(s, {tensor.info()})->segment({tensor.view()}, 0, out);
    CHECK(out.class_count == 21);
  };
  check(Tensor<std::int64_t>("map", ElementType::i64, {2, 2, 3}));
  check(Tensor<std::int32_t>("map", ElementType::i32, {2, 1, 2, 3}));
  check(Tensor<std::uint8_t>("map", ElementType::u8, {2, 2, 3, 1}));
}

TEST_CASE("a whole number that is no byte is told: then the whole output is looked at") {
  Tensor<std::int32_t> map("map", ElementType::i32, {2, 1, 4});
  map.data = {0, 255, 3, 4, 0, 256, -1, 4};
  PixelClasses wanted;
  wanted.pixels = 4;
  wanted.field.inner_step = 1;
  std::vector<int> strange;
  CHECK(classes_of({map.view()}, wanted, 0, &strange) == std::vector<std::uint8_t>{0, 255, 3, 4});
  CHECK(strange == std::vector<int>{0, 2});
}

TEST_CASE("more classes than a byte has, and probabilities, come back as they are") {
  Floats many = floats("out", {1, 256, 2, 3});
  Segmentation out;
  const auto head = make_head(spec(), {many.info()});
  for (int look = 0; look < 20; ++look) head->segment({many.view()}, 0, out);
  CHECK_FALSE(head->selection());
  Scores scores(-3, 3);
  const auto other = make_head(spec({{"probabilities", "yes"}}), {scores.nchw.info()});
  for (int look = 0; look < 20; ++look) other->segment({scores.nchw.view()}, 0, out);
  CHECK_FALSE(other->selection());
}

TEST_CASE("an output is chosen by name, and what does not fit is refused with what is needed") {
  Scores scores(0, 1);
  Floats other = floats("aux", {2, kClasses, kHeight, kWidth});
  HeadSettings settings;
  settings.threshold = 0;
  Segmentation by_name, first;
  make_head(spec({{"output", "out"}}), {other.info(), scores.nchw.info()}, settings)
      ->segment({other.view(), scores.nchw.view()}, 0, by_name);
  make_head(spec(), {scores.nchw.info()}, settings)->segment({scores.nchw.view()}, 0, first);
  CHECK(by_name.classes == first.classes);
  CHECK_THROWS_WITH(make_head(spec({{"output", "y"}}), {other.info()}),
                    "head segmentation: found aux f32[2,4,5,7]; needs an output 'y' [N, C, H, W] or [N, H, W, C] of "
                    "scores, or [N, H, W] of classes");
  CHECK_THROWS_WITH(make_head(spec({{"scores", "maybe"}}), {other.info()}),
                    "head segmentation: option scores=maybe; allowed are auto, logits, probabilities");
  CHECK_THROWS_WITH(make_head(spec({{"layout", "hwc"}}), {other.info()}),
                    "head segmentation: option layout=hwc; allowed are auto, nchw, nhwc");
  const Floats vector = floats("y", {1, 10});
  CHECK_THROWS_WITH(make_head(spec(), {vector.info()}), doctest::Contains("found y f32[1,10]"));
}
