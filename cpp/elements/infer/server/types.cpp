#include "elements/infer/server/types.h"

namespace fluvial {
namespace {

constexpr auto text = FieldKind::text;
constexpr auto whole = FieldKind::whole;
constexpr auto real = FieldKind::real;
constexpr auto flag = FieldKind::flag;
constexpr auto word = FieldKind::word;
constexpr bool many = true;

FieldType message(const char* name, const MessageType& of, bool is_repeated = false) {
  FieldType field{name, FieldKind::message};
  field.is_repeated = is_repeated;
  field.of = &of;
  return field;
}

FieldType noted(const char* name, FieldKind kind, const char* note, bool is_repeated = false) {
  FieldType field{name, kind};
  field.is_repeated = is_repeated;
  field.note = note;
  return field;
}

FieldType words(const char* name, std::vector<const char*> allowed, const char* note = nullptr) {
  FieldType field{name, word};
  field.words = std::move(allowed);
  field.note = note;
  return field;
}

constexpr const char* triton_note = "of Triton's own server; the model is run in this process";
constexpr const char* gpu_note = "for NVIDIA's hardware only";
constexpr const char* model_note = "the model file itself tells";
constexpr const char* sharing_note = "tensors are in system memory; enable_shared_memory: true shares that";

const MessageType& classify_type() {
  static const MessageType type{{{"topk", whole}, {"threshold", real}, {"tensor_name", text}}};
  return type;
}

const MessageType& repository_type() {
  static const MessageType config{{{"backend", text}, {"setting", text}, {"value", text}}};
  static const MessageType memory{{{"device", whole}, {"memory_pool_byte_size", whole}}};
  static const MessageType type{{{"root", text, many},
                                 noted("log_level", whole, triton_note),
                                 {"strict_model_config", flag},
                                 noted("tf_gpu_memory_fraction", real, triton_note),
                                 noted("tf_disable_soft_placement", flag, triton_note),
                                 noted("min_compute_capacity", real, gpu_note),
                                 noted("backend_dir", text, triton_note),
                                 noted("model_control_mode", text, triton_note),
                                 message("cuda_device_memory", memory, many),
                                 noted("pinned_memory_pool_byte_size", whole, gpu_note),
                                 message("backend_configs", config, many)}};
  return type;
}

const MessageType& triton_type() {
  static const MessageType grpc{{{"url", text},
                                 noted("enable_cuda_buffer_sharing", flag, sharing_note),
                                 {"enable_shared_memory", flag},  // ours, as is the next
                                 {"timeout_ms", whole}}};
  static const MessageType type{{{"model_name", text},
                                 {"version", whole},
                                 message("class_params", classify_type(), many),
                                 message("model_repo", repository_type()),
                                 message("grpc", grpc)}};
  return type;
}

const MessageType& backend_type() {
  static const std::vector<const char*> data_types = {
      "TENSOR_DT_NONE",  "TENSOR_DT_FP32",   "TENSOR_DT_FP16",   "TENSOR_DT_INT8",   "TENSOR_DT_INT16",
      "TENSOR_DT_INT32", "TENSOR_DT_UINT8",  "TENSOR_DT_UINT16", "TENSOR_DT_UINT32", "TENSOR_DT_FP64",
      "TENSOR_DT_INT64", "TENSOR_DT_UINT64", "TENSOR_DT_STRING"};
  static const char* input_note = "the model itself tells; that of a server is compared";
  static const MessageType input{
      {{"name", text}, noted("dims", whole, input_note, many), words("data_type", data_types, input_note)}};
  static const MessageType output{{{"name", text}, noted("max_buffer_bytes", whole, model_note)}};
  static const MessageType type{
      {message("inputs", input, many), message("outputs", output, many), message("trt_is", triton_type()),
       message("triton", triton_type()),
       words("output_mem_type", {"MEMORY_TYPE_DEFAULT", "MEMORY_TYPE_CPU", "MEMORY_TYPE_GPU"}, gpu_note),
       noted("disable_warmup", flag, "one empty picture tells how long an inference takes")}};
  return type;
}

const MessageType& preprocess_type() {
  static const MessageType normalize{{{"scale_factor", real}, {"channel_offsets", real, many}, {"mean_file", text}}};
  static const MessageType type{
      {words("network_format", {"MEDIA_FORMAT_NONE", "IMAGE_FORMAT_RGB", "IMAGE_FORMAT_BGR", "IMAGE_FORMAT_GRAY"}),
       words("tensor_order", {"TENSOR_ORDER_NONE", "TENSOR_ORDER_LINEAR", "TENSOR_ORDER_NHWC"}),
       noted("tensor_name", text, model_note),
       {"maintain_aspect_ratio", whole},
       words("frame_scaling_hw", {"FRAME_SCALING_HW_DEFAULT", "FRAME_SCALING_HW_GPU", "FRAME_SCALING_HW_VIC"},
             gpu_note),
       noted("frame_scaling_filter", whole, "pictures are scaled bilinearly"),
       message("normalize", normalize),
       {"symmetric_padding", whole}}};
  return type;
}

const MessageType& detection_type() {
  static const MessageType per_class{{{"pre_threshold", real}}};
  static const MessageType entry{{{"key", whole}, message("value", per_class)}};
  static const MessageType nms{{{"confidence_threshold", real}, {"iou_threshold", real}, {"topk", whole}}};
  static const MessageType dbscan{{{"pre_threshold", real}, {"eps", real}, {"min_boxes", whole}, {"min_score", real}}};
  static const MessageType group{{{"confidence_threshold", real}, {"group_threshold", whole}, {"eps", real}}};
  static const MessageType simple{{{"threshold", real}}};
  static const MessageType type{{{"num_detected_classes", whole},
                                 message("per_class_params", entry, many),
                                 {"custom_parse_bbox_func", text},
                                 message("nms", nms),
                                 message("dbscan", dbscan),
                                 message("group_rectangle", group),
                                 message("simple_cluster", simple)}};
  return type;
}

const MessageType& postprocess_type() {
  static const MessageType classification{{{"threshold", real}, {"custom_parse_classifier_func", text}}};
  static const MessageType segmentation{
      {{"threshold", real}, {"num_segmentation_classes", whole}, {"custom_parse_segmentation_func", text}}};
  static const MessageType other{{{"type_name", text}}};
  static const MessageType type{{{"labelfile_path", text},
                                 message("detection", detection_type()),
                                 message("classification", classification),
                                 message("segmentation", segmentation),
                                 message("other", other),
                                 message("trtis_classification", classify_type()),
                                 message("triton_classification", classify_type())}};
  return type;
}

const MessageType& inference_type() {
  static const MessageType library{{{"path", text}}};
  static const MessageType extra{
      {noted("copy_input_to_host_buffers", flag, "tensors are in system memory"),
       noted("output_buffer_pool_size", whole, "as many requests run as keep the device busy"),
       {"custom_process_funcion", text}}};
  static const MessageType from_meta{{noted("is_first_dim_batch", flag, "a tensor's first size counts its regions")}};
  static const MessageType type{{{"unique_id", whole},
                                 {"gpu_ids", whole, many},
                                 {"max_batch_size", whole},
                                 message("backend", backend_type()),
                                 message("preprocess", preprocess_type()),
                                 message("input_tensor_from_meta", from_meta),
                                 message("postprocess", postprocess_type()),
                                 message("custom_lib", library),
                                 message("extra", extra),
                                 {"lstm", FieldKind::message},
                                 {"clip_object_outside_roi", flag}}};
  return type;
}

const MessageType& box_filter_type() {
  static const MessageType type{
      {{"min_width", whole}, {"min_height", whole}, {"max_width", whole}, {"max_height", whole}}};
  return type;
}

const MessageType& input_control_type() {
  static const MessageType objects{{message("bbox_filter", box_filter_type())}};
  static const MessageType type{
      {words("process_mode", {"PROCESS_MODE_DEFAULT", "PROCESS_MODE_FULL_FRAME", "PROCESS_MODE_CLIP_OBJECTS"}),
       {"operate_on_gie_id", whole},
       {"operate_on_class_ids", whole, many},
       {"interval", whole},
       {"secondary_reinfer_interval", whole},
       noted("async_mode", flag, "labels are attached to the frame that they were seen in"),
       message("object_control", objects)}};
  return type;
}

const MessageType& output_control_type() {
  static const MessageType color{{{"r", real}, {"g", real}, {"b", real}, {"a", real}}};
  static const MessageType filter{{message("bbox_filter", box_filter_type()),
                                   {"roi_top_offset", whole},
                                   {"roi_bottom_offset", whole},
                                   message("border_color", color),
                                   message("bg_color", color)}};
  static const MessageType entry{{{"key", whole}, message("value", filter)}};
  static const MessageType detect{{message("default_filter", filter),
                                   message("specific_class_filters", entry, many),
                                   {"filter_out_class_ids", whole, many}}};
  static const MessageType type{
      {{"output_tensor_meta", flag}, message("detect_control", detect), {"classifier_type", text}}};
  return type;
}

}  // namespace

const MessageType& plugin_control_type() {
  static const MessageType type{{message("infer_config", inference_type()),
                                 message("input_control", input_control_type()),
                                 message("output_control", output_control_type())}};
  return type;
}

}  // namespace fluvial
