#include "elements/infer/nvinfer_config.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <stdexcept>

#include "algo/heads/head.h"
#include "algo/nearest_word.h"
#include "elements/config_text.h"
#include "elements/config_values.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

struct Key {
  const char* name;
  std::function<void(InferSettings&, const std::string&)> apply;  // throws std::invalid_argument
  const char* note = nullptr;                                     // why the key changes nothing here
  bool is_missed = false;  // what it asks for would change results: worth a warning
};

template <typename T>
auto whole(T InferSettings::*member, long least, long most) {
  return [=](InferSettings& s, const std::string& text) {
    using Value = std::decay_t<decltype(s.*member)>;
    if constexpr (std::is_same_v<Value, std::optional<int>>) {
      s.*member = static_cast<int>(whole_number(text, least, most));
    } else {
      s.*member = static_cast<Value>(whole_number(text, least, most));
    }
  };
}

template <typename T>
auto real(T InferSettings::*member, float least, float most) {
  return [=](InferSettings& s, const std::string& text) { s.*member = number(text, least, most); };
}

template <typename T>
auto flag(T InferSettings::*member) {
  return [=](InferSettings& s, const std::string& text) { s.*member = yes_or_no(text); };
}

auto text(std::string InferSettings::*member) {
  return [=](InferSettings& s, const std::string& value) { s.*member = value; };
}

auto whole_list(std::vector<int> InferSettings::*member) {
  return [=](InferSettings& s, const std::string& value) { s.*member = whole_numbers(value); };
}

// r;g;b;a of 0..1
Color color(const std::string& text) {
  std::vector<float> parts;
  for (const auto& item : items(text)) parts.push_back(number(item, 0, 1));
  if (parts.size() != 4) throw std::invalid_argument("allowed are red;green;blue;alpha, each 0 to 1");
  return {parts[0], parts[1], parts[2], parts[3]};
}

void set_offsets(InferSettings& s, const std::string& value) {
  s.offsets = numbers(value);
  if (s.offsets.empty() || s.offsets.size() > 4)
    throw std::invalid_argument("allowed are 1 to 4 numbers with ; between");
}

void set_infer_dims(InferSettings& s, const std::string& value) {
  s.infer_dims = whole_numbers(value);
  const bool are_positive = std::all_of(s.infer_dims.begin(), s.infer_dims.end(), [](int d) { return d > 0; });
  if (s.infer_dims.size() != 3 || !are_positive) throw std::invalid_argument("allowed is channels;height;width");
}

void set_network_type(InferSettings& s, const std::string& value) {
  const std::string allowed =
      "allowed are 0 detector, 1 classifier, 2 segmentation, 3 instance masks, 100 tensors only";
  for (int type : {0, 1, 2, 3, 100}) {
    if (value != std::to_string(type)) continue;
    s.network_type = type;
    return;
  }
  throw std::invalid_argument(allowed);
}

void set_legacy_classifier(InferSettings& s, const std::string& value) {
  if (yes_or_no(value)) s.network_type = 1;
}

// An older word for cluster-mode=1, which wins where both are said.
void set_legacy_dbscan(InferSettings& s, const std::string& value) {
  if (yes_or_no(value) && !s.cluster_mode) s.cluster_mode = 1;
}

void set_head(InferSettings& s, const std::string& value) {
  if (head_named(value) == Head::unknown) throw std::invalid_argument("allowed are " + head_names());
  s.head = value;
}

void set_head_options(InferSettings& s, const std::string& value) {
  for (const auto& item : items(value)) {
    const auto equals = item.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("allowed are option=value with ; between");
    s.head_options[item.substr(0, equals)] = item.substr(equals + 1);
  }
}

void set_defaults(InferSettings& s, const std::string& value) {
  if (value != "deepstream" && value != "model") throw std::invalid_argument("allowed are deepstream and model");
  s.has_deepstream_defaults = value == "deepstream";
}

void set_precision(InferSettings& s, const std::string& value) {
  check_precision(value);
  s.precision = value;
}

void ignore(InferSettings&, const std::string&) {}

// Of keys that change nothing, wrong values are told all the same: they are slips.
void ignore_flag(InferSettings&, const std::string& value) { yes_or_no(value); }

auto ignore_whole(long least, long most) {
  return [=](InferSettings&, const std::string& value) { whole_number(value, least, most); };
}

void ignore_number(InferSettings&, const std::string& value) { number(value, 0, 1e9F); }

constexpr const char* engine_note = "engines are not used here: the model file itself is run";
constexpr const char* int8_note = "precision is the model file's own";
constexpr const char* gpu_note = "for NVIDIA's hardware only";
constexpr const char* format_note = "tensors are found by name in the model file";
constexpr const char* dump_note = "outputs are had with raw-output-file-write or output-tensor-meta; none is replaced";

std::vector<Key> keys_that_do_something() {
  using S = InferSettings;
  return {
      {"gie-unique-id", whole(&S::unique_id, 0, INT_MAX)},
      {"unique-id", whole(&S::unique_id, 0, INT_MAX)},
      {"process-mode", whole(&S::process_mode, 1, 2)},
      {"batch-size", whole(&S::batch_size, 1, 1024)},
      {"interval", whole(&S::interval, 0, INT_MAX)},
      {"gpu-id", whole(&S::gpu_id, 0, INT_MAX)},
      {"model", text(&S::model)},
      {"defaults", set_defaults},
      {"onnx-file", text(&S::onnx_file)},
      {"model-engine-file", text(&S::engine_file)},
      {"tlt-encoded-model", text(&S::absent_file)},
      {"model-file", text(&S::absent_file)},
      {"uff-file", text(&S::absent_file)},
      {"labelfile-path", text(&S::labels_file)},
      {"backend", text(&S::backend)},
      {"precision", set_precision},
      {"device", text(&S::device)},
      {"threads", whole(&S::threads, 0, 1024)},
      {"requests", whole(&S::requests, 0, 256)},
      {"tuned", text(&S::tuned)},
      {"network-type", set_network_type},
      {"is-classifier", set_legacy_classifier},
      {"net-scale-factor", real(&S::net_scale_factor, -1e9F, 1e9F)},
      {"offsets", set_offsets},
      {"model-color-format", whole(&S::color_format, 0, 2)},
      {"network-input-order", whole(&S::input_order, 0, 1)},
      {"maintain-aspect-ratio", flag(&S::keeps_aspect)},
      {"symmetric-padding", flag(&S::is_padding_centred)},
      {"infer-dims", set_infer_dims},
      {"parser", text(&S::parser)},
      {"decoder", text(&S::decoder)},
      {"decoder-batch-size", whole(&S::decoder_batch_size, 1, 64)},
      {"head", set_head},
      {"head-options", set_head_options},
      {"num-detected-classes", whole(&S::class_count, 0, 100000)},
      {"cluster-mode", whole(&S::cluster_mode, 0, 4)},
      {"classifier-threshold", real(&S::classifier_threshold, 0, 1)},
      {"classifier-type", text(&S::classifier_type)},
      {"filter-out-class-ids", whole_list(&S::unwanted_classes)},
      {"output-tensor-meta", flag(&S::wants_tensors)},
      {"operate-on-gie-id", whole(&S::on_unique_id, -1, INT_MAX)},
      {"operate-on-class-ids", whole_list(&S::on_classes)},
      {"input-object-min-width", whole(&S::min_object_width, 0, INT_MAX)},
      {"input-object-min-height", whole(&S::min_object_height, 0, INT_MAX)},
      {"input-object-max-width", whole(&S::max_object_width, 0, INT_MAX)},
      {"input-object-max-height", whole(&S::max_object_height, 0, INT_MAX)},
      {"secondary-reinfer-interval", whole(&S::reinfer_interval, 0, INT_MAX)},
      {"input-tensor-from-meta", flag(&S::takes_tensors)},
      {"output-instance-mask", flag(&S::wants_masks)},
      {"raw-output-file-write", flag(&S::writes_raw_output)},
      {"crop-objects-to-roi-boundary", flag(&S::crops_to_roi)},
      {"segmentation-threshold", real(&S::segmentation_threshold, 0, 1)},
      {"custom-lib-path", text(&S::custom_library)},
      {"parse-bbox-func-name", text(&S::parse_boxes)},
      {"parse-bbox-instance-mask-func-name", text(&S::parse_masks)},
      {"parse-classifier-func-name", text(&S::parse_classes)},
      {"parse-segmentation-func-name", text(&S::parse_segments)},
      {"enable-dbscan", set_legacy_dbscan},
  };
}

std::vector<Key> keys_that_change_nothing() {
  using S = InferSettings;
  return {
      {"segmentation-output-order", ignore_whole(0, 1), "the order is read from the shape of the output"},
      {"mean-file", ignore, "mean pictures are not read; use offsets", true},
      {"engine-create-func-name", ignore, engine_note, true},
      {"custom-network-config", ignore, engine_note},
      {"classifier-async-mode", ignore_flag, "labels are attached to the frame that they were seen in"},
      {"network-mode", ignore_whole(0, 3), int8_note},
      {"int8-calib-file", ignore, int8_note},
      {"layer-device-precision", ignore, int8_note},
      {"strongly-typed", flag(&S::is_strongly_typed), engine_note},
      {"dynamic-properties", text(&S::dynamic_properties), engine_note},
      {"workspace-size", ignore_whole(0, INT_MAX), engine_note},
      {"force-implicit-batch-dim", ignore_flag, engine_note},
      {"warmup-engine", ignore_flag, engine_note},
      {"proto-file", ignore, engine_note},
      {"tlt-model-key", ignore, engine_note},
      {"input-dims", ignore, format_note},
      {"uff-input-dims", ignore, format_note},
      {"uff-input-order", ignore_whole(0, 2), format_note},
      {"uff-input-blob-name", ignore, format_note},
      {"output-blob-names", ignore, format_note},
      {"output-io-formats", ignore, format_note},
      {"scaling-filter", ignore_whole(0, 6), "pictures are scaled bilinearly"},
      {"scaling-compute-hw", ignore_whole(0, 2), gpu_note},
      {"enable-dla", ignore_flag, gpu_note},
      {"use-dla-core", ignore_whole(0, INT_MAX), gpu_note},
      {"disable-output-host-copy", ignore_flag, gpu_note},
      {"auto-inc-mem", ignore_flag, gpu_note},
      {"max-gpu-mem-per", ignore_number, gpu_note},
      {"tensor-meta-pool-size", ignore_whole(0, INT_MAX), gpu_note},
      {"stabilize-buffer-count", ignore_whole(0, INT_MAX), gpu_note},
      {"dump-input-tensor", ignore_flag, dump_note},
      {"dump-output-tensor", ignore_flag, dump_note},
      {"overwrite-input-tensor", ignore_flag, dump_note, true},
      {"overwrite-output-tensor", ignore_flag, dump_note, true},
      {"ip-tensor-file", ignore, dump_note},
      {"op-tensor-files", ignore, dump_note},
  };
}

const std::vector<Key>& property_keys() {
  static const std::vector<Key> keys = [] {
    auto all = keys_that_do_something();
    for (auto& key : keys_that_change_nothing()) all.push_back(std::move(key));
    return all;
  }();
  return keys;
}

struct ClassKey {
  const char* name;
  std::function<void(ClassAttrs&, const std::string&)> apply;
};

auto class_whole(int ClassAttrs::*member, int least) {
  return
      [=](ClassAttrs& a, const std::string& text) { a.*member = static_cast<int>(whole_number(text, least, INT_MAX)); };
}

const std::vector<ClassKey>& class_keys() {
  static const auto set_threshold = [](ClassAttrs& a, const std::string& t) { a.threshold = number(t, 0, 1); };
  static const std::vector<ClassKey> keys = {
      {"pre-cluster-threshold", set_threshold},
      {"threshold", set_threshold},
      {"post-cluster-threshold", [](ClassAttrs& a, const std::string& t) { a.threshold_after = number(t, 0, 1); }},
      {"nms-iou-threshold", [](ClassAttrs& a, const std::string& t) { a.nms_iou = number(t, 0, 1); }},
      {"topk", class_whole(&ClassAttrs::topk, INT_MIN)},
      {"roi-top-offset", class_whole(&ClassAttrs::roi_top, 0)},
      {"roi-bottom-offset", class_whole(&ClassAttrs::roi_bottom, 0)},
      {"detected-min-w", class_whole(&ClassAttrs::min_width, 0)},
      {"detected-min-h", class_whole(&ClassAttrs::min_height, 0)},
      {"detected-max-w", class_whole(&ClassAttrs::max_width, 0)},
      {"detected-max-h", class_whole(&ClassAttrs::max_height, 0)},
      {"border-color", [](ClassAttrs& a, const std::string& t) { a.border = color(t); }},
      {"bg-color", [](ClassAttrs& a, const std::string& t) { a.background = color(t); }},
      {"eps", [](ClassAttrs& a, const std::string& t) { a.eps = number(t, 0, 1e9F); }},
      {"group-threshold", class_whole(&ClassAttrs::group_threshold, 0)},
      {"minBoxes", class_whole(&ClassAttrs::min_boxes, 0)},
      {"dbscan-min-score", [](ClassAttrs& a, const std::string& t) { a.min_score = number(t, 0, 1e9F); }},
  };
  return keys;
}

template <typename Keys>
std::vector<std::string> names_of(const Keys& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.emplace_back(key.name);
  return names;
}

template <typename Keys>
auto find_key(const Keys& keys, const std::string& name) {
  return std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return name == key.name; });
}

constexpr const char* class_prefix = "class-attrs-";

bool is_class_group(const std::string& group) { return group.compare(0, 12, class_prefix) == 0; }

// Reads one file. Every finding begins with the file's name, so that it is understood alone.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), name_(fs::path(path).filename().string() + ": ") {}

  NvinferConfig run() {
    out_.settings.has_deepstream_defaults = true;
    try {
      entries_ = read_config_text(path_);
      folder_ = fs::canonical(path_).parent_path();
    } catch (const std::exception& e) {
      problem(e.what());
      return std::move(out_);
    }
    for (const auto& entry : entries_) check_group(entry);
    const auto is_property = [](const ConfigEntry& entry) { return entry.group == "property"; };
    if (std::none_of(entries_.begin(), entries_.end(), is_property)) problem("group [property] is missing");
    for (const auto& entry : entries_)
      if (entry.group == "property") take_property(entry);
    take_classes();
    for (auto member :
         {&InferSettings::model, &InferSettings::onnx_file, &InferSettings::engine_file, &InferSettings::absent_file,
          &InferSettings::labels_file, &InferSettings::custom_library, &InferSettings::decoder})
      make_absolute(out_.settings.*member);
    return std::move(out_);
  }

 private:
  void problem(const std::string& what) { out_.problems.push_back(name_ + what); }
  void warn(const std::string& what) { out_.warnings.push_back(name_ + what); }

  static std::string where(const ConfigEntry& entry) { return "[" + entry.group + "] " + entry.key; }

  void unknown(const std::string& what, const std::string& word, const std::vector<std::string>& known) {
    const std::string near = nearest_word(word, known);
    warn(what + " is not known" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  void check_group(const ConfigEntry& entry) {
    if (entry.group == "property" || is_class_group(entry.group) || entry.group == last_unknown_group_) return;
    last_unknown_group_ = entry.group;
    unknown("group [" + entry.group + "]", entry.group, {"property", "class-attrs-all"});
  }

  template <typename Apply>
  void judge(const ConfigEntry& entry, Apply apply) {
    try {
      apply();
    } catch (const std::invalid_argument& e) {
      problem(where(entry) + "=" + entry.value + ": " + e.what());
    }
  }

  void take_property(const ConfigEntry& entry) {
    const auto key = find_key(property_keys(), entry.key);
    if (key == property_keys().end()) return unknown(where(entry), entry.key, names_of(property_keys()));
    judge(entry, [&] { key->apply(out_.settings, entry.value); });
    if (!key->note) return;
    const bool asks_nothing = entry.value.empty() || entry.value == "0" || entry.value == "false";
    (key->is_missed && !asks_nothing ? out_.warnings : out_.notes).push_back(name_ + where(entry) + ": " + key->note);
  }

  // [class-attrs-all] first: what it says holds for the others, wherever they stand in the file.
  void take_classes() {
    for (const auto& entry : entries_)
      if (entry.group == "class-attrs-all") take_class(entry, out_.settings.all_classes);
    for (const auto& entry : entries_) {
      if (!is_class_group(entry.group) || entry.group == "class-attrs-all") continue;
      int id = 0;
      try {
        id = static_cast<int>(whole_number(entry.group.substr(12), 0, INT_MAX));
      } catch (const std::invalid_argument&) {
        problem("[" + entry.group + "]: allowed are [class-attrs-all] and [class-attrs-N] with a class id N");
        continue;
      }
      take_class(entry, out_.settings.classes.try_emplace(id, out_.settings.all_classes).first->second);
    }
  }

  void take_class(const ConfigEntry& entry, ClassAttrs& attrs) {
    const auto key = find_key(class_keys(), entry.key);
    if (key == class_keys().end()) return unknown(where(entry), entry.key, names_of(class_keys()));
    judge(entry, [&] { key->apply(attrs, entry.value); });
  }

  void make_absolute(std::string& path) const {
    if (!path.empty() && path.rfind("grpc://", 0) != 0) path = (folder_ / path).lexically_normal().string();
  }

  std::string path_, name_;
  fs::path folder_;
  std::vector<ConfigEntry> entries_;
  std::string last_unknown_group_;
  NvinferConfig out_;
};

}  // namespace

NvinferConfig read_nvinfer_config(const std::string& path) { return Reader(path).run(); }

}  // namespace fluvial
