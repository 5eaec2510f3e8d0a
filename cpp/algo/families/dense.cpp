// One-stage detectors that leave decoding to others: GFL (NanoDet, PicoDet), CenterNet, FCOS, RetinaNet.
#include "algo/dense.h"

#include "algo/families/family.h"
#include "algo/families/shapes.h"

namespace fluvial {
namespace {

Family dense_family(Head head, std::string evidence) {
  Family family;
  family.head = head;
  family.needs_nms = true;
  family.usual_threshold = 0.4F;
  family.is_usually_coco = true;
  family.evidence.push_back(std::move(evidence));
  return family;
}

bool picture_is_named(const Inputs& inputs, const char* name) {
  return inputs.picture != nullptr && inputs.picture->name == name;
}

// --- GFL

Feeding nanodet_feeding() {
  Feeding feeding = bgr_0_to_255("NanoDet -> BGR, normalised by ImageNet's mean and deviation, stretched (likely)");
  const float mean[] = {103.53F, 116.28F, 123.675F};
  const float deviation[] = {57.375F, 57.12F, 58.395F};
  for (int c = 0; c < 3; ++c) {
    feeding.offset[c] = mean[c];
    feeding.scale[c] = 1 / deviation[c];
  }
  return feeding;
}

// Without stride 64 it has as many rows as YOLOX; its exporter calls the picture "data".
bool is_nanodet(const ModelInfo& info, const Inputs& inputs) {
  const auto strides = nanodet_strides(info.outputs, inputs.pixels);
  return strides.size() == 4 || (strides.size() == 3 && picture_is_named(inputs, "data"));
}

Family describe_nanodet(const ModelInfo& info, const Inputs& inputs) {
  const bool is_plus = nanodet_strides(info.outputs, inputs.pixels).size() == 4;
  Family family =
      dense_family(Head::gfl, "output " + list(info.outputs) + " has a row of C + 32 numbers for each cell " +
                                  (is_plus ? "of strides 8 to 64 -> NanoDet-Plus" : "-> NanoDet") +
                                  ", head gfl, nms needed (" + (is_plus ? "sure)" : "likely)"));
  family.options["centre"] = is_plus ? "corner" : "middle";
  family.usual_iou = 0.6F;
  family.feeding = nanodet_feeding();
  if (info.outputs.size() == 1 && info.outputs[0].shape.size() == 3)
    family.class_count = static_cast<int>(std::max<std::int64_t>(info.outputs[0].shape[2] - 32, 0));
  return family;
}

bool is_gfl(const ModelInfo& info, const Inputs& inputs) {
  return dense_outputs(info.outputs, inputs.pixels, gfl_outputs()).has_value();
}

Family describe_gfl(const ModelInfo& info, const Inputs& inputs) {
  Family family = dense_family(Head::gfl, "outputs " + list(info.outputs) +
                                              ": scores, and bins of distances for four edges, of the same cells -> "
                                              "head gfl, nms needed (sure)");
  family.usual_iou = 0.6F;
  const auto found = dense_outputs(info.outputs, inputs.pixels, gfl_outputs());
  if (!found) return family;
  family.class_count = static_cast<int>(channels_of(info.outputs[found->scores[0]]));
  // NanoDet's exporters name outputs by stride, as "cls_pred_stride_8"; Paddle's picture is "image".
  if (names_any(info.outputs[0].name, {"_pred_stride_"})) {
    const bool is_plus = found->strides.size() == 4;
    family.options["centre"] = is_plus ? "corner" : "middle";
    family.evidence.push_back(std::string("names as NanoDet's, ") + (is_plus ? "with" : "without") +
                              " stride 64 -> distances start at a cell's " + family.options["centre"] + " (likely)");
    family.feeding = nanodet_feeding();
  } else {
    family.options["centre"] = "middle";
    family.evidence.emplace_back(
        "distances start at a cell's middle, as PicoDet's; centre=corner is NanoDet-Plus's (likely)");
    if (picture_is_named(inputs, "image"))
      family.feeding =
          rgb_imagenet("PicoDet's names -> RGB, normalised by ImageNet's mean and deviation, stretched (likely)");
  }
  return family;
}

// --- CenterNet

bool is_centernet(const ModelInfo& info, const Inputs&) { return center_outputs(info.outputs).has_value(); }

Family describe_centernet(const ModelInfo& info, const Inputs&) {
  Family family = dense_family(Head::centernet, "outputs " + list(info.outputs) +
                                                    ": maps of peaks, sizes and offsets -> head centernet, no nms "
                                                    "(likely)");
  family.needs_nms = false;
  family.usual_threshold = 0.3F;
  const auto found = center_outputs(info.outputs);
  if (!found) return family;
  family.class_count = static_cast<int>(info.outputs[found->peaks].shape[1]);
  if (info.outputs[found->peaks].name != "hm") return family;
  family.feeding.color = ColorOrder::bgr;
  const float mean[] = {0.408F, 0.447F, 0.470F};
  const float deviation[] = {0.289F, 0.274F, 0.278F};
  for (int c = 0; c < 3; ++c) {
    family.feeding.offset[c] = mean[c] * 255;
    family.feeding.scale[c] = 1 / (deviation[c] * 255);
  }
  family.feeding.keeps_aspect = family.feeding.is_padding_centred = true;
  family.feeding.why =
      "CenterNet's names -> BGR, normalised by the mean and deviation of COCO, centred with a black border (likely)";
  return family;
}

// --- FCOS, RetinaNet: what feeds them differs from one implementation to the next, so the user is asked

bool is_fcos(const ModelInfo& info, const Inputs& inputs) {
  return dense_outputs(info.outputs, inputs.pixels, fcos_outputs()).has_value();
}

Family describe_fcos(const ModelInfo& info, const Inputs& inputs) {
  Family family = dense_family(Head::fcos, "outputs " + list(info.outputs) +
                                               ": scores, distances and centreness of the cells of strides 8 to 128 -> "
                                               "head fcos, nms needed (sure)");
  const auto found = dense_outputs(info.outputs, inputs.pixels, fcos_outputs());
  if (!found) return family;
  family.class_count = static_cast<int>(channels_of(info.outputs[found->scores[0]]));
  family.options["distances"] = found->is_joined() ? "cells" : "pixels";
  family.options["centre"] = found->is_joined() ? "corner" : "middle";
  family.evidence.push_back(found->is_joined()
                                ? "all grids in one output, as torchvision's -> distances=cells, centre=corner (likely)"
                                : "an output for each grid -> distances=pixels, centre=middle; distances=cells is for "
                                  "exports that leave the stride out (guess)");
  return family;
}

bool is_retinanet(const ModelInfo& info, const Inputs& inputs) {
  const auto found = dense_outputs(info.outputs, inputs.pixels, retinanet_outputs());
  if (!found) return false;
  if (!found->is_joined()) return channels_of(info.outputs[found->scores[0]]) % 9 == 0;
  // Boxes that the graph has decoded have the same shape: only a name tells that these are offsets.
  return names_any(info.outputs[found->boxes[0]].name, {"reg", "delta"});
}

Family describe_retinanet(const ModelInfo& info, const Inputs& inputs) {
  Family family = dense_family(Head::retinanet, "outputs " + list(info.outputs) +
                                                    ": scores and offsets of nine anchors in each cell of strides 8 to "
                                                    "128 -> head retinanet, nms needed (sure)");
  const auto found = dense_outputs(info.outputs, inputs.pixels, retinanet_outputs());
  if (!found) return family;
  const std::int64_t channels = channels_of(info.outputs[found->scores[0]]);
  family.class_count = static_cast<int>(found->is_joined() ? channels : channels / 9);
  family.options["anchors"] = found->is_joined() ? "torchvision" : "paper";
  family.evidence.push_back(found->is_joined()
                                ? "all grids in one output -> torchvision's anchors, in whole pixels (likely)"
                                : "an output for each grid -> the paper's anchors, order=ratios, centre=corner as "
                                  "mmdetection; order=scales is detectron2's (guess)");
  return family;
}

}  // namespace

std::vector<FamilyRow> dense_families() {
  return {{Head::gfl, is_nanodet, describe_nanodet},
          {Head::gfl, is_gfl, describe_gfl},
          {Head::centernet, is_centernet, describe_centernet},
          {Head::fcos, is_fcos, describe_fcos},
          {Head::retinanet, is_retinanet, describe_retinanet}};
}

}  // namespace fluvial
