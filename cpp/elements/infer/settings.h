// What the user says about one inference: properties and config file laid over each other. Plain values.
//
// What is std::optional was not said: then inspection of the model, or the kind of its head, decides.
#pragma once

#include <array>
#include <climits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "types/tensor.h"

namespace fluvial {

enum class ProcessMode { frames = 1, objects = 2 };  // DeepStream's primary and secondary

struct Color {
  double red = 0, green = 0, blue = 0, alpha = 1;
};

// [class-attrs-all] and [class-attrs-N]. Sizes and offsets are pixels of the frame.
struct ClassAttrs {
  std::optional<float> threshold;  // before nms, 0..1
  float threshold_after = 0;       // after nms
  std::optional<float> nms_iou;
  int topk = -1;            // negative or 0: all
  int group_threshold = 0;  // of group rectangles; 0: they are not grouped
  float eps = 0;            // of group rectangles and DBSCAN
  int min_boxes = 0;        // of DBSCAN; 0: it is not done
  float min_score = 0;
  int roi_top = 0, roi_bottom = 0;
  int min_width = 0, min_height = 0;
  int max_width = 0, max_height = 0;  // 0: any
  Color border{1, 0, 0, 1};
  std::optional<Color> background;
};

// What a config says of an input or output of a model that a server has.
struct DeclaredTensor {
  std::string key;  // "line 5: infer_config.backend.inputs"
  std::string name;
  std::vector<int> dims;  // empty: not said; -1: any
  std::optional<ElementType> type;
};

struct RemoteModel {
  std::string address;  // "grpc://host:port/model?..."
  std::string key;      // of the config, for messages
  std::vector<DeclaredTensor> inputs, outputs;
};

struct InferSettings {
  // Who and when
  unsigned unique_id = 15;
  ProcessMode process_mode = ProcessMode::frames;
  unsigned batch_size = 1;
  unsigned interval = 0;

  // The model and who runs it
  std::string model;                   // ONNX or IR; wins over the paths below
  std::string onnx_file, engine_file;  // as config files name them
  std::string absent_file;             // a format that cannot be read here (etlt, UFF, Caffe): only a stand-in helps
  std::string absent_because;          // what to say of it instead of that
  RemoteModel remote;                  // as a config names it; run where its address is the model
  std::string labels_file;
  std::string backend = "auto";  // who runs it; auto: the one that fits the file
  std::string precision;         // f32, f16, bf16; empty: the backend's choice
  std::string device = "CPU";
  unsigned threads = 0;
  unsigned requests = 0;
  std::string tuned;  // who found threads, requests and batch by measuring; empty: nobody

  // How to feed it
  std::optional<int> network_type;  // 0 detector, 1 classifier, 2 segmentation, 3 instance masks, 100 tensors
  std::optional<float> net_scale_factor;
  std::vector<float> offsets;
  std::optional<int> color_format;  // 0 RGB, 1 BGR, 2 grey
  std::optional<int> input_order;   // 0 NCHW, 1 NHWC
  std::optional<bool> keeps_aspect, is_padding_centred;
  std::vector<int> infer_dims;  // channels, height, width

  // How to read it
  std::string decoder;              // ours: of masks; the model is then the encoder of a promptable segmentation
  unsigned decoder_batch_size = 4;  // boxes in one call of it
  std::string parser;               // ours: the name of one that Python offers
  std::string head;                 // ours: the word of a head, when inspection cannot tell
  std::map<std::string, std::string> head_options;
  std::string custom_library;                                           // of the user's parsers
  std::string parse_boxes, parse_masks, parse_classes, parse_segments;  // functions in it
  std::optional<int> class_count;
  std::optional<int> cluster_mode;  // see ClusterMode
  std::optional<float> threshold;   // ours: stands in front of [class-attrs-all]
  std::optional<float> classifier_threshold;
  std::optional<float> segmentation_threshold;  // of a pixel, 0..1: of maps of classes and of masks
  std::optional<bool> wants_masks;              // output-instance-mask
  std::string classifier_type;
  std::vector<int> unwanted_classes;  // filter-out-class-ids
  ClassAttrs all_classes;
  std::map<int, ClassAttrs> classes;
  bool wants_tensors = false;  // output-tensor-meta
  bool takes_tensors = false;  // input-tensor-meta
  bool clips_outside_roi = true;

  // Objects of another inference (process-mode 2)
  int on_unique_id = -1;        // -1: any
  std::vector<int> on_classes;  // empty: any
  int min_object_width = 0, min_object_height = 0;
  int max_object_width = 0, max_object_height = 0;  // 0: any
  std::optional<int> reinfer_interval;              // frames

  // Outputs as they are, for whoever asks
  bool writes_raw_output = false;  // into files
  void* raw_callback = nullptr;    // a gst_nvinfer_raw_output_generated_callback
  void* raw_user_data = nullptr;

  bool crops_to_roi = false;  // boxes are cut at roi-top-offset and the like; else those that cross are dropped

  // Accepted because programs set them; nothing here depends on them.
  unsigned gpu_id = 0;
  bool wants_qos = false;  // of a base class of DeepStream's element; has no effect
  bool is_strongly_typed = false;
  std::string dynamic_properties;

  // What is not said: as DeepStream's files mean it, threshold .2 of every model and RGB of 0..255; else what suits the
  // kind of model, which is asked for where nothing tells.
  bool has_deepstream_defaults = false;

  // DeepStream's configs ask for masks; a model that is named in our way gives what it has.
  bool attaches_masks() const { return wants_masks.value_or(!has_deepstream_defaults || !model.empty()); }

  const ClassAttrs& of_class(int id) const {
    const auto found = classes.find(id);
    return found == classes.end() ? all_classes : found->second;
  }
};

}  // namespace fluvial
