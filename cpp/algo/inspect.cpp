#include "algo/inspect.h"

#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/fixed_input.h"
#include "algo/heads/head.h"
#include "algo/labels.h"

namespace fluvial {

const char* word_of(ElementType type) {
  switch (type) {
    case ElementType::f16: return "f16";
    case ElementType::i8: return "i8";
    case ElementType::u8: return "u8";
    case ElementType::i32: return "i32";
    case ElementType::i64: return "i64";
    default: return "f32";
  }
}

namespace {

std::string text_of(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const auto& tensor : tensors) {
    text += (text.empty() ? "" : ", ") + tensor.name + " " + word_of(tensor.type) + "[";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      text += (i > 0 ? "," : "") + (tensor.shape[i] < 0 ? std::string("?") : std::to_string(tensor.shape[i]));
    }
    text += "]";
  }
  return text.empty() ? "none" : text;
}

constexpr std::int64_t kMostPixels = 16384;  // of an input, in each direction

bool is_integer_picture(ElementType type) { return type == ElementType::u8 || type == ElementType::i32; }

bool is_picture_channels(std::int64_t d) { return d == 1 || d == 3; }

// One look at one model: fills a spec step by step, each step with its evidence.
class Inspection {
 public:
  Inspection(const ModelInfo& info, const ModelHints& hints) : info_(info), hints_(hints) {}

  ModelSpec run() {
    find_inputs();
    find_head();
    fill_input();
    decide_colours();
    for (const auto& [key, value] : hints_.options) spec_.options[key] = value;
    decide_classes();
    return std::move(spec_);
  }

 private:
  void note(std::string sentence) { spec_.evidence.push_back(std::move(sentence)); }

  [[noreturn]] void refuse(const std::string& what, const std::string& add) const {
    throw UndecidableModel("model '" + file_name(info_.path) + "': " + what + ". Seen: inputs " +
                           text_of(info_.inputs) + "; outputs " + text_of(info_.outputs) +
                           (add.empty() ? "" : ". Add " + add));
  }

  void find_inputs();
  void take_picture(const TensorInfo& input, Layout layout);
  void find_head();
  [[noreturn]] void refuse_head() const;
  void fill_input();
  void decide_size();
  void check_size() const;
  void decide_colours();
  void feed(const Feeding& feeding);
  void obey_colour_hints();
  void decide_classes();
  void decide_labels();

  const ModelInfo& info_;
  const ModelHints& hints_;
  ModelSpec spec_;
  Inputs inputs_;
  Family family_;
};

void Inspection::find_inputs() {
  for (const auto& input : info_.inputs) {
    const Shape& s = input.shape;
    if (s.size() == 4 && is_picture_channels(s[1])) {
      take_picture(input, Layout::nchw);
    } else if (s.size() == 4 && is_picture_channels(s[3])) {
      take_picture(input, Layout::nhwc);
    } else if (!hints_.fills_inputs.empty() && !s.empty()) {
      note("input " + text_of({input}) + " -> " + hints_.fills_inputs + " fills it (said)");
    } else if (const bool is_size = s.size() == 2 && input.type == ElementType::i64;
               !known_as(input).empty() && !(is_size && inputs_.size != nullptr)) {
      if (is_size) inputs_.size = &input;
      inputs_.fixed.push_back(&input);
    } else if (s.empty()) {
      refuse("input '" + input.name + "' has no dimensions, or leaves their number open; a picture has four", "");
    } else {
      refuse("input '" + input.name + "' is neither a picture ([N,3,H,W] or [N,H,W,3]) nor its size ([N,2] i64)",
             "custom-lib-path, a library with NvDsInferInitializeInputLayers, which fills it once");
    }
  }
  if (inputs_.picture == nullptr) refuse("no input is a picture ([N,3,H,W] or [N,H,W,3])", "");
  if (info_.outputs.empty()) refuse("it has no outputs", "");
}

void Inspection::take_picture(const TensorInfo& input, Layout layout) {
  if (inputs_.picture != nullptr) {
    refuse("inputs '" + inputs_.picture->name + "' and '" + input.name + "' are both pictures; one is fed", "");
  }
  const Shape& s = input.shape;
  const bool is_nchw = layout == Layout::nchw;
  inputs_.picture = &input;
  inputs_.layout = layout;
  inputs_.channels = static_cast<int>(is_nchw ? s[1] : s[3]);
  const std::int64_t width = is_nchw ? s[3] : s[2];
  const std::int64_t height = is_nchw ? s[2] : s[1];
  if (width == 0 || height == 0 || width > kMostPixels || height > kMostPixels)
    refuse("input '" + input.name + "' is " + std::to_string(width) + "x" + std::to_string(height) +
               " pixels; allowed are 1 to " + std::to_string(kMostPixels) + " in each direction",
           "");
  inputs_.pixels = {static_cast<int>(width), static_cast<int>(height)};
}

void Inspection::find_head() {
  if (hints_.size) inputs_.pixels = *hints_.size;
  family_ = family_of(info_, inputs_, hints_.head);
  if (family_.head == Head::unknown) refuse_head();
  spec_.head = family_.head;
  spec_.needs_nms = family_.needs_nms;
  spec_.usual_threshold = family_.usual_threshold;
  spec_.usual_iou = family_.usual_iou;
  spec_.options = family_.options;
  spec_.object_margin = family_.object_margin;
  for (const auto& sentence : family_.evidence) note(sentence);
  if (family_.missing && hints_.options.count(family_.missing->option) == 0)
    refuse(family_.missing->problem, family_.missing->hint);
}

void Inspection::refuse_head() const {
  const std::string like = resemblance(info_, inputs_);
  const std::string what = like.empty() ? "its outputs fit no head that this version decodes"
                                        : "it looks like " + like + ", which this version does not decode";
  refuse(what, "a head (" + head_names() +
                   ") if one fits after all, or take the output tensors as they are (network-type=100, "
                   "output-tensor-meta=1)");
}

void Inspection::fill_input() {
  InputSpec& input = spec_.input;
  const TensorInfo& picture = *inputs_.picture;
  if (picture.type == ElementType::i8 || picture.type == ElementType::i64) {
    refuse("input '" + picture.name + "' takes " + word_of(picture.type) + "; pictures can be f32, f16, u8 or i32", "");
  }
  input.name = picture.name;
  input.type = picture.type;
  input.layout = inputs_.layout;
  decide_size();
  spec_.is_batch_open = picture.shape[0] < 0;
  note("input " + text_of({picture}) + " -> " + std::to_string(input.size.width) + "x" +
       std::to_string(input.size.height) + " pixels, " + (input.layout == Layout::nchw ? "NCHW" : "NHWC") + ", batch " +
       (spec_.is_batch_open ? "open" : std::to_string(picture.shape[0])) + " (sure)");
  for (const auto* fixed : inputs_.fixed) {
    spec_.fixed_inputs.push_back(fixed_input(*fixed, input.size));
    note("input " + text_of({*fixed}) + " -> is given " + known_as(*fixed) + " (sure)");
  }
}

void Inspection::decide_size() {
  Size& size = spec_.input.size;
  size = inputs_.pixels;
  if (size.width > 0 && size.height > 0) return check_size();
  if (family_.usual_size.width > 0) {
    size = family_.usual_size;
    return note("the input leaves its size open -> " + std::to_string(size.width) + "x" + std::to_string(size.height) +
                " is usual; infer-dims says another (guess)");
  }
  refuse("input '" + inputs_.picture->name + "' leaves its width and height open",
         "infer-dims (channels;height;width)");
}

void Inspection::check_size() const {
  const Size size = spec_.input.size;
  const int step = family_.size_multiple;
  if (size.width % step == 0 && size.height % step == 0) return;
  refuse("its input is to be " + std::to_string(size.width) + "x" + std::to_string(size.height) + ", but head " +
             name_of(spec_.head) + " needs multiples of " + std::to_string(step),
         "infer-dims (channels;height;width) such as 3;" + std::to_string((size.height + step - 1) / step * step) +
             ";" + std::to_string((size.width + step - 1) / step * step));
}

void Inspection::decide_colours() {
  if (inputs_.channels == 1) note("the picture has one channel -> grey (sure)");
  const bool is_plain = is_integer_picture(spec_.input.type) && !family_.feeding.takes_integers;
  if (is_plain) {
    Feeding plain;
    plain.why = std::string("the picture is ") + word_of(spec_.input.type) + " -> RGB, 0..255, stretched (likely)";
    feed(plain);
  } else if (family_.feeding.is_known()) {
    feed(family_.feeding);
  } else if (!hints_.color || !hints_.scale) {
    refuse(std::string("it looks like head ") + name_of(spec_.head) +
               ", but nothing tells the order of its colours and the range of its pixels",
           "model-color-format (0 RGB, 1 BGR) and net-scale-factor (0.0039215697 for 0..1, 1 for 0..255), and offsets "
           "if it wants a mean subtracted");
  }
  obey_colour_hints();
  if (inputs_.channels == 1) spec_.input.color = ColorOrder::gray;
}

void Inspection::feed(const Feeding& feeding) {
  InputSpec& input = spec_.input;
  input.color = feeding.color;
  std::copy_n(feeding.scale, 3, input.scale);
  std::copy_n(feeding.offset, 3, input.offset);
  input.keeps_aspect = feeding.keeps_aspect;
  input.is_padding_centred = feeding.is_padding_centred;
  input.pad_value = feeding.pad_value;
  note(feeding.why);
}

void Inspection::obey_colour_hints() {
  InputSpec& input = spec_.input;
  if (hints_.color) input.color = *hints_.color;
  if (hints_.scale) std::fill_n(input.scale, 3, *hints_.scale);
  if (hints_.offsets) std::copy(hints_.offsets->begin(), hints_.offsets->end(), input.offset);
  if (hints_.keeps_aspect) input.keeps_aspect = *hints_.keeps_aspect;
  if (hints_.is_padding_centred) input.is_padding_centred = *hints_.is_padding_centred;
  if (hints_.color || hints_.scale || hints_.offsets || hints_.keeps_aspect || hints_.is_padding_centred) {
    note("the config says colours, scale, offsets or aspect, in part or whole");
  }
}

void Inspection::decide_classes() {
  spec_.class_count = hints_.class_count.value_or(family_.class_count);
  decide_labels();
  if (spec_.class_count == 0 && !spec_.labels.empty()) spec_.class_count = static_cast<int>(spec_.labels.size());
  if (spec_.class_count > 0) {
    return note("shapes, labels or config -> " + std::to_string(spec_.class_count) +
                (spec_.class_count == 1 ? " class" : " classes") + " (sure)");
  }
  note("the outputs do not tell how many classes there are -> as many as appear; add num-detected-classes");
}

void Inspection::decide_labels() {
  spec_.labels = hints_.labels;
  if (!spec_.labels.empty()) return note("the config gives " + std::to_string(spec_.labels.size()) + " labels");
  for (const char* key : {"names", "labels", "classes", "model_info.labels", "model_info/labels"}) {
    spec_.labels = parse_labels(metadata_of(info_, key));
    if (spec_.labels.empty()) continue;
    return note("metadata '" + std::string(key) + "' -> " + std::to_string(spec_.labels.size()) + " labels (sure)");
  }
  if (!family_.labels.empty()) {
    spec_.labels = family_.labels;
    return note("the family -> its labels (sure)");
  }
  if (family_.is_usually_coco && spec_.class_count == 91) {
    spec_.labels = coco_labels_by_id();
    return note("91 classes -> the labels of COCO, by the ids of its annotations (likely)");
  }
  const bool says_coco = lowercase(file_name(info_.path)).find("coco") != std::string::npos;
  if (!family_.is_usually_coco || !(spec_.class_count == 80 || (spec_.class_count == 0 && says_coco))) return;
  spec_.labels = coco_labels();
  note(says_coco ? "the file's name says coco -> the 80 labels of COCO (likely)"
                 : "80 classes -> the labels of COCO (likely)");
}

}  // namespace

ModelSpec inspect(const ModelInfo& info, const ModelHints& hints) { return Inspection(info, hints).run(); }

}  // namespace fluvial
