// Text of one line by CTC: a score for each character of an alphabet, and for none (blank), at each of T steps.
//
// The best of each step is taken, repeats are one, and blanks are left out (Graves et al., "Connectionist Temporal
// Classification"). The confidence is the mean over the characters that are left. Instead of scores there may be the
// numbers of the best already, [N, T] of i32 or i64, with or without their probabilities [N, T]. Options:
// "alphabet=0123...": characters in the model's order, else one a line of the labels; "order=ntc|tnc|nct": what the
// axes are, where shape and alphabet leave it open; "blank=first|last|none" or a number, last unless said;
// "repeats=collapse|keep": decoders of attention want theirs kept.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/tensors.h"
#include "algo/utf8.h"

namespace fluvial::heads {
namespace {

constexpr int kNoBlank = -1;

struct Step {
  int character = 0;
  float confidence = 1;
};

// Where the numbers of one unit lie.
struct Axes {
  std::size_t steps = 0, characters = 0;
  std::size_t to_step = 0, to_character = 0;  // how far it is to the next
};

enum class Order { ntc, tnc, nct };

class Reader : public HeadDecoder {
 public:
  Reader(std::vector<std::string> alphabet, int blank, bool collapses, const HeadSettings& settings)
      : alphabet_(std::move(alphabet)), blank_(blank), collapses_(collapses), thresholds_(settings) {}

  void classify(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Classification>& out) override {
    steps_.clear();
    read_steps(outputs, unit, steps_);
    Classification found;
    float sum = 0;
    int count = 0, before = kNoBlank;
    for (const auto& step : steps_) {
      const bool is_repeat = collapses_ && step.character == before;
      before = step.character;
      if (step.character == blank_ || is_repeat || step.character < 0) continue;
      found.text += letter(step.character);
      sum += step.confidence;
      ++count;
    }
    found.confidence = count > 0 ? sum / static_cast<float>(count) : 0;
    if (count > 0 && found.confidence >= thresholds_.of(0)) out.push_back(std::move(found));
  }

 protected:
  virtual void read_steps(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Step>& steps) = 0;

 private:
  // The alphabet has no letter for the blank, wherever that stands.
  std::string letter(int character) const {
    const int place = blank_ != kNoBlank && character > blank_ ? character - 1 : character;
    return place < static_cast<int>(alphabet_.size()) ? alphabet_[static_cast<std::size_t>(place)] : "?";
  }

  std::vector<std::string> alphabet_;
  int blank_;
  bool collapses_;
  Thresholds thresholds_;
  std::vector<Step> steps_;
};

class ScoreReader final : public Reader {
 public:
  ScoreReader(Order order, std::vector<std::string> alphabet, int blank, bool collapses, const HeadSettings& settings)
      : Reader(std::move(alphabet), blank, collapses, settings), order_(order) {}

 private:
  void read_steps(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Step>& steps) override {
    Axes axes;
    const float* scores = read_scores(tensor_at(outputs, 0), unit, axes);
    const bool are_probabilities = look_like_probabilities(scores, axes);
    for (std::size_t t = 0; t < axes.steps; ++t)
      steps.push_back(best_at(scores + t * axes.to_step, axes, are_probabilities));
  }

  // A tensor whose steps come first is read whole: its units lie between each other.
  const float* read_scores(const TensorView& tensor, std::size_t unit, Axes& axes) {
    const Shape& s = tensor.shape;
    if (order_ != Order::tnc) {
      const float* scores = reader_.read(tensor, unit, {-1, -1});
      const auto first = static_cast<std::size_t>(s[1]), second = static_cast<std::size_t>(s[2]);
      axes = order_ == Order::ntc ? Axes{first, second, second, 1} : Axes{second, first, 1, second};
      return scores;
    }
    if (s.size() != 3 || s[1] <= static_cast<std::int64_t>(unit))
      throw std::runtime_error("output '" + tensor.name + "' holds no unit " + std::to_string(unit));
    TensorView whole = tensor;
    whole.shape.insert(whole.shape.begin(), 1);
    const float* scores = reader_.read(whole, 0, s);
    const auto units = static_cast<std::size_t>(s[1]), characters = static_cast<std::size_t>(s[2]);
    axes = {static_cast<std::size_t>(s[0]), characters, units * characters, 1};
    return scores + unit * characters;
  }

  static bool look_like_probabilities(const float* scores, const Axes& axes) {
    for (std::size_t t = 0; t < axes.steps; ++t) {
      double sum = 0;
      for (std::size_t c = 0; c < axes.characters; ++c) {
        const float score = scores[t * axes.to_step + c * axes.to_character];
        if (!(score >= -1e-4F)) return false;
        sum += score;
      }
      if (std::abs(sum - 1) > 0.02) return false;
    }
    return true;
  }

  static Step best_at(const float* scores, const Axes& axes, bool are_probabilities) {
    std::size_t best = 0;
    for (std::size_t c = 1; c < axes.characters; ++c)
      if (scores[c * axes.to_character] > scores[best * axes.to_character]) best = c;
    const float greatest = scores[best * axes.to_character];
    if (are_probabilities) return {static_cast<int>(best), greatest};
    float sum = 0;
    for (std::size_t c = 0; c < axes.characters; ++c) sum += std::exp(scores[c * axes.to_character] - greatest);
    return {static_cast<int>(best), 1 / sum};
  }

  Order order_;
  FloatReader reader_;
};

class NumberReader final : public Reader {
 public:
  NumberReader(std::size_t numbers, std::size_t shares, std::vector<std::string> alphabet, int blank, bool collapses,
               const HeadSettings& settings)
      : Reader(std::move(alphabet), blank, collapses, settings), numbers_(numbers), shares_(shares) {}

 private:
  void read_steps(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Step>& steps) override {
    const TensorView& tensor = tensor_at(outputs, numbers_);
    check_unit(tensor, 2, unit);
    const auto count = static_cast<std::size_t>(tensor.shape[1]);
    reader_.open(tensor, unit, count);
    const float* shares =
        shares_ == numbers_ ? nullptr : share_reader_.read(tensor_at(outputs, shares_), unit, {tensor.shape[1]});
    for (std::size_t t = 0; t < count; ++t) steps.push_back({reader_.at(t), shares ? shares[t] : 1.0F});
  }

  std::size_t numbers_, shares_;  // alike: there are no shares
  LabelReader reader_;
  FloatReader share_reader_;
};

[[noreturn]] void refuse_option(const char* key, const std::string& word, const char* allowed) {
  throw std::invalid_argument(std::string("head text: option ") + key + "=" + word + "; allowed are " + allowed);
}

int blank_of(const ModelSpec& spec, std::int64_t characters) {
  const std::string word = option(spec, "blank", "last");
  if (word == "none") return kNoBlank;
  if (word == "first") return 0;
  if (word == "last") return static_cast<int>(characters) - 1;
  const bool is_number = !word.empty() && word.size() < 6 && word.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && std::stoll(word) < characters) return std::stoi(word);
  refuse_option("blank", word, "first, last, none or a number of a character");
}

bool collapses(const ModelSpec& spec) {
  const std::string word = option(spec, "repeats", "collapse");
  if (word != "collapse" && word != "keep") refuse_option("repeats", word, "collapse, keep");
  return word == "collapse";
}

// The batch of one stands where it is no step; characters are as many as the alphabet has, and a blank.
Order order_of(const ModelSpec& spec, const Shape& s, std::size_t letters) {
  const std::string word = option(spec, "order", "auto");
  if (word == "ntc") return Order::ntc;
  if (word == "tnc") return Order::tnc;
  if (word == "nct") return Order::nct;
  if (word != "auto") refuse_option("order", word, "auto, ntc, tnc, nct");
  if (s[1] == 1 && s[0] != 1) return Order::tnc;
  const auto is_alphabet = [&](std::int64_t d) {
    return letters > 0 && d >= static_cast<std::int64_t>(letters) && d <= static_cast<std::int64_t>(letters) + 1;
  };
  return is_alphabet(s[1]) && !is_alphabet(s[2]) ? Order::nct : Order::ntc;
}

bool is_number(const TensorInfo& o) {
  return o.shape.size() == 2 && (o.type == ElementType::i32 || o.type == ElementType::i64);
}

}  // namespace

std::unique_ptr<HeadDecoder> make_text(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                       const HeadSettings& settings) {
  const std::string letters = option(spec, "alphabet", "");
  auto alphabet = letters.empty() ? spec.labels : characters_of(letters);
  // Lines of a file come without spaces at their ends.
  for (auto& letter : alphabet) letter = letter.empty() ? " " : letter;
  if (alphabet.empty())
    throw std::invalid_argument(
        "head text: an alphabet is needed: labels with one character a line, or the option alphabet=0123...");
  const auto numbers = std::find_if(outputs.begin(), outputs.end(), is_number);
  if (numbers != outputs.end()) {
    const auto place = static_cast<std::size_t>(numbers - outputs.begin());
    const auto shares = std::find_if(outputs.begin(), outputs.end(), [](const auto& o) {
      return o.shape.size() == 2 && (o.type == ElementType::f32 || o.type == ElementType::f16);
    });
    const auto share = shares == outputs.end() ? place : static_cast<std::size_t>(shares - outputs.begin());
    const int blank = blank_of(spec, static_cast<std::int64_t>(alphabet.size()) + 1);
    return std::make_unique<NumberReader>(place, share, std::move(alphabet), blank, collapses(spec), settings);
  }
  if (outputs.empty() || outputs[0].shape.size() != 3)
    refuse("text", "scores [N, T, C], [T, N, C] or [N, C, T], or numbers of characters [N, T]", outputs);
  const Shape& s = outputs[0].shape;
  const Order order = order_of(spec, s, alphabet.size());
  const int blank = blank_of(spec, order == Order::nct ? s[1] : s[2]);
  return std::make_unique<ScoreReader>(order, std::move(alphabet), blank, collapses(spec), settings);
}

}  // namespace fluvial::heads
