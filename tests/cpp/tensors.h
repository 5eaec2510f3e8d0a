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

// What a GPU would bring of one unit.
class Selected {
 public:
  Selected(const Floats& tensor, const RowSelection& wanted, std::size_t unit) {
    const auto rows = static_cast<std::size_t>(wanted.rows), columns = static_cast<std::size_t>(wanted.columns);
    const float* first = tensor.data.data() + unit * rows * columns;
    const auto value = [&](std::size_t r, std::size_t c) {
      return wanted.is_transposed ? first[c * rows + r] : first[r * columns + c];
    };
    for (std::size_t r = 0; r < rows; ++r) {
      float best = -INFINITY;
      for (int c = 0; c < wanted.score_count; ++c)
        best = std::max(best, value(r, static_cast<std::size_t>(wanted.first_score + c)));
      if (!(best >= wanted.least)) continue;
      numbers_.push_back(static_cast<std::int32_t>(r));
      for (std::size_t c = 0; c < columns; ++c) values_.push_back(value(r, c));
    }
    for (std::size_t i = 0; i < numbers_.size(); ++i) places_.push_back(values_.data() + i * columns);
  }
  SelectedRows rows() const { return {numbers_.size(), numbers_.data(), places_.data()}; }

 private:
  std::vector<std::int32_t> numbers_;
  std::vector<float> values_;
  std::vector<const float*> places_;
};

// Decoding of selected rows finds what decoding of all found, and fewer rows are selected than there are.
inline void check_selection(HeadDecoder& head, const Floats& tensor, std::size_t unit,
                            const std::vector<Detection>& found) {
  const auto wanted = head.selection();
  REQUIRE(wanted);
  const Selected selected(tensor, *wanted, unit);
  CHECK(selected.rows().count < static_cast<std::size_t>(wanted->rows));
  std::vector<Detection> again;
  head.decode_rows(selected.rows(), again);
  REQUIRE(again.size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(again[i].row == found[i].row);
    CHECK(again[i].class_id == found[i].class_id);
    CHECK(again[i].confidence == found[i].confidence);
    CHECK(again[i].box.left == found[i].box.left);
    CHECK(again[i].box.height == found[i].box.height);
  }
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
