// YOLO: one output whose rows, or columns, are the cells of three grids.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/families/ultralytics.h"

namespace fluvial {
namespace {

bool is_rows(const Outputs& outputs, std::int64_t count) {
  return outputs.size() == 1 && outputs[0].shape.size() == 3 && outputs[0].shape[1] == count && count > 0 &&
         outputs[0].shape[2] >= 6;
}

Family rows_family(const ModelInfo& info, const Inputs& inputs) {
  Family family;
  family.head = Head::yolox;
  family.needs_nms = true;
  family.usual_threshold = 0.3F;
  family.is_usually_coco = true;
  // DeepStream-Yolo's rows are of six numbers too: corners, score, class. YOLO's own exporters say "images".
  const bool is_six = !info.outputs.empty() && !info.outputs[0].shape.empty() && info.outputs[0].shape.back() == 6;
  if (is_six && inputs.picture != nullptr && inputs.picture->name != "images") {
    family.missing = {"boxes",
                      "its rows of six numbers can be box, objectness and one class, or corners, score and class, and "
                      "its names are nobody's",
                      "head=yolox with its option boxes=raw (YOLOX) or boxes=decoded (YOLOv5), or head=rows"};
  }
  const bool has_shape = !info.outputs.empty() && !info.outputs[0].shape.empty();
  family.class_count = has_shape ? static_cast<int>(std::max<std::int64_t>(info.outputs[0].shape.back() - 5, 0)) : 0;
  return family;
}

bool is_yolox(const ModelInfo& info, const Inputs& inputs) { return is_rows(info.outputs, grid_cells(inputs.pixels)); }

Family describe_yolox(const ModelInfo& info, const Inputs& inputs) {
  Family family = rows_family(info, inputs);
  family.evidence.push_back(
      "output " + list(info.outputs) + " has " + std::to_string(grid_cells(inputs.pixels)) +
      " rows, the cells of strides 8, 16 and 32, of 5 + classes numbers -> head yolox, nms needed "
      "(sure)");
  family.feeding = bordered(bgr_0_to_255("YOLOX -> BGR, 0..255, top left with a border of 114 (likely)"), false);
  return family;
}

bool is_yolov5(const ModelInfo& info, const Inputs& inputs) {
  return is_rows(info.outputs, 3 * grid_cells(inputs.pixels));
}

Family describe_yolov5(const ModelInfo& info, const Inputs& inputs) {
  Family family = rows_family(info, inputs);
  family.evidence.push_back("output " + list(info.outputs) +
                            " has three rows for each cell of strides 8, 16 and 32 -> YOLOv5 or v7, decoded in the "
                            "graph; head yolox with decoded boxes, nms needed (likely)");
  family.options["boxes"] = "decoded";
  family.feeding = bordered(rgb_0_to_1("YOLOv5, v7 -> RGB, 0..1, centred with a border of 114 (likely)"), true);
  return family;
}

// --- YOLOv5-seg: such rows, which end with coefficients of masks

std::int64_t segment_classes(const RowsAndPrototypes& found) {
  return found.rows->shape[2] - 5 - found.prototypes->shape[1];
}

bool is_yolov5_segment(const ModelInfo& info, const Inputs& inputs) {
  const RowsAndPrototypes found = rows_and_prototypes(info.outputs);
  if (found.rows == nullptr || found.prototypes == nullptr || info.outputs.size() != 2) return false;
  const std::int64_t cells = grid_cells(inputs.pixels);
  const int said = ultralytics_of(info).class_count;
  return cells > 0 && found.rows->shape[1] == 3 * cells && found.prototypes->shape[1] > 0 &&
         segment_classes(found) >= 1 && (said == 0 || said == segment_classes(found));
}

Family describe_yolov5_segment(const ModelInfo& info, const Inputs& inputs) {
  Family family = describe_yolov5(info, inputs);
  family.missing.reset();
  family.class_count = static_cast<int>(segment_classes(rows_and_prototypes(info.outputs)));
  family.evidence = {"outputs " + list(info.outputs) +
                     ": three rows for each cell, with objectness and coefficients of masks -> YOLOv5-seg, head yolox "
                     "with decoded boxes, nms needed (likely)"};
  return family;
}

// --- YOLOv8 and later: a class's scores of all cells lie beside each other

// Columns beside box and classes.
std::int64_t detail_columns(const RowsAndPrototypes& found, const Ultralytics& said) {
  return said.keypoint_columns + (found.prototypes != nullptr ? found.prototypes->shape[1] : 0);
}

bool is_yolov8(const ModelInfo& info, const Inputs& inputs) {
  const RowsAndPrototypes found = rows_and_prototypes(info.outputs);
  if (found.rows == nullptr) return false;
  const Shape& shape = found.rows->shape;
  const Ultralytics said = ultralytics_of(info);
  if (said.task == "obb" || said.task == "classify") return false;
  const std::int64_t classes = shape[1] - 4 - detail_columns(found, said);
  if (classes < 1 || (said.class_count > 0 && said.class_count != classes)) return false;
  if (shape[2] < 0) return said.is_author || found.rows->name == "output0";
  return shape[2] > 6 && are_cells(shape[2], inputs.pixels);
}

Feeding ultralytics_feeding(const Ultralytics& said) {
  const std::string family = said.author == "Ultralytics" ? "Ultralytics' YOLO" : said.author + "'s detector";
  const std::string who = said.is_author ? family : "YOLOv8 and later";
  return bordered(
      rgb_0_to_1(who + " -> RGB, 0..1, centred with a border of 114 (" + (said.is_author ? "sure)" : "likely)")), true);
}

// COCO's 17 keypoints beside one class have as many columns as 52 classes.
constexpr int kPoseColumns = 4 + 1 + 17 * 3;

Family describe_yolov8(const ModelInfo& info, const Inputs&) {
  const RowsAndPrototypes found = rows_and_prototypes(info.outputs);
  const Ultralytics said = ultralytics_of(info);
  Family family;
  family.head = Head::yolo;
  family.needs_nms = true;
  family.usual_threshold = 0.3F;
  family.is_usually_coco = true;
  family.usual_size = said.size.width > 0 ? said.size : Size{640, 640};
  family.feeding = ultralytics_feeding(said);
  if (!said.keypoints.empty()) family.options["keypoints"] = said.keypoints;
  if (found.rows == nullptr) return family;
  const Shape& shape = found.rows->shape;
  const bool are_columns_first = shape[2] < 0 || shape[1] < shape[2];
  const std::int64_t columns = shape[are_columns_first ? 1 : 2];
  family.options["layout"] = are_columns_first ? "columns,cells" : "cells,columns";
  family.class_count = static_cast<int>(std::max<std::int64_t>(columns - 4 - detail_columns(found, said), 0));
  std::string beside = found.prototypes != nullptr ? ", mask" : "";
  if (!said.keypoints.empty()) beside += ", keypoints (" + said.keypoints + ")";
  family.evidence.push_back("outputs " + list(info.outputs) + ": box, classes" + beside +
                            " of each cell -> head yolo, YOLOv8 or later, nms needed (" +
                            (said.is_author ? "sure, " + said.author + " wrote it)" : "likely)"));
  const bool says_details = found.prototypes != nullptr || !said.keypoints.empty() || said.class_count > 0;
  if (columns == kPoseColumns && !says_details) {
    family.missing = {
        "keypoints",
        "each cell has 56 numbers: a box and 52 classes, or one class and 17 keypoints, and nothing tells "
        "which",
        "the head's option keypoints=17x3 or keypoints=0"};
  }
  return family;
}

// --- YOLOv4 of PyTorch, decoded in the graph

bool is_yolov4(const ModelInfo& info, const Inputs&) {
  if (info.outputs.size() != 2) return false;
  const TensorInfo* boxes = find(info.outputs, 4, 4);
  const TensorInfo& scores = info.outputs[boxes == &info.outputs[0] ? 1 : 0];
  return boxes != nullptr && boxes->shape[2] == 1 && scores.shape.size() == 3 && scores.shape[1] == boxes->shape[1] &&
         names_any(scores.name, {"conf", "score"});
}

Family describe_yolov4(const ModelInfo& info, const Inputs&) {
  Family family;
  family.head = Head::boxes_scores;
  family.needs_nms = true;
  family.usual_threshold = 0.3F;
  family.is_usually_coco = true;
  family.options = {{"boxes", "normalised"}, {"background", "none"}};
  family.evidence.push_back("outputs " + list(info.outputs) +
                            ": boxes [N,A,1,4] and scores -> YOLOv4 of PyTorch, head boxes_scores, nms needed (sure)");
  for (const auto& output : info.outputs)
    if (output.shape.size() == 3) family.class_count = static_cast<int>(std::max<std::int64_t>(output.shape[2], 0));
  family.feeding = rgb_0_to_1("YOLOv4 of PyTorch -> RGB, 0..1, stretched (likely)");
  return family;
}

// --- RT-DETR as Ultralytics exports it

bool is_ultralytics_detr(const ModelInfo& info, const Inputs&) {
  const Ultralytics said = ultralytics_of(info);
  return said.is_detr && info.outputs.size() == 1 && info.outputs[0].shape.size() == 3 &&
         info.outputs[0].shape[2] == 4 + said.class_count;
}

Family describe_ultralytics_detr(const ModelInfo& info, const Inputs&) {
  const Ultralytics said = ultralytics_of(info);
  Family family;
  family.head = Head::yolo;
  family.usual_size = said.size;
  family.class_count = said.class_count;
  family.options = {{"layout", "cells,columns"}, {"boxes", "normalised"}};
  family.evidence.push_back("output " + list(info.outputs) +
                            ", written by Ultralytics as RT-DETR: box and classes of each query -> head yolo with "
                            "boxes as shares of the picture, no nms (sure)");
  family.feeding = rgb_0_to_1("Ultralytics' RT-DETR -> RGB, 0..1, stretched (likely)");
  return family;
}

}  // namespace

std::vector<FamilyRow> yolo_families() {
  return {{Head::yolo, is_yolov8, describe_yolov8},
          {Head::yolo, is_ultralytics_detr, describe_ultralytics_detr},
          {Head::boxes_scores, is_yolov4, describe_yolov4},
          {Head::yolox, is_yolox, describe_yolox},
          {Head::yolox, is_yolov5_segment, describe_yolov5_segment},
          {Head::yolox, is_yolov5, describe_yolov5}};
}

}  // namespace fluvial
