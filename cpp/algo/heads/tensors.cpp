#include "algo/heads/tensors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "algo/half.h"
#include "algo/simd.h"

namespace fluvial::heads {
namespace {

const char* word(ElementType type) {
  switch (type) {
    case ElementType::f32: return "f32";
    case ElementType::f16: return "f16";
    case ElementType::i8: return "i8";
    case ElementType::u8: return "u8";
    case ElementType::i32: return "i32";
    case ElementType::i64: return "i64";
  }
  return "?";
}

std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (auto d : shape) text += (text.size() > 1 ? "," : "") + (d < 0 ? std::string("?") : std::to_string(d));
  return text + "]";
}

[[noreturn]] void refuse_tensor(const TensorView& tensor, const std::string& why) {
  throw std::runtime_error("output '" + tensor.name + "' " + word(tensor.type) + text_of(tensor.shape) + ": " + why);
}

void check_shape(const TensorView& tensor, const Shape& unit_shape) {
  for (std::size_t i = 0; i < unit_shape.size(); ++i) {
    if (unit_shape[i] >= 0 && tensor.shape[i + 1] != unit_shape[i]) {
      refuse_tensor(tensor, "each unit must be " + text_of(unit_shape));
    }
  }
}

}  // namespace

std::string describe(const TensorInfo& tensor) { return tensor.name + " " + word(tensor.type) + text_of(tensor.shape); }

std::string describe(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const auto& tensor : tensors) text += (text.empty() ? "" : ", ") + describe(tensor);
  return text.empty() ? "nothing" : text;
}

void refuse(const char* head, const std::string& needs, const std::vector<TensorInfo>& found) {
  throw std::invalid_argument(std::string("head ") + head + ": found " + describe(found) + "; needs " + needs);
}

std::string option(const ModelSpec& spec, const std::string& key, const std::string& otherwise) {
  const auto found = spec.options.find(key);
  return found == spec.options.end() ? otherwise : found->second;
}

std::string choice(const ModelSpec& spec, const char* head, const std::string& key,
                   const std::vector<std::string>& words, const std::string& otherwise) {
  const std::string word = option(spec, key, otherwise.empty() ? words.front() : otherwise);
  if (std::find(words.begin(), words.end(), word) != words.end()) return word;
  std::string allowed;
  for (std::size_t i = 0; i < words.size(); ++i)
    allowed += (i == 0 ? "" : i + 1 < words.size() ? ", " : " and ") + words[i];
  throw std::invalid_argument(std::string("head ") + head + ": option " + key + "=" + word + "; allowed are " +
                              allowed);
}

const TensorView& tensor_at(const std::vector<TensorView>& tensors, std::size_t index) {
  if (index < tensors.size()) return tensors[index];
  throw std::runtime_error("the model gave " + std::to_string(tensors.size()) + " outputs; output " +
                           std::to_string(index) + " is needed");
}

void check_unit(const TensorView& tensor, std::size_t rank, std::size_t unit) {
  if (tensor.shape.size() != rank) refuse_tensor(tensor, std::to_string(rank) + " dimensions are needed");
  if (tensor.shape[0] <= static_cast<std::int64_t>(unit)) {
    refuse_tensor(tensor, "it holds no unit " + std::to_string(unit));
  }
  if (tensor.data == nullptr && element_count(tensor.shape) > 0) refuse_tensor(tensor, "it has no memory");
}

BoxUnits::BoxUnits(const char* head, const ModelSpec& spec, const char* otherwise) {
  const std::string word = option(spec, "boxes", otherwise);
  if (word == "pixels") return;
  if (word != "normalised")
    throw std::invalid_argument(std::string("head ") + head + ": option boxes=" + word +
                                "; allowed are pixels and normalised");
  x_ = static_cast<float>(spec.input.size.width);
  y_ = static_cast<float>(spec.input.size.height);
}

const float* FloatReader::read(const TensorView& tensor, std::size_t unit, const Shape& unit_shape) {
  check_unit(tensor, unit_shape.size() + 1, unit);
  check_shape(tensor, unit_shape);
  const std::size_t count = element_count(tensor.shape) / static_cast<std::size_t>(tensor.shape[0]);
  const std::size_t begin = unit * count;
  if (tensor.type == ElementType::f32) return tensor.as<float>() + begin;

  scratch_.resize(count);
  const auto fill = [&](const auto* from, auto convert) {
    std::transform(from + begin, from + begin + count, scratch_.begin(), convert);
  };
  switch (tensor.type) {
    case ElementType::f16: fill(tensor.as<std::uint16_t>(), half_to_float); break;
    case ElementType::u8: fill(tensor.as<std::uint8_t>(), [](std::uint8_t x) { return static_cast<float>(x); }); break;
    case ElementType::i8: fill(tensor.as<std::int8_t>(), [](std::int8_t x) { return static_cast<float>(x); }); break;
    default: refuse_tensor(tensor, "numbers must be f32, f16, u8 or i8");
  }
  return scratch_.data();
}

void LabelReader::open(const TensorView& tensor, std::size_t unit, std::size_t count) {
  check_unit(tensor, 2, unit);
  check_shape(tensor, {static_cast<std::int64_t>(count)});
  type_ = tensor.type;
  switch (type_) {
    case ElementType::i64: data_ = tensor.as<std::int64_t>() + unit * count; break;
    case ElementType::i32: data_ = tensor.as<std::int32_t>() + unit * count; break;
    default: data_ = floats_.read(tensor, unit, {-1}); break;
  }
}

int LabelReader::at(std::size_t i) const {
  constexpr int kMost = 1 << 24;  // beyond it, floats skip whole numbers and nobody has classes
  const auto class_id = [](auto value) { return value >= 0 && value < kMost ? static_cast<int>(value) : -1; };
  switch (type_) {
    case ElementType::i64: return class_id(static_cast<const std::int64_t*>(data_)[i]);
    case ElementType::i32: return class_id(static_cast<const std::int32_t*>(data_)[i]);
    default: return class_id(static_cast<const float*>(data_)[i]);
  }
}

Thresholds::Thresholds(const HeadSettings& settings)
    : by_class_(settings.threshold_by_class), otherwise_(settings.threshold), least_(settings.threshold) {
  for (float threshold : by_class_) least_ = std::min(least_, threshold);
}

namespace {

// Lanes of their own maximum: one running maximum could not be vectorised without reordering floats.
FLUVIAL_SIMD
float greatest_of(const float* values, int count) {
  constexpr int kLanes = 16;
  float lane[kLanes];
  std::copy_n(values, kLanes, lane);
  int i = kLanes;
  for (; i + kLanes <= count; i += kLanes) {
    for (int j = 0; j < kLanes; ++j) lane[j] = values[i + j] > lane[j] ? values[i + j] : lane[j];
  }
  for (; i < count; ++i) lane[0] = values[i] > lane[0] ? values[i] : lane[0];
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j) lane[j] = lane[j + half] > lane[j] ? lane[j + half] : lane[j];
  }
  return lane[0];
}

float greatest_of_few(const float* values, int count) {
  float greatest = -std::numeric_limits<float>::infinity();
  for (int i = 0; i < count; ++i) greatest = values[i] > greatest ? values[i] : greatest;
  return greatest;
}

}  // namespace

Best best_of(const float* values, int count, float least) {
  Best best{0, count < 32 ? greatest_of_few(values, count) : greatest_of(values, count)};
  if (!(best.value >= least)) return best;
  while (best.index + 1 < count && values[best.index] != best.value) ++best.index;
  return best;
}

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

float least_logit(float probability) {
  if (probability <= 0) return any_value;
  if (probability >= 1) return std::numeric_limits<float>::infinity();
  return std::log(probability / (1 - probability)) - 1e-3F;
}

const float* row_numbered(const SelectedRows& rows, std::int32_t number) {
  const auto* end = rows.numbers + rows.count;
  const auto* found = std::lower_bound(rows.numbers, end, number);
  if (found == end || *found != number)
    throw std::runtime_error("row " + std::to_string(number) + " is not among the " + std::to_string(rows.count) +
                             " that came back");
  return rows.row(static_cast<std::size_t>(found - rows.numbers));
}

SelectedRows rows_between(const SelectedRows& rows, std::size_t first, std::size_t end) {
  const auto place = [&](std::size_t number) {
    const auto wanted = static_cast<std::int32_t>(number);
    return static_cast<std::size_t>(std::lower_bound(rows.numbers, rows.numbers + rows.count, wanted) - rows.numbers);
  };
  const std::size_t begin = place(first);
  return {place(end) - begin, rows.numbers + begin, rows.row(begin), rows.width};
}

}  // namespace fluvial::heads
