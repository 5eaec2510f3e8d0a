#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/kalman.h"

#include <doctest/doctest.h>

#include <eigen3/Eigen/Dense>
#include <random>

using namespace fluvial;

namespace {

Box box_at(float centre_x, float centre_y, float width = 40, float height = 100) {
  return {centre_x - width / 2, centre_y - height / 2, width, height};
}

float centre_x(const Box& box) { return box.left + box.width / 2; }

// The textbook filter with an 8x8 covariance, for comparison.
struct FullFilter {
  using Vector = Eigen::Matrix<double, 8, 1>;
  using Matrix = Eigen::Matrix<double, 8, 8>;
  Vector x = Vector::Zero();
  Matrix p = Matrix::Zero();
  KalmanNoise noise;

  explicit FullFilter(const Box& b) {
    x << b.left + b.width / 2, b.top + b.height / 2, b.width, b.height, 0, 0, 0, 0;
    const double o = noise.observation * b.height, v = 10 * noise.place_push * b.height,
                 s = 10 * noise.size_push * b.height;
    p.diagonal() << o * o, o * o, o * o, o * o, v * v, v * v, s * s, s * s;
  }
  void predict() {
    Matrix f = Matrix::Identity();
    f.topRightCorner<4, 4>().setIdentity();
    x = f * x;
    const double h = x(3);
    Vector q;
    q << noise.place_drift, noise.place_drift, noise.size_drift, noise.size_drift, noise.place_push, noise.place_push,
        noise.size_push, noise.size_push;
    q *= h;
    p = f * p * f.transpose() + Matrix(q.cwiseProduct(q).asDiagonal());
  }
  void update(const Box& b) {
    const double o = noise.observation * x(3);
    Eigen::Matrix<double, 4, 8> m = Eigen::Matrix<double, 4, 8>::Zero();
    m.leftCols<4>().setIdentity();
    const Eigen::Matrix4d s = m * p * m.transpose() + Eigen::Matrix4d::Identity() * o * o;
    const Eigen::Matrix<double, 8, 4> gain = p * m.transpose() * s.inverse();
    x += gain * (Eigen::Vector4d(b.left + b.width / 2, b.top + b.height / 2, b.width, b.height) - m * x);
    p = (Matrix::Identity() - gain * m) * p;
  }
};

}  // namespace

TEST_CASE("two small blocks give what the textbook's 8x8 covariance gives") {
  std::mt19937 random(1);
  std::normal_distribution<float> jitter(0, 3);
  BoxFilter filter(box_at(100, 200), {});
  FullFilter full(box_at(100, 200));
  for (int frame = 1; frame < 60; ++frame) {
    filter.predict(1, {});
    full.predict();
    if (frame % 7 == 0) continue;  // unseen
    const Box seen = box_at(100 + 5.0F * static_cast<float>(frame) + jitter(random), 200 + jitter(random),
                            40 + jitter(random), 100 + jitter(random));
    filter.update(seen, {});
    full.update(seen);
    const Box box = filter.box();
    CHECK(centre_x(box) == doctest::Approx(full.x(0)).epsilon(1e-4));
    CHECK(box.top + box.height / 2 == doctest::Approx(full.x(1)).epsilon(1e-4));
    CHECK(box.width == doctest::Approx(full.x(2)).epsilon(1e-4));
    CHECK(box.height == doctest::Approx(full.x(3)).epsilon(1e-4));
    CHECK(filter.speed_x() == doctest::Approx(full.x(4)).epsilon(1e-3));
  }
}

TEST_CASE("it learns a steady speed and keeps it while nothing is seen") {
  BoxFilter filter(box_at(0, 0), {});
  for (int frame = 1; frame <= 20; ++frame) {
    filter.predict(1, {});
    filter.update(box_at(4.0F * static_cast<float>(frame), 0), {});
  }
  CHECK(filter.speed_x() == doctest::Approx(4).epsilon(0.02));
  for (int frame = 0; frame < 10; ++frame) filter.predict(1, {});
  CHECK(centre_x(filter.box()) == doctest::Approx(120).epsilon(0.02));
}

TEST_CASE("many frames at once lead to the same place as one by one") {
  BoxFilter slow(box_at(0, 0), {});
  for (int frame = 1; frame <= 5; ++frame) {
    slow.predict(1, {});
    slow.update(box_at(3.0F * static_cast<float>(frame), 0), {});
  }
  BoxFilter fast = slow;
  for (int frame = 0; frame < 4; ++frame) slow.predict(1, {});
  fast.predict(4, {});
  CHECK(centre_x(fast.box()) == doctest::Approx(centre_x(slow.box())));
}

TEST_CASE("jitter of a standing object is smoothed") {
  std::mt19937 random(1);
  std::normal_distribution<float> jitter(0, 5);
  BoxFilter filter(box_at(50, 50), {});
  double raw = 0, smooth = 0;
  for (int frame = 0; frame < 500; ++frame) {
    const float x = 50 + jitter(random);
    filter.predict(1, {});
    filter.update(box_at(x, 50), {});
    raw += (x - 50) * (x - 50);
    smooth += (centre_x(filter.box()) - 50) * (centre_x(filter.box()) - 50);
  }
  CHECK(smooth < raw / 2);
}

TEST_CASE("a box that shrank never becomes nothing, however long it is unseen") {
  BoxFilter filter(box_at(50, 50, 40, 100), {});
  for (int frame = 1; frame < 8; ++frame) {
    filter.predict(1, {});
    filter.update(box_at(50, 50, 40.0F - 5.0F * static_cast<float>(frame), 100.0F - 12.0F * static_cast<float>(frame)),
                  {});
  }
  for (int frame = 0; frame < 1000; ++frame) filter.predict(1, {});
  CHECK(filter.box().width >= 1);
  CHECK(filter.box().height >= 1);
}

TEST_CASE("an unseen box keeps its size once told so") {
  BoxFilter filter(box_at(50, 50, 40, 100), {});
  for (int frame = 1; frame < 8; ++frame) {
    filter.predict(1, {});
    filter.update(box_at(50, 50, 40.0F + 4.0F * static_cast<float>(frame), 100.0F + 10.0F * static_cast<float>(frame)),
                  {});
  }
  const float height = filter.box().height;
  filter.stop_resizing();
  for (int frame = 0; frame < 30; ++frame) filter.predict(1, {});
  CHECK(filter.box().height == doctest::Approx(height));
}
