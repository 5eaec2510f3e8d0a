// YOLO: one output whose rows are the cells of three grids.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"

namespace fluvial {
namespace {

bool is_rows(const Outputs& outputs, std::int64_t count) {
  return outputs.size() == 1 && outputs[0].shape.size() == 3 && outputs[0].shape[1] == count && count > 0 &&
         outputs[0].shape[2] >= 6;
}

Family rows_family(const ModelInfo& info) {
  Family family;
  family.head = Head::yolox;
  family.needs_nms = true;
  family.usual_threshold = 0.3F;
  family.is_usually_coco = true;
  const bool has_shape = !info.outputs.empty() && !info.outputs[0].shape.empty();
  family.class_count = has_shape ? static_cast<int>(std::max<std::int64_t>(info.outputs[0].shape.back() - 5, 0)) : 0;
  return family;
}

bool is_yolox(const ModelInfo& info, const Inputs& inputs) { return is_rows(info.outputs, grid_cells(inputs.pixels)); }

Family describe_yolox(const ModelInfo& info, const Inputs& inputs) {
  Family family = rows_family(info);
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

Family describe_yolov5(const ModelInfo& info, const Inputs&) {
  Family family = rows_family(info);
  family.evidence.push_back("output " + list(info.outputs) +
                            " has three rows for each cell of strides 8, 16 and 32 -> YOLOv5 or v7, decoded in the "
                            "graph; head yolox with decoded boxes, nms needed (likely)");
  family.options["boxes"] = "decoded";
  family.feeding = bordered(rgb_0_to_1("YOLOv5, v7 -> RGB, 0..1, centred with a border of 114 (likely)"), true);
  return family;
}

}  // namespace

std::vector<FamilyRow> yolo_families() {
  return {{Head::yolox, is_yolox, describe_yolox}, {Head::yolox, is_yolov5, describe_yolov5}};
}

}  // namespace fluvial
