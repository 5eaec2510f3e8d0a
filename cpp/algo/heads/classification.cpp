// Classification: every output [N, C], [N, C, 1, 1] or [N, 1, 1, C] is one attribute, whose surest class is reported.
//
// Values may be probabilities, logits, or probabilities quantised to u8 (0..255). Options:
// "activation=auto|none|softmax": apply a softmax; auto does so where values are no probabilities (outside of 0..1).
// "multi_label=auto|none|all" or names of outputs, comma separated: their values are independent (sigmoids), and each
// one above the threshold is reported. Auto takes values of 0..1 that do not sum to one for independent.
// "outputs=NAMES": only these outputs are attributes, numbered in this order.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

enum class Choice { automatic, yes, no };

struct Attribute {
  std::size_t output = 0;
  std::size_t rank = 2;
  Choice is_multi_label = Choice::automatic;
};

class Classifier : public HeadDecoder {
 public:
  Classifier(std::vector<Attribute> attributes, Choice softmax, const HeadSettings& settings)
      : attributes_(std::move(attributes)), softmax_(softmax), thresholds_(settings) {}

  void classify(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Classification>& out) override {
    for (std::size_t i = 0; i < attributes_.size(); ++i) {
      read(tensor_at(outputs, attributes_[i].output), unit, attributes_[i].rank);
      report(static_cast<int>(i), attributes_[i].is_multi_label, out);
    }
  }

 private:
  void read(const TensorView& tensor, std::size_t unit, std::size_t rank) {
    const float* values = reader_.read(tensor, unit, Shape(rank - 1, -1));
    const std::size_t count = element_count(tensor.shape) / static_cast<std::size_t>(tensor.shape[0]);
    values_.assign(values, values + count);
    if (tensor.type != ElementType::u8) return;
    for (float& value : values_) value /= 255;
  }

  void report(int attribute, Choice multi_label, std::vector<Classification>& out) {
    const bool are_probabilities =
        std::all_of(values_.begin(), values_.end(), [](float x) { return x >= -1e-4F && x <= 1 + 1e-4F; });
    const bool needs_softmax = softmax_ == Choice::yes || (softmax_ == Choice::automatic && !are_probabilities);
    const bool is_multi_label =
        multi_label == Choice::yes || (multi_label == Choice::automatic && are_probabilities && !sums_to_one());
    if (is_multi_label) return report_all(attribute, softmax_ == Choice::automatic && !are_probabilities, out);
    if (needs_softmax) apply_softmax();
    const Best best = best_of(values_.data(), static_cast<int>(values_.size()), thresholds_.least());
    if (!values_.empty() && best.value >= thresholds_.of(best.index))
      out.push_back({attribute, best.index, best.value});
  }

  void report_all(int attribute, bool are_logits, std::vector<Classification>& out) const {
    for (std::size_t c = 0; c < values_.size(); ++c) {
      const float value = are_logits ? sigmoid(values_[c]) : values_[c];
      if (value >= thresholds_.of(static_cast<int>(c))) out.push_back({attribute, static_cast<int>(c), value});
    }
  }

  // Quantised values add up their rounding: 1001 of half a step are at most two.
  bool sums_to_one() const {
    double sum = 0;
    for (float value : values_) sum += value;
    return std::abs(sum - 1) < 0.02 + 0.0005 * static_cast<double>(values_.size());
  }

  void apply_softmax() {
    const float greatest = best_of(values_.data(), static_cast<int>(values_.size()), 0).value;
    float sum = 0;
    for (float& value : values_) sum += value = std::exp(value - greatest);
    for (float& value : values_) value /= sum;
  }

  std::vector<Attribute> attributes_;
  Choice softmax_;
  Thresholds thresholds_;
  FloatReader reader_;
  std::vector<float> values_;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) words.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return words;
}

bool is_one_vector(const Shape& shape) {
  if (shape.size() < 2) return false;
  const auto is_wide = [](std::int64_t d) { return d != 1; };
  return std::count_if(shape.begin() + 1, shape.end(), is_wide) <= 1;
}

Choice multi_label_of(const ModelSpec& spec, const std::string& name) {
  const std::string word = option(spec, "multi_label", "auto");
  if (word == "auto") return Choice::automatic;
  if (word == "none") return Choice::no;
  const auto names = split(word);
  return word == "all" || std::find(names.begin(), names.end(), name) != names.end() ? Choice::yes : Choice::no;
}

}  // namespace

std::unique_ptr<HeadDecoder> make_classification(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                                 const HeadSettings& settings) {
  std::vector<std::string> wanted = split(option(spec, "outputs", ""));
  if (wanted.empty()) {
    for (const auto& output : outputs) wanted.push_back(output.name);
  }
  std::vector<Attribute> attributes;
  for (const auto& name : wanted) {
    const auto found = std::find_if(outputs.begin(), outputs.end(), [&](const auto& o) { return o.name == name; });
    if (found == outputs.end()) refuse("classification", "an output named '" + name + "'", outputs);
    if (!is_one_vector(found->shape)) refuse("classification", "vectors [N, classes] or [N, classes, 1, 1]", outputs);
    attributes.push_back(
        {static_cast<std::size_t>(found - outputs.begin()), found->shape.size(), multi_label_of(spec, name)});
  }
  if (attributes.empty()) refuse("classification", "vectors [N, classes] or [N, classes, 1, 1]", outputs);
  const std::string activation = option(spec, "activation", "auto");
  const Choice softmax =
      activation == "softmax" ? Choice::yes : (activation == "none" ? Choice::no : Choice::automatic);
  return std::make_unique<Classifier>(std::move(attributes), softmax, settings);
}

}  // namespace fluvial::heads
