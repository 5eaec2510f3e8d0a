#include "elements/infer/decision.h"

#include <algorithm>
#include <filesystem>

#include "algo/families/shapes.h"
#include "algo/inspect.h"
#include "elements/guard.h"
#include "elements/infer/custom/offered_parser.h"
#include "elements/infer/labels_file.h"

namespace fluvial {
namespace {

constexpr float deepstream_threshold = 0.2F;
constexpr float deepstream_iou = 0.3F;
constexpr const char* guessed_colours =
    "the config leaves colours or scale out -> DeepStream's defaults, RGB and 1 (guess)";
constexpr float never = 2;  // above every confidence

ModelHints hints_of(const InferSettings& s, bool is_stand_in) {
  ModelHints hints;
  hints.options = s.head_options;
  if (!s.head.empty()) hints.head = head_named(s.head);
  if (s.network_type == 1) hints.head = Head::classification;
  // What the config says of colours and classes describes the model that is not there.
  if (is_stand_in) return hints;
  if (s.infer_dims.size() == 3) hints.size = Size{s.infer_dims[2], s.infer_dims[1]};
  if (s.color_format)
    hints.color = *s.color_format == 0 ? ColorOrder::rgb : *s.color_format == 1 ? ColorOrder::bgr : ColorOrder::gray;
  hints.scale = s.net_scale_factor;
  if (!s.offsets.empty()) {
    hints.offsets = {0, 0, 0};
    for (std::size_t i = 0; i < 3; ++i) (*hints.offsets)[i] = s.offsets[std::min(i, s.offsets.size() - 1)];
  }
  hints.keeps_aspect = s.keeps_aspect;
  hints.is_padding_centred = s.is_padding_centred;
  if (s.class_count && *s.class_count > 0) hints.class_count = s.class_count;
  return hints;
}

// A config that says nothing of colours means DeepStream's defaults where the model itself does not tell.
ModelSpec inspect_with_defaults(const ModelInfo& info, const ModelHints& hints, bool has_config) {
  try {
    return inspect(info, hints);
  } catch (const UndecidableModel& undecided) {
    if (!has_config || (hints.color && hints.scale)) throw;
    ModelHints filled = hints;
    if (!filled.color) filled.color = ColorOrder::rgb;
    if (!filled.scale) filled.scale = 1.0F;
    try {
      ModelSpec spec = inspect(info, filled);
      spec.evidence.emplace_back(guessed_colours);
      return spec;
    } catch (const UndecidableModel&) {
      throw undecided;  // colours were not what it lacked
    }
  }
}

// Only what feeding needs, where `reader` reads the outputs. Any head satisfies inspection; nobody decodes with it.
ModelSpec inspect_input_only(const ModelInfo& info, ModelHints hints, const std::string& reader) {
  ModelInfo fed = info;
  fed.outputs = {{"any", ElementType::f32, {1, 2}}};
  hints.head = Head::classification;
  if (!hints.color) hints.color = ColorOrder::rgb;
  if (!hints.scale) hints.scale = 1.0F;
  ModelSpec spec = inspect(fed, hints);
  spec.head = Head::unknown;
  spec.labels.clear();
  spec.evidence.push_back(reader);
  return spec;
}

void check_network_type(const Decision& d) {
  const auto type = d.settings.network_type;
  if (type && (*type < 0 || *type > 3) && *type != 100)
    throw SettingsError("network-type=" + std::to_string(*type) +
                        ": allowed are 0 (detector), 1 (classifier), 2 (segmentation), 3 (instance masks) and 100 "
                        "(plain tensors)");
  if (type == 100 && !d.settings.wants_tensors)
    throw SettingsError("network-type=100 decodes nothing, so it needs output-tensor-meta=1");
}

struct NetworkType {
  int number;  // that the key needs for this task
  const char* word;
};

NetworkType network_type_of(Task task) {
  switch (task) {
    case Task::classification: return {1, "a classifier"};
    case Task::segmentation: return {2, "a segmentation"};
    case Task::embedding: return {100, "an embedding"};
    default: return {0, "a detector"};
  }
}

// The user's parser, unless the model that it was written for is not there.
void take_parser(Decision& d) {
  if (d.file.instead_of.empty()) {
    d.parser = open_parser(d.settings, d.warnings);
  } else if (!d.settings.custom_library.empty()) {
    d.notes.emplace_back("custom-lib-path: not used, as the outputs are those of the stand-in");
  }
}

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// A detector may have masks (3). A user who says 1 has been obeyed already: inspection took the head for it.
void check_task(const Decision& d) {
  const auto [number, word] = network_type_of(d.task);
  const int said = d.settings.network_type.value_or(number);
  if (said == number || (said == 3 && number == 0)) return;
  const std::string hint =
      d.task == Task::embedding ? "leave network-type out" : "set network-type=" + std::to_string(number);
  throw SettingsError("network-type=" + std::to_string(said) + ": the model's outputs are those of " + word + "; " +
                      hint + " (" + file_name(d.file.path) + ")");
}

// Reads the labels that the user names, and says so when they are too few.
void take_detector_labels(Decision& d) {
  std::string path = d.settings.labels_file;
  const bool is_stand_in = !d.file.instead_of.empty();
  std::error_code error;
  if (is_stand_in && !d.file.labels_file.empty() && (path.empty() || !std::filesystem::exists(path, error)))
    path = d.file.labels_file;
  if (is_stand_in && !std::filesystem::exists(path, error)) path.clear();
  if (!path.empty()) {
    d.labels = detector_labels(read_lines(path));
    check_label_count(path, d.labels.size(), d.class_count,
                      d.settings.class_count && !is_stand_in ? "num-detected-classes" : "the model");
    return;
  }
  d.labels.clear();
  for (std::size_t id = 0; id < d.spec.labels.size(); ++id) {
    const int shown = d.shown_class(static_cast<int>(id));
    if (shown < 0) continue;
    if (d.labels.size() <= static_cast<std::size_t>(shown)) d.labels.resize(static_cast<std::size_t>(shown) + 1);
    // Several of the model's classes may be one here: the first gives the name.
    if (d.labels[static_cast<std::size_t>(shown)].empty())
      d.labels[static_cast<std::size_t>(shown)] = d.spec.labels[id];
  }
}

std::vector<const TensorInfo*> attributes_of(const ModelSpec& spec, const ModelInfo& info) {
  std::vector<const TensorInfo*> found;
  const auto option = spec.options.find("outputs");
  for (const auto& output : info.outputs) {
    const std::string names = option == spec.options.end() ? "" : "," + option->second + ",";
    if (names.empty() || names.find("," + output.name + ",") != std::string::npos) found.push_back(&output);
  }
  return found;
}

int classes_in(const TensorInfo& output) {
  std::int64_t most = 1;
  for (std::size_t i = 1; i < output.shape.size(); ++i) most = std::max(most, output.shape[i]);
  return static_cast<int>(most);
}

// A parser numbers attributes itself: a line each, unless the lines are the classes of the only one.
void take_parser_labels(Decision& d) {
  if (!d.settings.labels_file.empty()) d.attribute_labels = classifier_labels(read_lines(d.settings.labels_file), 1);
}

void take_classifier_labels(Decision& d, const ModelInfo& info) {
  const auto attributes = attributes_of(d.spec, info);
  std::string path = d.settings.labels_file;
  if (!d.file.instead_of.empty()) path = d.file.labels_file;
  if (d.spec.head == Head::text) {  // its labels are an alphabet
    if (!path.empty()) d.spec.labels = detector_labels(read_lines(path));
    return;
  }
  if (path.empty()) {
    if (attributes.size() == 1) d.attribute_labels = {d.spec.labels};
    return;
  }
  d.attribute_labels = classifier_labels(read_lines(path), attributes.size());
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const std::size_t count = i < d.attribute_labels.size() ? d.attribute_labels[i].size() : 0;
    check_label_count(path, count, classes_in(*attributes[i]), "output '" + attributes[i]->name + "'");
  }
}

float threshold_of(const Decision& d, const ClassAttrs& attrs) {
  const auto& s = d.settings;
  // The property speaks for all classes but those that have a group of their own.
  if (s.threshold && &attrs == &s.all_classes) return *s.threshold;
  if (attrs.threshold) return *attrs.threshold;
  if (s.threshold) return *s.threshold;
  return s.has_deepstream_defaults ? deepstream_threshold : d.spec.usual_threshold;
}

void take_thresholds(Decision& d) {
  const auto& s = d.settings;
  if (d.task == Task::segmentation) {
    d.head.threshold = s.segmentation_threshold.value_or(s.threshold.value_or(0));  // every pixel has a class
    return;
  }
  if (d.task == Task::classification) {
    // [class-attrs-all] is of detectors in DeepStream's files; in a Flow's, whose only word is threshold, of both.
    const float otherwise = s.has_deepstream_defaults ? 0 : s.all_classes.threshold.value_or(d.spec.usual_threshold);
    d.head.threshold = s.threshold.value_or(s.classifier_threshold.value_or(otherwise));
    return;
  }
  d.head.threshold = d.file.class_map.empty() ? threshold_of(d, s.all_classes) : never;
  int last = 0;
  for (const auto& [id, attrs] : s.classes) last = std::max(last, id + 1);
  for (int id : s.unwanted_classes) last = std::max(last, id + 1);
  for (const auto& [from, to] : d.file.class_map) last = std::max(last, from + 1);
  last = std::min(last, 100001);
  for (int id = 0; id < last; ++id) {
    const int shown = d.shown_class(id);
    d.head.threshold_by_class.push_back(shown < 0 ? never : threshold_of(d, s.of_class(shown)));
  }
}

// DeepStream's default where a config says nothing of clusters would be to group rectangles, without settings for it:
// then, as where mode 0 is said for a class without a group-threshold, NMS does it, where the head needs it.
ClusterMode mode_of(const Decision& d, const ClassAttrs& attrs) {
  const ClusterMode needed = d.spec.needs_nms ? ClusterMode::nms : ClusterMode::none;
  const auto said = d.settings.cluster_mode;
  if (!d.file.instead_of.empty() || !said) return needed;
  const auto mode = static_cast<ClusterMode>(*said);
  return mode == ClusterMode::group_rectangles && attrs.group_threshold <= 0 ? needed : mode;
}

ClusterSettings cluster_settings(const Decision& d, const ClassAttrs& attrs) {
  const auto& s = d.settings;
  const bool says_nms = s.cluster_mode == 2 && s.has_deepstream_defaults && d.file.instead_of.empty();
  const float otherwise = says_nms ? deepstream_iou : d.spec.usual_iou;
  return {mode_of(d, attrs),
          attrs.nms_iou.value_or(otherwise),
          attrs.topk,
          attrs.threshold_after,
          attrs.group_threshold,
          attrs.eps,
          attrs.min_boxes,
          attrs.min_score};
}

// Modes that do nothing without a number of boxes, which DeepStream's default leaves at 0.
void warn_of_unclustered(Decision& d) {
  if (!d.settings.cluster_mode || !d.file.instead_of.empty()) return;
  const auto says = [&](const char* what) {
    d.warnings.push_back("cluster-mode=" + std::to_string(*d.settings.cluster_mode) + what);
  };
  const auto has_no_group = [](const ClusterSettings& c) { return c.group_threshold <= 0; };
  const auto has_no_crowd = [](const ClusterSettings& c) { return c.min_boxes <= 0; };
  const auto any = [&](auto lacks) { return std::any_of(d.clusters.begin(), d.clusters.end(), lacks); };
  const auto mode = static_cast<ClusterMode>(*d.settings.cluster_mode);
  if (mode == ClusterMode::group_rectangles && d.spec.needs_nms && any(has_no_group))
    says(": classes without a group-threshold are clustered by NMS instead");
  if ((mode == ClusterMode::dbscan || mode == ClusterMode::hybrid) && any(has_no_crowd))
    says(": DBSCAN leaves classes without minBoxes as they are; set it in [class-attrs-...]");
}

// One more than there are groups: classes beyond take the last entry.
void take_clusters(Decision& d) {
  const auto& s = d.settings;
  int last = 0;
  for (const auto& [id, attrs] : s.classes) last = std::max(last, id + 1);
  for (int id = 0; id <= std::min(last, 100000); ++id) d.clusters.push_back(cluster_settings(d, s.of_class(id)));
  warn_of_unclustered(d);
}

Task task_of(Parses what) {
  return what == Parses::classes    ? Task::classification
         : what == Parses::segments ? Task::segmentation
                                    : Task::detection;
}

// DeepStream's programs rely on its defaults, and most models want others.
void warn_of_guessed_colours(Decision& d, const ModelHints& hints) {
  const auto& evidence = d.spec.evidence;
  if (hints.color || hints.scale || evidence.empty() || evidence.back() != guessed_colours) return;
  d.warnings.push_back("nothing tells which order of colours and which range of pixels '" + file_name(d.file.path) +
                       "' wants, so RGB and 0 to 255 are taken; say model-color-format (0 RGB, 1 BGR) and "
                       "net-scale-factor (0.0039215697 for 0 to 1, 1 for 0 to 255)");
}

// What inspection would know of a head. Thresholds: one for each class, as the parser is given them.
void decide_parser(Decision& d, const ModelInfo& info, ModelHints hints) {
  const auto& parser = *d.parser;
  if (!hints.keeps_aspect) hints.keeps_aspect = false;
  if (!hints.is_padding_centred) hints.is_padding_centred = false;
  d.spec = inspect_input_only(info, hints, parser.key + "=" + parser.name + " reads the outputs (said)");
  d.task = task_of(parser.what);
  if (parser.what == Parses::classes) {
    take_parser_labels(d);
    return take_thresholds(d);
  }
  d.class_count = d.settings.class_count.value_or(0);
  if (d.class_count <= 0)
    throw SettingsError("num-detected-classes: " + parser.key + "=" + parser.name +
                        " needs it, as a parser is told how many classes there are");
  const auto mode = d.settings.cluster_mode;
  if (parser.what == Parses::masks && mode && *mode != 4)
    throw SettingsError("cluster-mode=" + std::to_string(*mode) +
                        ": objects with masks are not clustered; leave it out, or set 4");
  d.spec.needs_nms = parser.what == Parses::boxes;
  take_detector_labels(d);
  take_thresholds(d);
  d.head.threshold_by_class.resize(static_cast<std::size_t>(d.class_count), d.head.threshold);
  take_clusters(d);
}

// Of SAM's kind. What its picture must be the file does not say: each family's exports agree on it.
void decide_encoder(Decision& d, const ModelInfo& info, const ModelHints& hints) {
  if (d.settings.process_mode != ProcessMode::frames)
    throw SettingsError("decoder: an encoder looks at frames, whose objects then get masks; set process-mode=1");
  if (d.settings.takes_tensors) throw SettingsError("decoder: input-tensor-meta cannot be set with it");
  d.has_no_head = true;
  d.spec = inspect_input_only(info, hints, "decoder=" + d.settings.decoder + " makes masks of boxes");
  auto& input = d.spec.input;
  if (!hints.scale) {
    const bool is_normalised_inside = input.name.find("batched_images") != std::string::npos;  // EfficientSAM
    constexpr float mean[] = {123.675F, 116.28F, 103.53F}, deviation[] = {58.395F, 57.12F, 57.375F};
    for (int c = 0; c < 3; ++c) {
      if (!hints.offsets) input.offset[c] = is_normalised_inside ? 0 : mean[c];
      input.scale[c] = is_normalised_inside ? 1 / 255.0F : 1 / deviation[c];
    }
    d.spec.evidence.push_back(
        is_normalised_inside ? "input batched_images, EfficientSAM's -> RGB, 0..1 (likely)"
                             : "an encoder of SAM's kind -> RGB, normalised by ImageNet's mean and deviation (likely)");
  }
  if (!hints.keeps_aspect) input.keeps_aspect = true;
  if (!hints.is_padding_centred) input.is_padding_centred = false;
  input.pad_value = 114;  // near the mean, which is 0 to the model
}

void decide_offered_parser(Decision& d, const ModelInfo& info, const ModelHints& hints) {
  d.spec = inspect_for_parser(info, hints, d.settings.parser);
  d.class_count = d.settings.class_count.value_or(d.spec.class_count);
  take_detector_labels(d);
  take_thresholds(d);
  take_clusters(d);
}

void take_classes(Decision& d, int model_classes) {
  const auto& s = d.settings;
  if (d.file.class_map.empty()) {
    d.class_count =
        s.class_count && *s.class_count > 0 && d.file.instead_of.empty() ? *s.class_count : d.spec.class_count;
    if (model_classes > 0 && d.class_count > model_classes)
      d.warnings.push_back("num-detected-classes=" + std::to_string(d.class_count) + ": the model has only " +
                           std::to_string(model_classes));
    return;
  }
  for (const auto& [from, to] : d.file.class_map) d.class_count = std::max(d.class_count, to + 1);
}

// Whose first dimension is the batch. An open one is only where the picture's is open too; else it counts what was
// found.
std::vector<bool> batched_outputs_of(const ModelInfo& info) {
  std::int64_t batch = 1;
  for (const auto& input : info.inputs)
    if (input.shape.size() == 4) batch = input.shape[0];
  std::vector<bool> batched;
  const auto* table = rows_and_counts(info.outputs).rows;
  for (const auto& output : info.outputs)
    batched.push_back(&output != table && !output.shape.empty() && (output.shape[0] == 1 || output.shape[0] == batch));
  return batched;
}

}  // namespace

int Decision::shown_class(int model_class) const {
  int shown = model_class;
  if (!file.class_map.empty()) {
    const auto found = file.class_map.find(model_class);
    if (found == file.class_map.end()) return -1;
    shown = found->second;
  }
  if (shown < 0 || (class_count > 0 && shown >= class_count)) return -1;
  const auto& unwanted = settings.unwanted_classes;
  return std::find(unwanted.begin(), unwanted.end(), shown) == unwanted.end() ? shown : -1;
}

std::string Decision::label_of(int shown) const {
  const auto i = static_cast<std::size_t>(shown);
  return i < labels.size() && !labels[i].empty() ? labels[i] : std::to_string(shown);
}

std::string Decision::label_of(const Classification& found) const {
  if (!found.text.empty()) return found.text;
  const auto attribute = static_cast<std::size_t>(found.attribute);
  const auto id = static_cast<std::size_t>(found.class_id);
  if (attribute < attribute_labels.size() && id < attribute_labels[attribute].size())
    return attribute_labels[attribute][id];
  return std::to_string(found.class_id);
}

std::string Decision::explanation() const {
  std::string text = "model " + file.path + "\n";
  if (!file.instead_of.empty()) text += "stands in for " + file.instead_of + "\n";
  for (const auto& sentence : spec.evidence) text += sentence + "\n";
  if (!settings.tuned.empty()) text += "threads, requests and batch by " + settings.tuned + "\n";
  return text;
}

Decision decide(const InferSettings& settings, const ModelPath& file, const ModelInfo& info) {
  Decision d;
  d.settings = settings;
  d.file = file;
  check_network_type(d);
  d.batched_outputs = batched_outputs_of(info);
  const bool is_stand_in = !file.instead_of.empty();
  ModelHints hints = hints_of(settings, is_stand_in);
  for (const auto& [key, value] : file.head_options) hints.options[key] = value;
  if (!is_stand_in && info.inputs.size() > 1) d.initializer = open_input_initializer(settings);
  if (d.initializer) hints.fills_inputs = "the library of custom-lib-path";
  d.has_no_head = settings.network_type == 100;
  if (d.has_no_head) {
    d.spec =
        inspect_input_only(info, hints, "network-type=100 -> outputs are handed on as tensors, nothing is decoded");
    return d;
  }
  if (!settings.decoder.empty()) {
    decide_encoder(d, info, hints);
    return d;
  }
  take_parser(d);
  if (d.parser) {
    decide_parser(d, info, hints);
    return d;
  }
  if (!settings.parser.empty() && !is_stand_in) {
    decide_offered_parser(d, info, hints);
    return d;
  }
  d.spec = inspect_with_defaults(info, hints, settings.has_deepstream_defaults && !is_stand_in);
  warn_of_guessed_colours(d, hints);
  if (settings.input_order && !is_stand_in && (*settings.input_order == 1) != (d.spec.input.layout == Layout::nhwc))
    throw SettingsError("network-input-order=" + std::to_string(*settings.input_order) + ": the shape of input '" +
                        d.spec.input.name + "' says the other order (0 NCHW, 1 NHWC)");
  d.task = task_of(d.spec.head);
  check_task(d);
  if (d.task != Task::classification) {
    ModelHints unhinted = hints;
    unhinted.class_count.reset();
    const int model_classes =
        hints.class_count ? inspect_with_defaults(info, unhinted, true).class_count : d.spec.class_count;
    take_classes(d, model_classes);
    take_detector_labels(d);
  } else {
    take_classifier_labels(d, info);
  }
  take_thresholds(d);
  take_clusters(d);
  return d;
}

}  // namespace fluvial
