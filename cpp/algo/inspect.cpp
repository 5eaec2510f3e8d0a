#include "algo/inspect.h"

#include <algorithm>

#include "algo/heads/head.h"
#include "algo/labels.h"
#include "algo/model_families.h"

namespace fluvial {
namespace {

constexpr float kGreyPad = 114;  // the border of YOLOX and YOLOv5

const char* word(ElementType type) {
  switch (type) {
    case ElementType::f16: return "f16";
    case ElementType::i8: return "i8";
    case ElementType::u8: return "u8";
    case ElementType::i32: return "i32";
    case ElementType::i64: return "i64";
    default: return "f32";
  }
}

std::string text_of(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const auto& tensor : tensors) {
    text += (text.empty() ? "" : ", ") + tensor.name + " " + word(tensor.type) + "[";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      text += (i > 0 ? "," : "") + (tensor.shape[i] < 0 ? std::string("?") : std::to_string(tensor.shape[i]));
    }
    text += "]";
  }
  return text.empty() ? "none" : text;
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of("/\\") + 1); }

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
    decide_options();
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
  void decide_colours();
  void take_pictures_of(Pictures pictures);
  void set_pictures(ColorOrder color, float scale, bool keeps_aspect, const std::string& why);
  void obey_colour_hints();
  void decide_options();
  void decide_background();
  void decide_attributes();
  void decide_classes();
  int classes_of_outputs() const;
  bool has_background() const;
  void decide_labels();
  const TensorInfo& scores() const;

  const ModelInfo& info_;
  const ModelHints& hints_;
  ModelSpec spec_;
  Inputs inputs_;
  Pictures pictures_ = Pictures::unknown;
};

void Inspection::find_inputs() {
  for (const auto& input : info_.inputs) {
    const Shape& s = input.shape;
    if (s.size() == 4 && is_picture_channels(s[1])) {
      take_picture(input, Layout::nchw);
    } else if (s.size() == 4 && is_picture_channels(s[3])) {
      take_picture(input, Layout::nhwc);
    } else if (s.size() == 2 && s[1] == 2 && input.type == ElementType::i64 && inputs_.size == nullptr) {
      inputs_.size = &input;
    } else {
      refuse("input '" + input.name + "' is neither a picture ([N,3,H,W] or [N,H,W,3]) nor its size ([N,2] i64)", "");
    }
  }
  if (inputs_.picture == nullptr) refuse("no input is a picture ([N,3,H,W] or [N,H,W,3])", "");
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
  inputs_.pixels = {static_cast<int>(is_nchw ? s[3] : s[2]), static_cast<int>(is_nchw ? s[2] : s[1])};
}

void Inspection::find_head() {
  if (hints_.size) inputs_.pixels = *hints_.size;
  const Family family = family_of(info_, inputs_);
  spec_.head = hints_.head.value_or(family.head);
  if (spec_.head == Head::unknown) refuse_head();
  if (spec_.head == family.head) {
    note(family.evidence);
    pictures_ = family.pictures;
  } else {
    note(std::string("the config says head ") + name_of(spec_.head));
  }
  if (inputs_.size != nullptr && spec_.head != Head::detr) {
    refuse("input '" + inputs_.size->name + "' wants sizes, which only head detr feeds", "");
  }
  spec_.needs_nms = spec_.head == Head::yolox || spec_.head == Head::boxes_scores || spec_.head == Head::detectnet;
}

void Inspection::refuse_head() const {
  const std::string like = resemblance(info_, inputs_);
  const std::string what = like.empty() ? "its outputs fit no head that this version decodes"
                                        : "it looks like " + like + ", which this version does not decode";
  refuse(what,
         "network-type (with a head of yolox, detr, boxes_scores, boxes_labels, classification or detectnet) if "
         "one fits after all, or take the output tensors as they are (network-type=100, output-tensor-meta=1)");
}

void Inspection::fill_input() {
  InputSpec& input = spec_.input;
  const TensorInfo& picture = *inputs_.picture;
  if (picture.type == ElementType::i8 || picture.type == ElementType::i64) {
    refuse("input '" + picture.name + "' takes " + word(picture.type) + "; pictures can be f32, f16, u8 or i32", "");
  }
  input.name = picture.name;
  input.type = picture.type;
  input.layout = inputs_.layout;
  decide_size();
  spec_.is_batch_open = picture.shape[0] < 0;
  note("input " + text_of({picture}) + " -> " + std::to_string(input.size.width) + "x" +
       std::to_string(input.size.height) + " pixels, " + (input.layout == Layout::nchw ? "NCHW" : "NHWC") + ", batch " +
       (spec_.is_batch_open ? "open" : std::to_string(picture.shape[0])) + " (sure)");
  if (inputs_.size != nullptr) {
    spec_.size_input = inputs_.size->name;
    note("input " + spec_.size_input +
         " i64 of two numbers -> is given the width and height of the network's input (sure)");
  }
}

void Inspection::decide_size() {
  Size& size = spec_.input.size;
  size = inputs_.pixels;
  if (size.width > 0 && size.height > 0) return;
  refuse("input '" + inputs_.picture->name + "' leaves its width and height open",
         "infer-dims (channels;height;width)");
}

void Inspection::decide_colours() {
  if (inputs_.channels == 1) note("the picture has one channel -> grey (sure)");
  take_pictures_of(pictures_);
  obey_colour_hints();
  if (inputs_.channels == 1) spec_.input.color = ColorOrder::gray;
}

void Inspection::take_pictures_of(Pictures pictures) {
  InputSpec& input = spec_.input;
  // DINOv3 backbones are the exception among DETRs; only the file's name tells them apart.
  const bool is_dino = lowercase(file_name(info_.path)).find("dinov3") != std::string::npos;
  if (is_integer_picture(input.type)) {
    return set_pictures(ColorOrder::rgb, 1, false,
                        std::string("the picture is ") + word(input.type) + " -> RGB, 0..255, stretched (likely)");
  }
  switch (pictures) {
    case Pictures::yolox:
      set_pictures(ColorOrder::bgr, 1, true, "YOLOX -> BGR, 0..255, top left with a border of 114 (likely)");
      input.pad_value = kGreyPad;
      break;
    case Pictures::yolov5:
      set_pictures(ColorOrder::rgb, 1 / 255.0F, true, "YOLOv5, v7 -> RGB, 0..1, centred with a border of 114 (likely)");
      input.is_padding_centred = true;
      input.pad_value = kGreyPad;
      break;
    case Pictures::detr:
      set_pictures(ColorOrder::rgb, 1 / 255.0F, false, "a DETR that is told sizes -> RGB, 0..1, stretched (likely)");
      if (!is_dino) break;
      note("the file's name says dinov3 -> normalised by ImageNet's mean and deviation (likely)");
      for (int c = 0; c < 3; ++c) {
        constexpr float kMean[] = {0.485F, 0.456F, 0.406F};
        constexpr float kDeviation[] = {0.229F, 0.224F, 0.225F};
        input.offset[c] = kMean[c] * 255;
        input.scale[c] = 1 / (kDeviation[c] * 255);
      }
      break;
    case Pictures::open_model_zoo:
      set_pictures(
          ColorOrder::bgr, 1, false,
          "names and shapes as in Open Model Zoo -> BGR, 0..255, stretched, what else is needed is in the graph "
          "(likely)");
      break;
    case Pictures::detectnet:
      set_pictures(ColorOrder::rgb, 1 / 255.0F, false, "DetectNet_v2 -> RGB, 0..1, stretched (likely)");
      break;
    case Pictures::unknown:
      if (hints_.color && hints_.scale) break;
      refuse(
          std::string("it looks like head ") + name_of(spec_.head) +
              ", but nothing tells the order of its colours and the range of its pixels",
          "model-color-format (0 RGB, 1 BGR) and net-scale-factor (0.0039215697 for 0..1, 1 for 0..255), and offsets "
          "if it wants a mean subtracted");
  }
}

void Inspection::set_pictures(ColorOrder color, float scale, bool keeps_aspect, const std::string& why) {
  spec_.input.color = color;
  std::fill_n(spec_.input.scale, 3, scale);
  spec_.input.keeps_aspect = keeps_aspect;
  note(why);
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

void Inspection::decide_options() {
  if (spec_.head == Head::yolox && pictures_ == Pictures::yolov5) spec_.options["boxes"] = "decoded";
  if (spec_.head == Head::boxes_scores) decide_background();
  if (spec_.head == Head::classification) decide_attributes();
  if (spec_.head != Head::detr || inputs_.size != nullptr || hints_.options.count("boxes") > 0) return;
  refuse("it looks like a DETR, but no input takes sizes, so nothing tells whether boxes are pixels or shares",
         "the head's option boxes=normalised or boxes=pixels");
}

const TensorInfo& Inspection::scores() const {
  const auto& outputs = info_.outputs;
  const bool is_first = outputs[0].shape.back() != 4 || (outputs[1].shape.back() == 4 && outputs[1].name == "boxes");
  return outputs[is_first ? 0 : 1];
}

void Inspection::decide_background() {
  if (info_.outputs.size() != 2 || info_.outputs[0].shape.empty() || info_.outputs[1].shape.empty()) return;
  spec_.options["boxes"] = "normalised";
  const std::int64_t columns = scores().shape.back();
  const std::string op = metadata_of(info_, "op." + scores().name);
  const bool is_softmax = op == "Softmax" || op == "SoftMax";
  if (is_softmax || (columns == 2 && op != "Sigmoid")) {
    spec_.options["background"] = std::to_string(columns - 1);
    note("scores of " + std::to_string(columns) + " columns -> the last is background (" +
         (is_softmax ? "likely, a softmax makes them" : "likely, two columns are one class and background") + ")");
  } else {
    spec_.options["background"] = op == "Sigmoid" ? "none" : "auto";
    note("scores of " + std::to_string(columns) +
         " columns -> each is a class; should rows sum to one at run time, the "
         "column that mostly wins is background (likely)");
  }
}

void Inspection::decide_attributes() {
  std::string independent;
  std::string wanted;
  std::string points;
  const auto append = [](std::string& text, const std::string& name) { text += (text.empty() ? "" : ",") + name; };
  for (const auto& output : info_.outputs) {
    const bool is_sigmoid = metadata_of(info_, "op." + output.name) == "Sigmoid";
    // Two exclusive answers are made by a softmax; two sigmoids beside other attributes are a place in the picture.
    const bool is_point = is_sigmoid && vector_length(output.shape) == 2 && info_.outputs.size() > 1;
    append(is_point ? points : wanted, output.name);
    if (is_sigmoid && !is_point) append(independent, output.name);
    if (lowercase(output.name).find("softmax") == std::string::npos) continue;
    spec_.options["multi_label"] = "none";
    note("output " + output.name + " is named a softmax -> exclusive classes (sure)");
  }
  if (!independent.empty()) {
    spec_.options["multi_label"] = independent;
    note("a sigmoid makes " + independent + " -> its classes are independent (likely)");
  }
  if (!points.empty() && !wanted.empty()) {
    spec_.options["outputs"] = wanted;
    note("a sigmoid makes the two numbers of each of " + points + " -> points, not classes; left out (guess)");
  }
}

void Inspection::decide_classes() {
  spec_.class_count = hints_.class_count.value_or(classes_of_outputs());
  decide_labels();
  if (spec_.class_count == 0 && !spec_.labels.empty()) spec_.class_count = static_cast<int>(spec_.labels.size());
  if (spec_.class_count > 0) {
    return note("shapes, labels or config -> " + std::to_string(spec_.class_count) +
                (spec_.class_count == 1 ? " class" : " classes") + " (sure)");
  }
  note("the outputs do not tell how many classes there are -> as many as appear; add num-detected-classes");
}

// 0 where outputs do not tell.
int Inspection::classes_of_outputs() const {
  const auto& outputs = info_.outputs;
  std::int64_t classes = 0;
  switch (spec_.head) {
    case Head::yolox: classes = outputs.empty() || outputs[0].shape.empty() ? 0 : outputs[0].shape.back() - 5; break;
    case Head::boxes_scores:
      if (outputs.size() != 2 || outputs[0].shape.empty() || outputs[1].shape.empty()) break;
      classes = scores().shape.back() - (has_background() ? 1 : 0);
      break;
    case Head::classification:
      for (const auto& output : outputs) classes = std::max(classes, vector_length(output.shape));
      break;
    case Head::detectnet:
      if (outputs.size() != 2 || outputs[0].shape.size() != 4 || outputs[1].shape.size() != 4) break;
      classes = std::min(outputs[0].shape[1], outputs[1].shape[1]);
      break;
    default: break;
  }
  return static_cast<int>(std::max<std::int64_t>(classes, 0));
}

bool Inspection::has_background() const {
  const auto found = spec_.options.find("background");
  return found != spec_.options.end() && found->second != "auto" && found->second != "none";
}

void Inspection::decide_labels() {
  spec_.labels = hints_.labels;
  if (!spec_.labels.empty()) return note("the config gives " + std::to_string(spec_.labels.size()) + " labels");
  for (const char* key : {"names", "labels", "classes", "model_info.labels", "model_info/labels"}) {
    spec_.labels = parse_labels(metadata_of(info_, key));
    if (spec_.labels.empty()) continue;
    return note("metadata '" + std::string(key) + "' -> " + std::to_string(spec_.labels.size()) + " labels (sure)");
  }
  const bool is_coco_head = spec_.head == Head::yolox || spec_.head == Head::detr;
  const bool says_coco = lowercase(file_name(info_.path)).find("coco") != std::string::npos;
  if (!is_coco_head || !(spec_.class_count == 80 || (spec_.class_count == 0 && says_coco))) return;
  spec_.labels = coco_labels();
  note(says_coco ? "the file's name says coco -> the 80 labels of COCO (likely)"
                 : "80 classes -> the labels of COCO (likely)");
}

}  // namespace

ModelSpec inspect(const ModelInfo& info, const ModelHints& hints) { return Inspection(info, hints).run(); }

}  // namespace fluvial
