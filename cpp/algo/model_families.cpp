#include "algo/model_families.h"

#include <algorithm>
#include <cctype>

namespace fluvial {
namespace {

using Outputs = std::vector<TensorInfo>;

bool is_integer(const TensorInfo& tensor) { return tensor.type == ElementType::i64 || tensor.type == ElementType::i32; }

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

bool names_any(const std::string& name, std::initializer_list<const char*> parts) {
  const std::string lower = lowercase(name);
  return std::any_of(parts.begin(), parts.end(), [&](const char* part) { return has(lower, part); });
}

const TensorInfo* find(const Outputs& outputs, std::size_t rank, std::int64_t last) {
  for (const auto& output : outputs) {
    if (output.shape.size() == rank && output.shape.back() == last) return &output;
  }
  return nullptr;
}

// Cells of the grids of strides 8, 16 and 32, that one-stage detectors share.
std::int64_t grid_cells(Size size) {
  std::int64_t cells = 0;
  for (int stride : {8, 16, 32}) cells += static_cast<std::int64_t>(size.width / stride) * (size.height / stride);
  return cells;
}

bool is_detectnet(const Outputs& outputs) {
  if (outputs.size() != 2 || outputs[0].shape.size() != 4 || outputs[1].shape.size() != 4) return false;
  const bool is_first = names_any(outputs[0].name, {"cov"}) && names_any(outputs[1].name, {"bbox"});
  const bool is_second = names_any(outputs[1].name, {"cov"}) && names_any(outputs[0].name, {"bbox"});
  if (!is_first && !is_second) return false;
  return outputs[is_first ? 1 : 0].shape[1] == 4 * outputs[is_first ? 0 : 1].shape[1];
}

bool is_detr(const Outputs& outputs) {
  if (outputs.size() != 3 || find(outputs, 3, 4) == nullptr) return false;
  const auto matrices = [&](bool is_label) {
    return std::count_if(outputs.begin(), outputs.end(), [&](const TensorInfo& output) {
      return output.shape.size() == 2 && (is_integer(output) || output.name == "labels") == is_label;
    });
  };
  return matrices(true) == 1 && matrices(false) == 1;
}

bool is_boxes_labels(const Outputs& outputs) {
  if (outputs.size() != 2) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    const Shape& boxes = outputs[i].shape;
    const TensorInfo& labels = outputs[1 - i];
    if (boxes.size() >= 2 && boxes.size() <= 3 && boxes.back() == 5 && labels.shape.size() + 1 == boxes.size() &&
        (is_integer(labels) || names_any(labels.name, {"label"}))) {
      return true;
    }
  }
  return false;
}

bool is_boxes_scores(const Outputs& outputs) {
  if (outputs.size() != 2 || outputs[0].shape.size() != 3 || outputs[1].shape.size() != 3) return false;
  if (find(outputs, 3, 4) == nullptr || outputs[0].shape[1] != outputs[1].shape[1]) return false;
  const bool have_names = names_any(outputs[0].name, {"box", "loc", "score", "conf", "cls"}) &&
                          names_any(outputs[1].name, {"box", "loc", "score", "conf", "cls"});
  return have_names && outputs[0].shape[2] > 0 && outputs[1].shape[2] > 0;
}

bool is_rows(const Outputs& outputs, std::int64_t count) {
  return outputs.size() == 1 && outputs[0].shape.size() == 3 && outputs[0].shape[1] == count && count > 0 &&
         outputs[0].shape[2] >= 6;
}

bool is_embedding(const TensorInfo& output) {
  if (names_any(output.name, {"embed", "reid", "feature", "descriptor"})) return true;
  if (names_any(output.name, {"softmax", "prob", "logit", "predictions", "class"})) return false;
  const std::int64_t length = vector_length(output.shape);
  return is_vector(output.shape) && length >= 64 && (length & (length - 1)) == 0;
}

bool are_attributes(const Outputs& outputs) {
  return !outputs.empty() && std::all_of(outputs.begin(), outputs.end(), [](const TensorInfo& output) {
    return is_vector(output.shape) && vector_length(output.shape) > 1 && !is_integer(output) && !is_embedding(output) &&
           !names_any(output.name, {"keypoint", "landmark", "kps"});
  });
}

// Networks converted from Caffe keep their pooled outputs' height and width.
bool are_pooled_attributes(const Outputs& outputs) {
  return outputs.size() >= 2 && std::all_of(outputs.begin(), outputs.end(), [](const TensorInfo& output) {
           return output.shape.size() == 4 && output.shape[2] == 1 && output.shape[3] == 1 && output.shape[1] <= 64;
         });
}

std::string list(const Outputs& outputs) {
  std::string text;
  for (const auto& output : outputs) text += (text.empty() ? "" : ", ") + output.name;
  return text;
}

bool is_close(std::int64_t a, int b) { return a > 1 && b > 0 && a * 8 >= b && a <= b; }

bool is_pose(const TensorInfo& output) {
  const Shape& s = output.shape;
  const auto is_body = [](std::int64_t d) { return d == 17 || d == 18 || d == 33; };
  const bool are_points = s.size() >= 3 && is_body(s[s.size() - 2]) && (s.back() == 2 || s.back() == 3);
  const bool are_maps = s.size() == 4 && is_body(s[1]) && s[2] > 8 && s[3] > 8;
  return are_points || are_maps || names_any(output.name, {"keypoint", "pose"});
}

bool is_segmentation(const TensorInfo& output, const Inputs& inputs) {
  const Shape& s = output.shape;
  if (s.size() == 3) return is_close(s[1], inputs.pixels.height) && is_close(s[2], inputs.pixels.width);
  if (s.size() != 4) return false;
  const bool is_nchw = is_close(s[2], inputs.pixels.height) && is_close(s[3], inputs.pixels.width);
  const bool is_nhwc = is_close(s[1], inputs.pixels.height) && is_close(s[2], inputs.pixels.width);
  return is_nchw || is_nhwc;
}

bool is_transposed_yolo(const Outputs& outputs, const Inputs& inputs) {
  return outputs[0].shape.size() == 3 && outputs[0].shape[1] > 4 && outputs[0].shape[2] > outputs[0].shape[1] &&
         outputs[0].shape[2] == grid_cells(inputs.pixels);
}

}  // namespace

std::string lowercase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string metadata_of(const ModelInfo& info, const std::string& key) {
  const auto found = info.metadata.find(key);
  return found == info.metadata.end() ? "" : found->second;
}

bool is_vector(const Shape& shape) {
  if (shape.size() == 2) return true;
  if (shape.size() != 4) return false;
  return (shape[2] == 1 && shape[3] == 1) || (shape[1] == 1 && shape[2] == 1);
}

std::int64_t vector_length(const Shape& shape) {
  if (!is_vector(shape)) return -1;
  return shape.size() == 4 && shape[1] == 1 ? shape[3] : shape[1];
}

Family family_of(const ModelInfo& info, const Inputs& inputs) {
  const Outputs& outputs = info.outputs;
  const std::int64_t cells = inputs.pixels.width > 0 && inputs.pixels.height > 0 ? grid_cells(inputs.pixels) : 0;
  const std::string names = "outputs " + list(outputs);
  // Open Model Zoo names the picture of its PyTorch detectors so; others write "images", "input" or "input.1".
  const bool is_zoo = inputs.picture != nullptr && inputs.picture->name == "image";
  const Pictures zoo = is_zoo ? Pictures::open_model_zoo : Pictures::unknown;

  if (is_detectnet(outputs)) {
    return {Head::detectnet, Pictures::detectnet,
            names + ": one with 4 boxes' edges for each coverage channel of the other -> head detectnet (sure)"};
  }
  if (is_detr(outputs)) {
    return {Head::detr, inputs.size != nullptr ? Pictures::detr : Pictures::unknown,
            names + ": labels, boxes and scores of the same queries -> head detr, no nms (sure)"};
  }
  if (is_boxes_labels(outputs)) {
    return {Head::boxes_labels, zoo,
            names + ": boxes of five numbers and their labels -> head boxes_labels, nms is in the graph (sure)"};
  }
  if (is_boxes_scores(outputs)) {
    return {Head::boxes_scores, zoo,
            names + ": boxes and scores of the same " + std::to_string(outputs[0].shape[1]) +
                " anchors -> head boxes_scores, nms needed (sure)"};
  }
  if (is_rows(outputs, cells)) {
    return {Head::yolox, Pictures::yolox,
            "output " + outputs[0].name + " has " + std::to_string(cells) +
                " rows, the cells of strides 8, 16 and 32, of 5 + classes numbers -> head yolox, nms needed (sure)"};
  }
  if (is_rows(outputs, 3 * cells)) {
    return {Head::yolox, Pictures::yolov5,
            "output " + outputs[0].name +
                " has three rows for each cell of strides 8, 16 and 32 -> YOLOv5 or v7, "
                "decoded in the graph; head yolox with decoded boxes, nms needed (likely)"};
  }
  if (are_attributes(outputs)) {
    return {Head::classification, are_pooled_attributes(outputs) ? Pictures::open_model_zoo : Pictures::unknown,
            (outputs.size() == 1 ? "output " : "outputs ") + list(outputs) +
                (outputs.size() == 1 ? " is a vector" : " are vectors") + " -> head classification (likely)"};
  }
  return {};
}

std::string resemblance(const ModelInfo& info, const Inputs& inputs) {
  const Outputs& outputs = info.outputs;
  const std::string task = metadata_of(info, "task");
  const auto any = [&](auto is_so) { return std::any_of(outputs.begin(), outputs.end(), is_so); };
  if (outputs.empty()) return "";
  if (any([](const auto& o) { return names_any(o.name, {"kps", "landmark"}); })) {
    return "a face detector with landmarks (such as YuNet)";
  }
  if (task == "pose" || any(is_pose)) return "pose keypoints";
  if (task == "segment" || any([&](const auto& o) { return is_segmentation(o, inputs); })) return "segmentation";
  if (task == "obb") return "oriented boxes";
  if (any(is_embedding)) return "an embedding (re-identification, features)";
  if (is_transposed_yolo(outputs, inputs)) return "YOLOv8 or later, [N, 4 + classes, cells]";
  if (outputs[0].shape.size() == 3 && outputs[0].shape.back() == 6)
    return "a detector with nms in the graph, [N, K, 6]";
  if (outputs[0].shape.size() == 4 && outputs[0].shape[1] == 1 && outputs[0].shape[3] == 7)
    return "an SSD's DetectionOutput, [1, 1, K, 7]";
  if (any([](const auto& o) { return o.name == "pred_boxes"; })) return "a DETR without post-processing in the graph";
  if (any([](const auto& o) { return o.shape.size() == 4; })) return "feature maps";
  return "";
}

}  // namespace fluvial
