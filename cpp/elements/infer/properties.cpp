#include "elements/infer/properties.h"

#include "elements/config_values.h"

namespace fluvial {
namespace {

constexpr auto ready = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto playing = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
using S = InferSettings;

GType process_mode_type() {
  static const GEnumValue values[] = {{1, "Primary: whole frames", "primary"},
                                      {2, "Secondary: objects of another inference", "secondary"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("FluvialInferProcessMode", values);
  return type;
}

InferProperty whole(const char* name, const char* nick, const char* blurb, unsigned S::*member, unsigned least,
                    unsigned most, unsigned otherwise, GParamFlags flags = ready) {
  return {g_param_spec_uint(name, nick, blurb, least, most, otherwise, flags),
          [=](S& s, const GValue* v) { s.*member = g_value_get_uint(v); },
          [=](const S& s, GValue* v) { g_value_set_uint(v, s.*member); }};
}

InferProperty flag(const char* name, const char* nick, const char* blurb, bool S::*member, bool otherwise) {
  return {g_param_spec_boolean(name, nick, blurb, otherwise, ready),
          [=](S& s, const GValue* v) { s.*member = g_value_get_boolean(v); },
          [=](const S& s, GValue* v) { g_value_set_boolean(v, s.*member); }};
}

// What was not said is false to who asks.
InferProperty flag(const char* name, const char* nick, const char* blurb, std::optional<bool> S::*member) {
  return {g_param_spec_boolean(name, nick, blurb, FALSE, ready),
          [=](S& s, const GValue* v) { s.*member = g_value_get_boolean(v); },
          [=](const S& s, GValue* v) { g_value_set_boolean(v, (s.*member).value_or(false)); }};
}

InferProperty text(const char* name, const char* nick, const char* blurb, std::string S::*member,
                   const char* otherwise = "", GParamFlags flags = ready) {
  return {g_param_spec_string(name, nick, blurb, otherwise, flags),
          [=](S& s, const GValue* v) { s.*member = g_value_get_string(v) ? g_value_get_string(v) : ""; },
          [=](const S& s, GValue* v) { g_value_set_string(v, (s.*member).c_str()); }};
}

InferProperty ids(const char* name, const char* nick, const char* blurb, std::vector<int> S::*member,
                  const char* separator) {
  return {g_param_spec_string(name, nick, blurb, "", ready),
          [=](S& s, const GValue* v) { s.*member = whole_numbers(g_value_get_string(v) ? g_value_get_string(v) : ""); },
          [=](const S& s, GValue* v) { g_value_set_string(v, joined(s.*member, separator).c_str()); }};
}

InferProperty pointer(const char* name, const char* nick, const char* blurb, void* S::*member) {
  return {g_param_spec_pointer(name, nick, blurb, ready),
          [=](S& s, const GValue* v) { s.*member = g_value_get_pointer(v); },
          [=](const S& s, GValue* v) { g_value_set_pointer(v, s.*member); }};
}

InferProperty process_mode() {
  return {g_param_spec_enum("process-mode", "Process mode", "1 primary (frames), 2 secondary (objects)",
                            process_mode_type(), 1, ready),
          [](S& s, const GValue* v) { s.process_mode = static_cast<ProcessMode>(g_value_get_enum(v)); },
          [](const S& s, GValue* v) { g_value_set_enum(v, static_cast<int>(s.process_mode)); }};
}

InferProperty on_unique_id() {
  return {g_param_spec_int("infer-on-gie-id", "Infer on GIE id",
                           "Secondary: only objects of the inference with this unique-id; -1: of any", -1, G_MAXINT, -1,
                           ready),
          [](S& s, const GValue* v) { s.on_unique_id = g_value_get_int(v); },
          [](const S& s, GValue* v) { g_value_set_int(v, s.on_unique_id); }};
}

InferProperty precision() {
  auto property =
      text("precision", "Precision", "Of the arithmetic: f32, f16, bf16; empty: the backend's choice", &S::precision);
  property.set = [](S& s, const GValue* v) {
    const char* word = g_value_get_string(v);
    check_precision(word ? word : "");
    s.precision = word ? word : "";
  };
  return property;
}

InferProperty threshold() {
  return {g_param_spec_float("threshold", "Threshold",
                             "Least confidence, 0..1; -1: the config file's, or what suits the kind of model", -1, 1,
                             -1, ready),
          [](S& s, const GValue* v) {
            const float value = g_value_get_float(v);
            s.threshold = value < 0 ? std::nullopt : std::optional<float>(value);
          },
          [](const S& s, GValue* v) { g_value_set_float(v, s.threshold.value_or(-1)); }};
}

}  // namespace

std::vector<InferProperty> make_infer_properties() {
  return {
      whole("unique-id", "Unique id", "Number written into the metadata that this element makes", &S::unique_id, 0,
            G_MAXUINT, 15),
      process_mode(),
      whole("batch-size", "Batch size", "Most frames or objects in one inference, on devices that gain by it",
            &S::batch_size, 1, 1024, 1),
      whole("interval", "Interval", "Batches to skip between two inferences", &S::interval, 0, G_MAXINT, 0, playing),
      on_unique_id(),
      ids("infer-on-class-ids", "Infer on class ids", "Secondary: only objects of these classes, such as 0:2",
          &S::on_classes, ":"),
      ids("filter-out-class-ids", "Filter out class ids", "Classes that are not reported, such as 1;3",
          &S::unwanted_classes, ";"),
      text("model-engine-file", "Model engine file",
           "Engine file of a config; the model that it is named after is run. While playing: it takes over",
           &S::engine_file, "", playing),
      whole("gpu-id", "GPU id", "Which GPU device=cuda means; elsewhere 'device' alone tells", &S::gpu_id, 0, G_MAXUINT,
            0),
      flag("qos", "Qos", "Accepted; has no effect: no frame is left out because it is late", &S::wants_qos, false),
      flag("raw-output-file-write", "Raw output file write",
           "Write each inference's outputs into files in the working folder", &S::writes_raw_output, false),
      pointer("raw-output-generated-callback", "Raw output callback",
              "A gst_nvinfer_raw_output_generated_callback of C, called after each inference", &S::raw_callback),
      pointer("raw-output-generated-userdata", "Raw output user data", "What the callback is given", &S::raw_user_data),
      flag("output-tensor-meta", "Output tensor meta", "Attach the model's outputs as NvDsInferTensorMeta",
           &S::wants_tensors, false),
      flag("output-instance-mask", "Output instance mask",
           "Attach masks of objects; not set, a model without a config file gives those that it has", &S::wants_masks),
      flag("input-tensor-meta", "Input tensor meta",
           "Take the tensors that fluvialpreprocess made for this unique-id, instead of frames or objects",
           &S::takes_tensors, false),
      flag("clip-object-outside-roi", "Clip object outside ROI",
           "With input-tensor-meta: boxes are cut at their region", &S::clips_outside_roi, true),
      flag("crop-objects-to-roi-boundary", "Crop objects to ROI boundary",
           "Cut boxes at the class's roi offsets; else those that cross them are dropped", &S::crops_to_roi, false),
      flag("strongly-typed", "Strongly typed", "Accepted; has no effect", &S::is_strongly_typed, false),
      text("dynamic-properties", "Dynamic properties", "Accepted; has no effect", &S::dynamic_properties),
      text("model", "Model",
           "ONNX or OpenVINO IR file; alone, inspection decides how it is fed and read. While playing: it takes over",
           &S::model, "", playing),
      text("decoder", "Decoder",
           "ONNX or OpenVINO IR file of a mask decoder (SAM); 'model' is its encoder, and objects before it get masks",
           &S::decoder),
      whole("decoder-batch-size", "Decoder batch size", "Most boxes in one call of the decoder, where it takes several",
            &S::decoder_batch_size, 1, 64, 4),
      text("labels", "Labels", "File with one label a line", &S::labels_file),
      threshold(),
      text("backend", "Backend",
           "Who runs the model: auto, openvino, or one that Python offers (onnxruntime, pytorch, tensorrt); once "
           "started, who does, and how",
           &S::backend, "auto"),
      precision(),
      text("device", "Device", "Device as the backend names it: CPU, GPU, NPU, AUTO", &S::device, "CPU"),
      whole("threads", "Threads", "CPU threads for inference; 0: one a CPU", &S::threads, 0, 1024, 0),
      whole("requests", "Requests", "Inferences in flight; 0: what keeps the device busy, 1: least latency",
            &S::requests, 0, 256, 0),
  };
}

}  // namespace fluvial
