#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/letterbox.h"

#include <doctest/doctest.h>

#include <limits>

using namespace fluvial;

namespace {

InputSpec input(Size size, bool keeps_aspect, bool is_centred = false) {
  InputSpec spec;
  spec.size = size;
  spec.keeps_aspect = keeps_aspect;
  spec.is_padding_centred = is_centred;
  return spec;
}

void check_box(const Box& a, const Box& b) {
  CHECK(a.left == doctest::Approx(b.left).epsilon(1e-4));
  CHECK(a.top == doctest::Approx(b.top).epsilon(1e-4));
  CHECK(a.width == doctest::Approx(b.width).epsilon(1e-4));
  CHECK(a.height == doctest::Approx(b.height).epsilon(1e-4));
}

constexpr Size kHd{1920, 1080};
constexpr Box kAll{0, 0, 1920, 1080};

}  // namespace

TEST_CASE("stretched, the picture covers the whole input") {
  const Letterbox box = make_letterbox(input({416, 416}, false), kAll, kHd);
  CHECK(box.width == 416);
  CHECK(box.height == 416);
  check_box(to_frame(box, {208, 104, 104, 52}, kHd), {960, 270, 480, 135});
}

TEST_CASE("top left, the border lies right or below") {
  const Letterbox wide = make_letterbox(input({416, 416}, true), kAll, kHd);
  CHECK(wide.left == 0);
  CHECK(wide.top == 0);
  CHECK(wide.width == 416);
  CHECK(wide.height == 234);
  const Letterbox tall = make_letterbox(input({416, 416}, true), {100, 50, 200, 800}, kHd);
  CHECK(tall.width == 104);
  CHECK(tall.height == 416);
  check_box(to_frame(tall, {52, 208, 26, 104}, kHd), {200, 450, 50, 200});
}

TEST_CASE("centred, the border lies on both sides") {
  const Letterbox box = make_letterbox(input({640, 640}, true, true), kAll, kHd);
  CHECK(box.left == 0);
  CHECK(box.top == 140);
  CHECK(box.height == 360);
  check_box(to_frame(box, {320, 320, 32, 32}, kHd), {960, 540, 96, 96});
}

TEST_CASE("boxes go there and back") {
  for (bool keeps : {false, true}) {
    for (bool centred : {false, true}) {
      const Box crop{33.5F, 17.25F, 501.5F, 333};
      const Letterbox box = make_letterbox(input({300, 200}, keeps, centred), crop, kHd);
      check_box(to_frame(box, to_input(box, {100, 60, 77, 88}), kHd), {100, 60, 77, 88});
      check_box(to_input(box, crop), {static_cast<float>(box.left), static_cast<float>(box.top),
                                      static_cast<float>(box.width), static_cast<float>(box.height)});
    }
  }
}

TEST_CASE("boxes and crops are clamped to the frame") {
  const Letterbox all = make_letterbox(input({100, 100}, false), {-50, -50, 5000, 5000}, kHd);
  check_box(all.crop, kAll);
  check_box(to_frame(all, {-10, -10, 500, 20}, kHd), {0, 0, 1920, 108});
  check_box(to_frame(all, {200, 200, 5, 5}, kHd), {1920, 1080, 0, 0});
}

TEST_CASE("what is no box becomes one without area") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const Letterbox all = make_letterbox(input({100, 100}, true), kAll, kHd);
  for (const Box& bad : {Box{nan, nan, nan, nan}, Box{-inf, -inf, inf, inf}, Box{5, 5, -3, -3}}) {
    CHECK(to_frame(all, bad, kHd).area() == 0);
  }
  CHECK(make_letterbox(input({100, 100}, true), {nan, 0, 10, 10}, kHd).is_empty());
  CHECK(make_letterbox(input({100, 100}, true), {3000, 0, 10, 10}, kHd).is_empty());
  CHECK(to_frame(Letterbox{}, {1, 1, 1, 1}, kHd).area() == 0);
}

TEST_CASE("a sliver of a crop still covers a pixel") {
  const Letterbox box = make_letterbox(input({64, 64}, true), {0, 0, 1920, 1}, kHd);
  CHECK(box.width == 64);
  CHECK(box.height == 1);
}

TEST_CASE("the picture is what lies between the borders") {
  check_box(picture_of(make_letterbox(input({640, 640}, true, true), kAll, kHd)), {0, 140, 640, 360});
  CHECK(picture_of(make_letterbox(input({640, 640}, true, true), {2000, 0, 10, 10}, kHd)).area() == 0);
}

TEST_CASE("points come back as boxes do, and may lie outside of the picture") {
  const Letterbox box = make_letterbox(input({640, 640}, true, true), kAll, kHd);
  const Keypoint inside = to_frame(box, Keypoint{320, 320, .5F});
  CHECK(inside.x == doctest::Approx(960));
  CHECK(inside.y == doctest::Approx(540));
  CHECK(inside.confidence == .5F);
  CHECK(to_frame(box, Keypoint{-10, 100, 1}).x == doctest::Approx(-30));
  CHECK(to_frame(box, Keypoint{-10, 100, 1}).y == doctest::Approx(-120));
}

TEST_CASE("a box is cut to bounds that need not begin at 0") {
  check_box(clamp_to({0, 0, 100, 100}, Box{10, 20, 30, 40}), {10, 20, 30, 40});
  CHECK(clamp_to({0, 0, 5, 5}, Box{10, 20, 30, 40}).area() == 0);
}
