#include "elements/infer/server/config.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "elements/infer/server/model_repository.h"
#include "elements/infer/server/remote.h"
#include "elements/infer/server/types.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

using S = InferSettings;

// The value of an entry of a map, and its key.
struct Entry {
  int key;
  const TextField* value;
};

std::vector<Entry> entries_of(const TextField& message, const char* name) {
  std::vector<Entry> entries;
  for (const auto* field : message.all(name))
    if (const auto* value = field->find("value")) entries.push_back({whole_in(*field, "key", 0), value});
  return entries;
}

Color color_of(const TextField& field) {
  return {real_in(field, "r", 0), real_in(field, "g", 0), real_in(field, "b", 0), real_in(field, "a", 0)};
}

void take_filter(const TextField& filter, ClassAttrs& attrs) {
  if (const auto* box = filter.find("bbox_filter")) {
    attrs.min_width = whole_in(*box, "min_width", 0);
    attrs.min_height = whole_in(*box, "min_height", 0);
    attrs.max_width = whole_in(*box, "max_width", 0);
    attrs.max_height = whole_in(*box, "max_height", 0);
  }
  attrs.roi_top = whole_in(filter, "roi_top_offset", 0);
  attrs.roi_bottom = whole_in(filter, "roi_bottom_offset", 0);
  if (const auto* color = filter.find("border_color")) attrs.border = color_of(*color);
  if (const auto* color = filter.find("bg_color")) attrs.background = color_of(*color);
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), report_(path) {}

  NvinferConfig run() {
    s_.has_deepstream_defaults = true;
    s_.clips_outside_roi = false;  // the file's default
    try {
      const TextField root = read_text_format(path_);
      folder_ = fs::canonical(path_).parent_path();
      check(root, plugin_control_type(), "", report_);
      take(root);
    } catch (const std::exception& e) {
      report_.problem(e.what());
    }
    return {std::move(s_), std::move(report_.problems), std::move(report_.warnings), std::move(report_.notes)};
  }

 private:
  // Without one of these parts the file says nothing of it.
  void take(const TextField& root) {
    const auto* infer = root.find("infer_config");
    if (!infer) return report_.problem("infer_config { } is missing: it names the model");
    take_inference(*infer);
    // Thresholds of the classes come first, as their filters are laid over them.
    if (const auto* input = root.find("input_control")) take_input(*input);
    if (const auto* output = root.find("output_control")) take_output(*output);
    if (s_.network_type == 100 && !s_.wants_tensors)
      report_.problem("postprocess.other decodes nothing, so output_control { output_tensor_meta: true } is needed");
  }

  std::string absolute(const std::string& path) const {
    return path.empty() ? "" : (folder_ / path).lexically_normal().string();
  }

  void take_inference(const TextField& infer) {
    s_.unique_id = static_cast<unsigned>(std::max(0, whole_in(infer, "unique_id", 0)));
    s_.batch_size = static_cast<unsigned>(std::clamp(whole_in(infer, "max_batch_size", 1), 1, 1024));
    if (const auto gpus = wholes_in(infer, "gpu_ids"); !gpus.empty())
      s_.gpu_id = static_cast<unsigned>(std::max(0, gpus.front()));
    s_.clips_outside_roi = flag_in(infer, "clip_object_outside_roi", false);
    if (const auto* from_meta = infer.find("input_tensor_from_meta"); from_meta) s_.takes_tensors = true;
    if (const auto* custom = infer.find("custom_lib")) library_ = absolute(text_in(*custom, "path"));
    if (const auto* preprocess = infer.find("preprocess")) take_preprocess(*preprocess);
    if (const auto* postprocess = infer.find("postprocess")) take_postprocess(*postprocess);
    if (const auto* lstm = infer.find("lstm"))
      report_.problem(at_line(*lstm) + "infer_config.lstm: tensors that go back into the model are not done here");
    if (const auto* extra = infer.find("extra")) {
      const auto* custom = extra->find("custom_process_funcion");
      if (custom && !custom->value.empty())
        report_.problem(at_line(*custom) + "infer_config.extra.custom_process_funcion: \"" + custom->value +
                        "\": custom processors are not run here; read the tensors in a probe (output_tensor_meta)");
    }
    const auto* backend = infer.find("backend");
    if (!backend) return report_.problem(at_line(infer) + "infer_config.backend { triton { } } is missing");
    take_backend(*backend);
  }

  void take_backend(const TextField& backend) {
    const auto* triton = backend.find("triton") ? backend.find("triton") : backend.find("trt_is");
    if (!triton) return report_.problem(at_line(backend) + "infer_config.backend.triton { } is missing");
    const std::string name = text_in(*triton, "model_name");
    if (name.empty())
      return report_.problem(at_line(*triton) +
                             "model_name is missing: the name of the model's folder in the repository");
    const auto* repository = triton->find("model_repo");
    if (const auto* grpc = triton->find("grpc")) {
      if (repository)
        report_.problem(at_line(*repository) + "model_repo: grpc stands there too; allowed is one of both");
      s_.remote = read_remote_model(backend, *triton, *grpc, report_);
      s_.model = s_.remote.address;
      return;
    }
    if (!repository || repository->all("root").empty())
      return report_.problem(at_line(*triton) +
                             "model_repo { root: \"...\" } is missing, the folder of model folders; or grpc { url: "
                             "\"host:port\" } of a server");
    std::vector<std::string> roots;
    for (const auto* root : repository->all("root")) roots.push_back(absolute(root->value));
    const auto model = find_in_repository(roots, name, whole_in(*triton, "version", -1),
                                          flag_in(*repository, "strict_model_config", false));
    if (s_.infer_dims.empty()) s_.infer_dims = model.infer_dims;
    if (model.problem.empty()) {
      s_.model = model.path;
    } else {  // a stand-in may take its place
      s_.absent_file = model.path;
      s_.absent_because = at_line(*triton) + model.problem;
    }
  }

  void take_preprocess(const TextField& preprocess) {
    const std::string format = text_in(preprocess, "network_format");
    if (format == "IMAGE_FORMAT_RGB") s_.color_format = 0;
    if (format == "IMAGE_FORMAT_BGR") s_.color_format = 1;
    if (format == "IMAGE_FORMAT_GRAY") s_.color_format = 2;
    const std::string order = text_in(preprocess, "tensor_order");
    if (order == "TENSOR_ORDER_LINEAR") s_.input_order = 0;
    if (order == "TENSOR_ORDER_NHWC") s_.input_order = 1;
    s_.keeps_aspect = whole_in(preprocess, "maintain_aspect_ratio", 0) != 0;
    s_.is_padding_centred = whole_in(preprocess, "symmetric_padding", 0) != 0;
    const auto* normalize = preprocess.find("normalize");
    if (!normalize) return;
    s_.net_scale_factor = real_in(*normalize, "scale_factor", 1);
    for (const auto* offset : normalize->all("channel_offsets")) {
      TextField one;
      one.fields = {*offset};
      s_.offsets.push_back(real_in(one, "channel_offsets", 0));
    }
    if (s_.offsets.size() > 4)
      report_.problem(at_line(*normalize) + "channel_offsets: allowed are 1 to 4 numbers, here are " +
                      std::to_string(s_.offsets.size()));
    if (!text_in(*normalize, "mean_file").empty())
      report_.warn(at_line(*normalize) + "mean_file: mean pictures are not read; use channel_offsets");
  }

  void take_postprocess(const TextField& postprocess) {
    s_.labels_file = absolute(text_in(postprocess, "labelfile_path"));
    if (const auto* detection = postprocess.find("detection")) {
      s_.network_type = 0;
      take_detection(*detection);
    } else if (const auto* classification = postprocess.find("classification")) {
      s_.network_type = 1;
      s_.classifier_threshold = real_in(*classification, "threshold", 0);
      take_parser(*classification, "custom_parse_classifier_func", &S::parse_classes);
    } else if (const auto* segmentation = postprocess.find("segmentation")) {
      s_.network_type = 2;
      s_.segmentation_threshold = std::clamp(real_in(*segmentation, "threshold", 0), 0.0F, 1.0F);
      take_parser(*segmentation, "custom_parse_segmentation_func", &S::parse_segments);
    } else if (postprocess.find("other")) {
      s_.network_type = 100;
    } else if (const auto* triton = first_of(postprocess, {"triton_classification", "trtis_classification"})) {
      s_.network_type = 1;
      s_.classifier_threshold = real_in(*triton, "threshold", 0);
    }
  }

  static const TextField* first_of(const TextField& message, std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (const auto* field = message.find(name)) return field;
    return nullptr;
  }

  // DeepStream's own library of parsers is not on a machine without it: then inspection reads the outputs.
  void take_parser(const TextField& message, const char* name, std::string S::*function) {
    const auto* field = message.find(name);
    if (!field || field->value.empty()) return;
    std::error_code error;
    const bool is_stock = fs::path(library_).filename() == "libnvds_infercustomparser.so";
    if (is_stock && !fs::exists(library_, error))
      return report_.note(at_line(*field) + name + ": the model's outputs are read by inspection");
    if (library_.empty())
      return report_.problem(at_line(*field) + name + ": \"" + field->value +
                             "\": custom_lib { path: \"...\" } is missing, the library that has it");
    s_.custom_library = library_;
    s_.*function = field->value;
  }

  void take_detection(const TextField& detection) {
    s_.class_count = std::max(0, whole_in(detection, "num_detected_classes", 0));
    take_parser(detection, "custom_parse_bbox_func", &S::parse_boxes);
    auto& all = s_.all_classes;
    if (const auto* nms = detection.find("nms")) {
      s_.cluster_mode = 2;
      all.threshold = real_in(*nms, "confidence_threshold", 0);
      all.nms_iou = real_in(*nms, "iou_threshold", 0.3F);
      all.topk = whole_in(*nms, "topk", -1);
    } else if (const auto* dbscan = detection.find("dbscan")) {
      s_.cluster_mode = 1;
      all.threshold = real_in(*dbscan, "pre_threshold", 0);
      all.eps = real_in(*dbscan, "eps", 0);
      all.min_boxes = whole_in(*dbscan, "min_boxes", 0);
      all.min_score = real_in(*dbscan, "min_score", 0);
    } else if (const auto* group = detection.find("group_rectangle")) {
      s_.cluster_mode = 0;
      all.threshold = real_in(*group, "confidence_threshold", 0);
      all.group_threshold = whole_in(*group, "group_threshold", 0);
      all.eps = real_in(*group, "eps", 0);
    } else if (const auto* simple = detection.find("simple_cluster")) {
      s_.cluster_mode = 4;
      all.threshold = real_in(*simple, "threshold", 0);
    }
    for (const auto& entry : entries_of(detection, "per_class_params"))
      attrs_of(entry.key).threshold = real_in(*entry.value, "pre_threshold", 0);
  }

  ClassAttrs& attrs_of(int class_id) { return s_.classes.try_emplace(class_id, s_.all_classes).first->second; }

  void take_input(const TextField& input) {
    const std::string mode = text_in(input, "process_mode");
    if (mode == "PROCESS_MODE_FULL_FRAME") s_.process_mode = ProcessMode::frames;
    if (mode == "PROCESS_MODE_CLIP_OBJECTS") s_.process_mode = ProcessMode::objects;
    s_.on_unique_id = whole_in(input, "operate_on_gie_id", -1);
    s_.on_classes = wholes_in(input, "operate_on_class_ids");
    s_.interval = static_cast<unsigned>(std::max(0, whole_in(input, "interval", 0)));
    if (input.find("secondary_reinfer_interval"))
      s_.reinfer_interval = std::max(0, whole_in(input, "secondary_reinfer_interval", 0));
    const auto* objects = input.find("object_control");
    const auto* box = objects ? objects->find("bbox_filter") : nullptr;
    if (!box) return;
    s_.min_object_width = whole_in(*box, "min_width", 0);
    s_.min_object_height = whole_in(*box, "min_height", 0);
    s_.max_object_width = whole_in(*box, "max_width", 0);
    s_.max_object_height = whole_in(*box, "max_height", 0);
  }

  void take_output(const TextField& output) {
    s_.wants_tensors = flag_in(output, "output_tensor_meta", false);
    s_.classifier_type = text_in(output, "classifier_type");
    const auto* detect = output.find("detect_control");
    if (!detect) return;
    s_.unwanted_classes = wholes_in(*detect, "filter_out_class_ids");
    if (const auto* filter = detect->find("default_filter")) {
      take_filter(*filter, s_.all_classes);
      for (auto& [id, attrs] : s_.classes) take_filter(*filter, attrs);
    }
    for (const auto& entry : entries_of(*detect, "specific_class_filters"))
      take_filter(*entry.value, attrs_of(entry.key));
  }

  std::string path_;
  ConfigReport report_;
  fs::path folder_;
  std::string library_;
  S s_;
};

}  // namespace

NvinferConfig read_inferserver_config(const std::string& path) { return Reader(path).run(); }

}  // namespace fluvial
