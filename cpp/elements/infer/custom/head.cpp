#include "elements/infer/custom/head.h"

#include <cmath>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "elements/infer/layers.h"
#include "nvdsinfer_custom_impl.h"

namespace fluvial {
namespace {

// Parsers look a class that a tensor names up without asking how many there are; behind the last threshold there are
// more, which nothing reaches.
constexpr std::size_t spare_classes = 4096;
constexpr float out_of_reach = 2;

std::vector<float> with_spare(const std::vector<float>& thresholds) {
  std::vector<float> roomy = thresholds;
  roomy.resize(thresholds.size() + spare_classes, out_of_reach);
  roomy.resize(thresholds.size());
  return roomy;
}

std::vector<float> thresholds_after(const Decision& d) {
  std::vector<float> thresholds;
  for (int id = 0; id < d.class_count; ++id) thresholds.push_back(d.settings.of_class(id).threshold_after);
  return thresholds;
}

// A parser that throws midway has left masks too; one that gives the same mask to two objects still made it once.
class MaskList {
 public:
  MaskList() = default;
  ~MaskList() {
    std::set<float*> masks;
    for (const auto& object : list) masks.insert(object.mask);
    for (auto* mask : masks) delete[] mask;
  }
  MaskList(const MaskList&) = delete;
  MaskList& operator=(const MaskList&) = delete;
  std::vector<NvDsInferInstanceMaskInfo> list;
};

class AttributeList {
 public:
  AttributeList() = default;
  ~AttributeList() {
    std::set<char*> labels;
    for (const auto& attribute : list) labels.insert(attribute.attributeLabel);
    for (auto* label : labels) std::free(label);
  }
  AttributeList(const AttributeList&) = delete;
  AttributeList& operator=(const AttributeList&) = delete;
  std::vector<NvDsInferAttribute> list;
};

template <typename Found>
Detection detection_of(const Found& f) {
  Detection d;
  d.class_id = static_cast<int>(f.classId);
  d.confidence = f.detectionConfidence;
  d.box = {f.left, f.top, f.width, f.height};
  return d;
}

template <typename Found>
bool is_finite(const Found& f) {
  return std::isfinite(f.left) && std::isfinite(f.top) && std::isfinite(f.width) && std::isfinite(f.height) &&
         std::isfinite(f.detectionConfidence);
}

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

using Tensors = std::vector<TensorView>;

// What the four kinds share.
class CustomHead : public HeadDecoder {
 public:
  CustomHead(const Decision& decision, std::size_t inputs, std::function<void(const std::string&)> complain)
      : decision_(decision),
        parser_(*decision.parser),
        network_(network_of(decision.spec.input)),
        params_{static_cast<unsigned>(decision.class_count), with_spare(decision.head.threshold_by_class),
                with_spare(thresholds_after(decision))},
        inputs_(inputs),
        complain_(std::move(complain)) {}

 protected:
  // Makes layers() of one unit's part of the outputs and has `body` call the function with them.
  template <typename Function, typename Call>
  void call(const Tensors& outputs, std::size_t unit, Call body) {
    parts_.clear();
    layers_.clear();
    for (std::size_t i = 0; i < outputs.size(); ++i)
      parts_.push_back(part_of(outputs[i], unit, decision_.has_batch(i)));
    for (std::size_t i = 0; i < parts_.size(); ++i) layers_.push_back(layer_of(parts_[i], inputs_ + i));
    const bool is_read =
        call_user_code(function_, parser_.path, [&] { return body(reinterpret_cast<Function>(parser_.function)); });
    if (!is_read)
      throw std::runtime_error(function_ + " returned false: it does not read outputs like these (" + parser_.path +
                               ")");
  }

  // Classes are counted by num-detected-classes; of a class that nobody wants, the threshold is out of reach.
  template <typename Found>
  bool is_wanted(const Found& found) {
    if (found.classId >= params_.numClassesConfigured) return false;
    if (!is_finite(found)) {
      complain("boxes with NaN or infinity are left out");
      return false;
    }
    return found.detectionConfidence >= params_.perClassPreclusterThreshold[found.classId];
  }

  void complain(const std::string& what) {
    if (std::exchange(has_complained_, true)) return;
    complain_(function_ + ": " + what);
  }

  const Decision& decision() const { return decision_; }
  const NvDsInferNetworkInfo& network() const { return network_; }
  const NvDsInferParseDetectionParams& params() const { return params_; }
  const std::vector<TensorView>& parts() const { return parts_; }
  const std::vector<NvDsInferLayerInfo>& layers() const { return layers_; }

 private:
  const Decision& decision_;
  const CustomParser& parser_;
  const std::string function_ = parser_.key + "=" + parser_.name;
  NvDsInferNetworkInfo network_;
  NvDsInferParseDetectionParams params_;
  std::size_t inputs_;
  std::function<void(const std::string&)> complain_;
  bool has_complained_ = false;
  std::vector<TensorView> parts_;
  std::vector<NvDsInferLayerInfo> layers_;
};

class CustomBoxes : public CustomHead {
 public:
  using CustomHead::CustomHead;

  void decode(const Tensors& outputs, std::size_t unit, std::vector<Detection>& out) override {
    objects_.clear();
    call<NvDsInferParseCustomFunc>(outputs, unit,
                                   [this](auto parse) { return parse(layers(), network(), params(), objects_); });
    for (const auto& object : objects_)
      if (is_wanted(object)) out.push_back(detection_of(object));
  }

 private:
  std::vector<NvDsInferObjectDetectionInfo> objects_;
};

// Keeps the masks of the unit that was decoded last, until it is described.
class CustomMasks : public CustomHead {
 public:
  using CustomHead::CustomHead;

  void decode(const Tensors& outputs, std::size_t unit, std::vector<Detection>& out) override {
    MaskList found;
    masks_.clear();
    call<NvDsInferInstanceMaskParseCustomFunc>(
        outputs, unit, [&](auto parse) { return parse(layers(), network(), params(), found.list); });
    for (const auto& object : found.list) {
      if (!is_wanted(object)) continue;
      out.push_back(detection_of(object));
      out.back().row = static_cast<std::int32_t>(masks_.size());
      const std::size_t count = object.mask ? object.mask_size / sizeof(float) : 0;
      masks_.push_back({{static_cast<int>(object.mask_width), static_cast<int>(object.mask_height)},
                        {object.mask, object.mask + count}});
    }
  }

  bool has_details() const override { return true; }

  void describe(const Tensors&, std::size_t, const std::vector<Detection>& kept, std::vector<Details>& out) override {
    for (const auto& detection : kept) out.push_back({{}, std::move(masks_[static_cast<std::size_t>(detection.row)])});
  }

 private:
  std::vector<Mask> masks_;
};

class CustomClasses : public CustomHead {
 public:
  using CustomHead::CustomHead;

  void classify(const Tensors& outputs, std::size_t unit, std::vector<Classification>& out) override {
    AttributeList found;
    std::string description;
    call<NvDsInferClassiferParseCustomFunc>(outputs, unit, [&](auto parse) {
      return parse(layers(), network(), decision().head.threshold, found.list, description);
    });
    for (const auto& a : found.list) out.push_back(classification_of(a, description));
  }

 private:
  // The attribute's own label, or the label file's, or what the parser says of the whole.
  Classification classification_of(const NvDsInferAttribute& a, const std::string& description) const {
    Classification result{static_cast<int>(a.attributeIndex), static_cast<int>(a.attributeValue), a.attributeConfidence,
                          a.attributeLabel ? a.attributeLabel : ""};
    const auto& labels = decision().attribute_labels;
    const bool has_line = a.attributeIndex < labels.size() && a.attributeValue < labels[a.attributeIndex].size();
    if (result.text.empty() && !has_line) result.text = trimmed(description);
    return result;
  }
};

class CustomSegments : public CustomHead {
 public:
  using CustomHead::CustomHead;

  void segment(const Tensors& outputs, std::size_t unit, Segmentation& out) override {
    out = {};
    out.size = decision().spec.input.size;
    out.class_count = decision().class_count;
    const auto pixels = static_cast<std::size_t>(out.size.width) * static_cast<std::size_t>(out.size.height);
    out.classes.assign(pixels, -1);
    float* probability = nullptr;
    call<NvDsInferSemSegmentationParseCustomFunc>(outputs, unit, [&](auto parse) {
      return parse(layers(), network(), decision().settings.segmentation_threshold.value_or(0),
                   params().numClassesConfigured, out.classes.data(), probability);
    });
    if (probability) out.probabilities = probabilities(probability, pixels * params().numClassesConfigured);
  }

 private:
  // Only what lies in an output can be copied: how long anything else is, nobody says.
  std::vector<float> probabilities(const float* first, std::size_t count) {
    const auto begin = reinterpret_cast<std::uintptr_t>(first);
    for (const auto& part : parts()) {
      const auto from = reinterpret_cast<std::uintptr_t>(part.data);
      const std::size_t bytes = element_count(part.shape) * bytes_of(part.type);
      if (begin >= from && begin - from <= bytes && bytes - (begin - from) >= count * sizeof(float))
        return {first, first + count};
    }
    complain("its classProbabilityMap is no output with classes x height x width numbers, and is left out");
    return {};
  }
};

}  // namespace

std::unique_ptr<HeadDecoder> make_custom_head(const Decision& decision, std::size_t inputs,
                                              std::function<void(const std::string&)> complain) {
  switch (decision.parser->what) {
    case Parses::masks: return std::make_unique<CustomMasks>(decision, inputs, std::move(complain));
    case Parses::classes: return std::make_unique<CustomClasses>(decision, inputs, std::move(complain));
    case Parses::segments: return std::make_unique<CustomSegments>(decision, inputs, std::move(complain));
    default: return std::make_unique<CustomBoxes>(decision, inputs, std::move(complain));
  }
}

}  // namespace fluvial
