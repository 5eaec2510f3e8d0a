// Semantic segmentation: a class for each pixel of a map that covers the network's input.
//
// Whole numbers [N, H, W], [N, 1, H, W] or [N, H, W, 1] are classes already (argmax in the graph). Floats
// [N, C, H, W] or [N, H, W, C] are scores: the greatest wins, and where its probability does not exceed the threshold
// the pixel's class is -1 (as nvinfer's segmentation-threshold). One channel of floats is the probability of class 1,
// which it is above the threshold, or above a half where that is 0; else the pixel is of class 0. Options:
// "output=NAME": that output, else the first whose shape fits; "layout=nchw|nhwc", where the shape leaves it open;
// "scores=auto|probabilities|logits": auto takes numbers outside of 0..1 for logits, frame by frame;
// "probabilities=no|yes": whether probabilities are handed on too, which costs a softmax and a copy of all scores.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/settled.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

struct Form {
  std::size_t output = 0;
  std::size_t rank = 4;
  Layout layout = Layout::nchw;
  bool are_classes = false;
};

// What of a tensor's shape is what.
struct Extent {
  std::size_t channels = 1, pixels = 0;
  Size size;
};

Extent extent_of(const TensorView& tensor, const Form& form) {
  const Shape& s = tensor.shape;
  const bool is_nhwc = form.rank == 4 && form.layout == Layout::nhwc;
  const std::size_t first = form.rank == 4 && !is_nhwc ? 2 : 1;
  Extent extent;
  if (form.rank == 4) extent.channels = static_cast<std::size_t>(is_nhwc ? s[3] : s[1]);
  extent.size = {static_cast<int>(s[first + 1]), static_cast<int>(s[first])};
  extent.pixels = static_cast<std::size_t>(s[first] * s[first + 1]);
  return extent;
}

template <typename T>
void copy_classes(const TensorView& tensor, std::size_t unit, std::vector<int>& out) {
  const T* from = tensor.as<T>() + unit * out.size();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int>(from[i]);
}

class Segmenter : public HeadDecoder {
 public:
  Segmenter(const ModelSpec& spec, Form form, const HeadSettings& settings)
      : form_(form),
        class_count_(spec.class_count),
        scores_(option(spec, "scores", "auto")),
        keeps_probabilities_(option(spec, "probabilities", "no") == "yes"),
        threshold_(settings.threshold) {}

  void segment(const std::vector<TensorView>& outputs, std::size_t unit, Segmentation& out) override {
    const TensorView& tensor = tensor_at(outputs, form_.output);
    check_unit(tensor, form_.rank, unit);
    const Extent extent = extent_of(tensor, form_);
    out.size = extent.size;
    out.classes.assign(extent.pixels, 0);
    out.probabilities.clear();
    if (form_.are_classes) {
      settled_.saw({extent, false});
      return take_classes(tensor, unit, out);
    }
    const float* scores = reader_.read(tensor, unit, Shape(form_.rank - 1, -1));
    if (extent.channels == 1) return judge_one(scores, extent, out);
    out.class_count = static_cast<int>(extent.channels);
    form_.layout == Layout::nchw || form_.rank == 3 ? judge_planes(scores, extent, out)
                                                    : judge_pixels(scores, extent, out);
    const bool are_logits = scores_ == "logits" || (scores_ == "auto" && look_like_logits(scores, extent));
    settled_.saw({extent, are_logits});
    if (threshold_ > 0 || keeps_probabilities_) look_at_probabilities(scores, extent, are_logits, out);
  }

  // Classes alone, a byte each.
  std::optional<RowSelection> selection() const override {
    const auto& [extent, are_logits] = settled_.look();
    if (keeps_probabilities_ || !settled_.is_settled() || extent.channels > PixelClasses::none) return std::nullopt;
    const bool is_nhwc = form_.rank == 4 && form_.layout == Layout::nhwc;
    PixelClasses wanted;
    wanted.pixels = static_cast<int>(extent.pixels);
    RowField& field = wanted.field;
    field.output = form_.output;
    field.columns = static_cast<int>(extent.channels);
    field.inner_step = is_nhwc ? field.columns : 1;
    field.column_step = is_nhwc ? 1 : wanted.pixels;
    if (!form_.are_classes && extent.channels == 1) field.least = bound_of_one(are_logits);
    if (extent.channels > 1) field.kind = are_logits && threshold_ > 0 ? RowField::share : RowField::greatest;
    if (extent.channels > 1 && threshold_ > 0) field.least = threshold_;
    RowSelection selection;
    selection.pixels = wanted;
    return selection;
  }

  void segment_rows(const SelectedRows& rows, Segmentation& out) override {
    const Extent& extent = settled_.look().extent;
    out.size = extent.size;
    out.probabilities.clear();
    out.classes.assign(rows.pixels, rows.pixels + extent.pixels);
    if (form_.are_classes) {
      out.class_count = count_of(out.classes, class_count_);
      return;
    }
    out.class_count = extent.channels == 1 ? 2 : static_cast<int>(extent.channels);
    for (int& id : out.classes) id = id == PixelClasses::none ? -1 : id;
  }

 private:
  struct Look {
    Extent extent;
    bool are_logits = false;
    bool operator==(const Look& other) const {
      return extent.channels == other.extent.channels && extent.size == other.extent.size &&
             are_logits == other.are_logits;
    }
  };

  void take_classes(const TensorView& tensor, std::size_t unit, Segmentation& out) const {
    switch (tensor.type) {
      case ElementType::i64: copy_classes<std::int64_t>(tensor, unit, out.classes); break;
      case ElementType::i32: copy_classes<std::int32_t>(tensor, unit, out.classes); break;
      case ElementType::u8: copy_classes<std::uint8_t>(tensor, unit, out.classes); break;
      case ElementType::i8: copy_classes<std::int8_t>(tensor, unit, out.classes); break;
      default: throw std::runtime_error("output '" + tensor.name + "': classes must be i64, i32, u8 or i8");
    }
    out.class_count = count_of(out.classes, class_count_);
  }

  float bound_of_one(bool are_logits) const {
    const float least = threshold_ > 0 ? threshold_ : 0.5F;
    return are_logits ? std::log(least / (1 - std::min(least, 1 - 1e-6F))) : least;
  }

  static int count_of(const std::vector<int>& classes, int known) {
    int most = known - 1;
    for (int id : classes) most = std::max(most, id);
    return most + 1;
  }

  // Two classes, of which one has the scores.
  void judge_one(const float* scores, const Extent& extent, Segmentation& out) {
    const bool are_logits = scores_ == "logits" || (scores_ == "auto" && look_like_logits(scores, extent));
    settled_.saw({extent, are_logits});
    const float bound = bound_of_one(are_logits);
    for (std::size_t i = 0; i < extent.pixels; ++i) out.classes[i] = scores[i] > bound ? 1 : 0;
    out.class_count = 2;
    if (!keeps_probabilities_) return;
    out.probabilities.resize(2 * extent.pixels);
    for (std::size_t i = 0; i < extent.pixels; ++i) {
      const float share = are_logits ? sigmoid(scores[i]) : scores[i];
      out.probabilities[i] = 1 - share;
      out.probabilities[extent.pixels + i] = share;
    }
  }

  void judge_planes(const float* scores, const Extent& extent, Segmentation& out) {
    best_.assign(scores, scores + extent.pixels);
    for (std::size_t c = 1; c < extent.channels; ++c) {
      const float* plane = scores + c * extent.pixels;
      for (std::size_t i = 0; i < extent.pixels; ++i) {
        const bool is_better = plane[i] > best_[i];
        out.classes[i] = is_better ? static_cast<int>(c) : out.classes[i];
        best_[i] = is_better ? plane[i] : best_[i];
      }
    }
  }

  void judge_pixels(const float* scores, const Extent& extent, Segmentation& out) {
    best_.resize(extent.pixels);
    for (std::size_t i = 0; i < extent.pixels; ++i) {
      const float* row = scores + i * extent.channels;
      int winner = 0;
      for (std::size_t c = 1; c < extent.channels; ++c) winner = row[c] > row[winner] ? static_cast<int>(c) : winner;
      out.classes[i] = winner;
      best_[i] = row[winner];
    }
  }

  // Looks at numbers spread over all.
  static bool look_like_logits(const float* scores, const Extent& extent) {
    const std::size_t count = extent.channels * extent.pixels;
    const std::size_t step = std::max<std::size_t>(1, count / 4093);
    for (std::size_t i = 0; i < count; i += step)
      if (scores[i] < -1e-3F || scores[i] > 1 + 1e-3F) return true;
    return false;
  }

  void look_at_probabilities(const float* scores, const Extent& extent, bool are_logits, Segmentation& out) {
    const bool is_nhwc = form_.layout == Layout::nhwc;
    const std::size_t to_class = is_nhwc ? 1 : extent.pixels, to_pixel = is_nhwc ? extent.channels : 1;
    if (keeps_probabilities_) out.probabilities.resize(extent.channels * extent.pixels);
    for (std::size_t i = 0; i < extent.pixels; ++i) {
      const float* row = scores + i * to_pixel;
      float sum = 1;
      if (are_logits) {
        sum = 0;
        for (std::size_t c = 0; c < extent.channels; ++c) sum += std::exp(row[c * to_class] - best_[i]);
      }
      if (!((are_logits ? 1 / sum : best_[i]) > threshold_) && threshold_ > 0) out.classes[i] = -1;
      for (std::size_t c = 0; keeps_probabilities_ && c < extent.channels; ++c) {
        const float score = row[c * to_class];
        out.probabilities[c * extent.pixels + i] = are_logits ? std::exp(score - best_[i]) / sum : score;
      }
    }
  }

  Form form_;
  int class_count_;  // of the labels or the config, as maps of classes do not tell; 0: as many as appear
  std::string scores_;
  bool keeps_probabilities_;
  float threshold_;
  FloatReader reader_;
  std::vector<float> best_;  // each pixel's greatest score
  Settled<Look> settled_;
};

bool is_whole(ElementType type) { return type != ElementType::f32 && type != ElementType::f16; }

bool fits(const TensorInfo& output) {
  const Shape& s = output.shape;
  if (s.size() == 3) return true;
  return s.size() == 4 && (!is_whole(output.type) || s[1] == 1 || s[3] == 1);
}

std::string word_of(const ModelSpec& spec, const char* key, const char* otherwise,
                    std::initializer_list<const char*> allowed) {
  const std::string word = option(spec, key, otherwise);
  std::string all;
  for (const char* one : allowed) {
    if (word == one) return word;
    all += (all.empty() ? "" : ", ") + std::string(one);
  }
  throw std::invalid_argument("head segmentation: option " + std::string(key) + "=" + word + "; allowed are " + all);
}

// Channels are few and pixels many: the shorter end is the channels'.
Layout layout_of(const ModelSpec& spec, const Shape& s) {
  const std::string word = word_of(spec, "layout", "auto", {"auto", "nchw", "nhwc"});
  if (word != "auto") return word == "nhwc" ? Layout::nhwc : Layout::nchw;
  return s[3] > 0 && s[1] > 0 && s[3] < s[1] && s[3] < s[2] ? Layout::nhwc : Layout::nchw;
}

}  // namespace

std::unique_ptr<HeadDecoder> make_segmentation(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                               const HeadSettings& settings) {
  const std::string name = option(spec, "output", "");
  const std::string needs = (name.empty() ? "an output " : "an output '" + name + "' ") +
                            std::string("[N, C, H, W] or [N, H, W, C] of scores, or [N, H, W] of classes");
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const auto& o) { return (name.empty() || o.name == name) && fits(o); });
  if (found == outputs.end()) refuse("segmentation", needs, outputs);
  word_of(spec, "scores", "auto", {"auto", "logits", "probabilities"});
  word_of(spec, "probabilities", "no", {"no", "yes"});
  Form form;
  form.output = static_cast<std::size_t>(found - outputs.begin());
  form.rank = found->shape.size();
  form.are_classes = is_whole(found->type);
  if (form.rank == 4) form.layout = layout_of(spec, found->shape);
  return std::make_unique<Segmenter>(spec, form, settings);
}

}  // namespace fluvial::heads
