// Detectors whose graph ends in one row an object: most have suppressed already.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/families/ultralytics.h"

namespace fluvial {
namespace {

Family rows_family(const char* columns) {
  Family family;
  family.head = Head::rows;
  family.usual_threshold = 0.3F;
  family.options["columns"] = columns;
  return family;
}

Feeding yolo_feeding(const std::string& what, const std::string& how_sure) {
  return bordered(rgb_0_to_1(what + " -> RGB, 0..1, centred with a border of 114 (" + how_sure + ")"), true);
}

// --- Ultralytics: YOLOv10, YOLO26, and all of its models with nms=True

bool is_end_to_end(const ModelInfo& info, const Inputs& inputs) {
  const Ultralytics said = ultralytics_of(info);
  const auto [rows, prototypes] = rows_and_prototypes(info.outputs);
  if (!said.is_author || said.is_detr || said.task == "obb" || rows == nullptr) return false;
  const std::int64_t details = said.keypoint_columns + (prototypes != nullptr ? prototypes->shape[1] : 0);
  return rows->shape[2] == 6 + details && !are_cells(rows->shape[1], inputs.pixels);
}

Family describe_end_to_end(const ModelInfo& info, const Inputs&) {
  const Ultralytics said = ultralytics_of(info);
  Family family = rows_family("box,score,class");
  family.class_count = said.class_count;
  family.usual_size = said.size;
  if (!said.keypoints.empty()) family.options["keypoints"] = said.keypoints;
  if (!said.is_author) return family;
  family.evidence.push_back("outputs " + list(info.outputs) +
                            ", written by Ultralytics, are rows of corners, score, class" +
                            (info.outputs.size() > 1 || said.keypoint_columns > 0 ? " and details" : "") +
                            " -> head rows, nothing left to suppress (sure)");
  family.feeding = yolo_feeding("Ultralytics' YOLO", "sure");
  return family;
}

// --- any other [N, K, 6]

bool is_six(const ModelInfo& info) {
  return info.outputs.size() == 1 && info.outputs[0].shape.size() == 3 && info.outputs[0].shape[2] == 6;
}

// DeepStream-Yolo's exporters name their tensors so; a YOLOX or YOLOv5 of one class has as many rows of six.
bool is_deepstream_yolo(const ModelInfo& info, const Inputs& inputs) {
  return is_six(info) && are_cells(info.outputs[0].shape[1], inputs.pixels) && info.outputs[0].name == "output" &&
         inputs.picture != nullptr && inputs.picture->name == "input";
}

Family describe_deepstream_yolo(const ModelInfo& info, const Inputs&) {
  Family family = rows_family("box,score,class");
  family.needs_nms = true;
  family.evidence.push_back("output " + list(info.outputs) +
                            " has six numbers for every cell, and the names of DeepStream-Yolo's exports -> head rows: "
                            "corners, score, class; nms needed (likely)");
  return family;  // its models differ in what they are fed: the config that comes with one says it
}

bool is_chosen_six(const ModelInfo& info, const Inputs& inputs) {
  return is_six(info) && !ultralytics_of(info).is_author && !are_cells(info.outputs[0].shape[1], inputs.pixels);
}

Family describe_chosen_six(const ModelInfo& info, const Inputs& inputs) {
  Family family = rows_family("box,score,class");
  const bool is_v10 = is_six(info) && info.outputs[0].shape[1] == 300 && inputs.picture != nullptr &&
                      (info.outputs[0].name == "output0" || inputs.picture->name == "images");
  family.is_usually_coco = is_v10;
  family.evidence.push_back("output " + list(info.outputs) +
                            " has six numbers a row -> head rows: corners in pixels, score, class, nothing left to "
                            "suppress (" +
                            (is_v10 ? "likely, YOLOv10 or YOLO26" : "guess") + ")");
  if (is_v10) family.feeding = yolo_feeding("300 rows, as YOLOv10 and YOLO26 have", "likely");
  return family;
}

// --- tables of all pictures

bool is_yolov7_table(const ModelInfo& info, const Inputs& inputs) {
  if (info.outputs.size() != 1 || info.outputs[0].shape.size() != 2 || info.outputs[0].shape[1] != 7) return false;
  // Seven classes of a classifier have as many rows as there are pictures.
  return info.outputs[0].shape[0] < 0 && inputs.picture != nullptr && inputs.picture->shape[0] > 0;
}

Family describe_yolov7_table(const ModelInfo& info, const Inputs& inputs) {
  Family family = rows_family("batch,box,class,score");
  family.is_usually_coco = true;
  family.evidence.push_back("output " + list(info.outputs) +
                            " has rows of seven, as many as it likes -> YOLOv7 with nms in the graph, head rows: "
                            "picture, corners in pixels, class, score (likely)");
  if (inputs.picture != nullptr && inputs.picture->name == "images")
    family.feeding = yolo_feeding("names as in YOLOv7's export", "likely");
  return family;
}

bool is_detection_output(const ModelInfo& info, const Inputs&) {
  if (info.outputs.size() != 1) return false;
  const Shape& shape = info.outputs[0].shape;
  return shape.size() == 4 && shape[3] == 7 && shape[1] == 1;
}

Family describe_detection_output(const ModelInfo& info, const Inputs& inputs) {
  Family family = rows_family("batch,class,score,box");
  family.options["boxes"] = "normalised";
  family.usual_threshold = 0.45F;
  family.evidence.push_back("output " + list(info.outputs) +
                            " is [1,1,K,7] -> an SSD's DetectionOutput, head rows: picture, class, score, corners as "
                            "shares of the picture (sure)");
  family.evidence.push_back(
      "classes are taken as the graph numbers them, where 0 may be background; the option first_class=1 counts from "
      "one (guess)");
  family.feeding = zoo_feeding(inputs);
  return family;
}

// --- PaddleDetection with its post-processing: PicoDet, PP-YOLOE, RT-DETR

bool has_scale_factor(const Inputs& inputs) {
  return std::any_of(inputs.fixed.begin(), inputs.fixed.end(),
                     [](const TensorInfo* input) { return names_any(input->name, {"scale_factor"}); });
}

bool is_paddle(const ModelInfo& info, const Inputs& inputs) {
  const TensorInfo* rows = rows_and_counts(info.outputs).rows;
  return rows != nullptr && (has_scale_factor(inputs) || names_any(rows->name, {"multiclass_nms"}));
}

// The exporter writes nothing of it: the configs of its models say, and files are named after those.
Feeding paddle_feeding(const ModelInfo& info) {
  const std::string name = lowercase(file_name(info.path));
  const auto is_named = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (is_named("ppyoloe_plus") || is_named("ppyoloe-plus") || is_named("rtdetr"))
    return rgb_0_to_1("the file's name says which of PaddleDetection's -> RGB, 0..1, stretched (likely)");
  if (is_named("picodet") || is_named("ppyoloe"))
    return rgb_imagenet(
        "the file's name says which of PaddleDetection's -> RGB, normalised by ImageNet's mean and deviation, "
        "stretched (likely)");
  return {};
}

Family describe_paddle(const ModelInfo& info, const Inputs&) {
  Family family = rows_family("class,score,box");
  family.is_usually_coco = true;
  family.evidence.push_back("outputs " + list(info.outputs) +
                            ": rows of six and how many of each picture -> PaddleDetection with its post-processing, "
                            "head rows: class, score, corners, nothing left to suppress (sure)");
  family.feeding = paddle_feeding(info);
  return family;
}

}  // namespace

std::vector<FamilyRow> rows_families() {
  return {{Head::rows, is_paddle, describe_paddle},
          {Head::rows, is_end_to_end, describe_end_to_end},
          {Head::rows, is_deepstream_yolo, describe_deepstream_yolo},
          {Head::rows, is_chosen_six, describe_chosen_six},
          {Head::rows, is_yolov7_table, describe_yolov7_table},
          {Head::rows, is_detection_output, describe_detection_output}};
}

}  // namespace fluvial
