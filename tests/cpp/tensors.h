// Tensors made by hand, and what tests of heads hold up against each other.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "algo/heads/head.h"

namespace testing {

using namespace fluvial;

constexpr float kTolerance = 1e-3F;  // pixels

// A tensor that owns its numbers.
template <typename T>
struct Tensor {
  std::string name;
  ElementType type;
  Shape shape;
  std::vector<T> data;

  Tensor(std::string n, ElementType t, Shape s)
      : name(std::move(n)), type(t), shape(std::move(s)), data(element_count(shape)) {}
  TensorInfo info() const { return {name, type, shape}; }
  TensorView view() { return {name, type, shape, data.data()}; }
};

using Floats = Tensor<float>;

inline Floats floats(const char* name, Shape shape) { return {name, ElementType::f32, std::move(shape)}; }

inline void fill(Floats& tensor, std::mt19937& random, float low, float high) {
  std::uniform_real_distribution<float> number(low, high);
  for (auto& x : tensor.data) x = number(random);
}

inline ModelSpec spec_of(Head head, Size size) {
  ModelSpec spec;
  spec.head = head;
  spec.input.size = size;
  return spec;
}

inline void check_same(const std::vector<Detection>& got, const std::vector<Detection>& expected) {
  REQUIRE(got.size() == expected.size());
  CHECK(expected.size() > 0);
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].class_id == expected[i].class_id);
    CHECK(std::abs(got[i].confidence - expected[i].confidence) < 1e-5F);
    CHECK(std::abs(got[i].box.left - expected[i].box.left) < kTolerance);
    CHECK(std::abs(got[i].box.top - expected[i].box.top) < kTolerance);
    CHECK(std::abs(got[i].box.width - expected[i].box.width) < kTolerance);
    CHECK(std::abs(got[i].box.height - expected[i].box.height) < kTolerance);
  }
}

inline float threshold_of(const HeadSettings& settings, int class_id) {
  const auto i = static_cast<std::size_t>(class_id);
  return i < settings.threshold_by_class.size() ? settings.threshold_by_class[i] : settings.threshold;
}

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace testing
