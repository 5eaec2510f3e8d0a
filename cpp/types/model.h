// What a model file says of itself, and what was decided from it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "types/geometry.h"
#include "types/tensor.h"

namespace fluvial {

struct ModelInfo {
  std::string path;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::map<std::string, std::string> metadata;  // ONNX metadata_props, OpenVINO rt_info, flattened
};

// How output tensors become objects. The words are the config's and the docs' words.
enum class Head {
  unknown,
  yolox,
  detr,
  boxes_scores,
  boxes_labels,
  classification,
  detectnet,
  yolo,
  rows,
  yunet,
  retinaface,
  gfl,
  centernet,
  fcos,
  retinanet,
  segmentation,
  movenet,
  simcc,
  heatmaps,
  embedding,
  text,
  yolo_grids,
  counted,
  detr_raw,
  boxes_masks,
};

// What comes out.
enum class Task { detection, classification, segmentation, pose, embedding };

enum class ColorOrder { rgb, bgr, gray };
enum class Layout { nchw, nhwc };

// One picture input: how a frame becomes a tensor. y = (x - offset) * scale for each channel, x in 0..255.
struct InputSpec {
  std::string name;
  ElementType type = ElementType::f32;
  Layout layout = Layout::nchw;
  Size size;  // pixels of the network's input
  ColorOrder color = ColorOrder::rgb;
  bool keeps_aspect = false;        // letterbox
  bool is_padding_centred = false;  // else the picture lies top left
  float pad_value = 0;              // 0..255, before scale and offset
  float scale[3] = {1, 1, 1};
  float offset[3] = {0, 0, 0};
};

// An input that is given the same numbers for every picture (algo/fixed_input.h).
struct FixedInput {
  std::string name;
  std::vector<float> values;
  std::size_t times = 1;  // so often they are written for a picture, one after the other
};

struct ModelSpec {
  Head head = Head::unknown;
  InputSpec input;
  int class_count = 0;
  std::vector<std::string> labels;  // by class id; may be shorter than class_count
  bool needs_nms = false;
  float usual_threshold = 0.45F;  // 0..1, where the user says none
  float usual_iou = 0.5F;         // of nms, likewise
  bool is_batch_open = false;     // the first dimension may be any number
  float object_margin = 1;        // of an object, the model is shown a part of the frame this much larger than its box
  std::vector<FixedInput> fixed_inputs;        // beside the picture
  std::map<std::string, std::string> options;  // for the head: "background=1", "boxes=...", written by inspection
  std::vector<std::string> evidence;           // one sentence for each decision
};

}  // namespace fluvial
