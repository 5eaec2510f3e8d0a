#include "algo/heads/head.h"

#include <stdexcept>

#include "algo/heads/tensors.h"

namespace fluvial {
namespace {

struct Family {
  Head head;
  const char* name;
  Task task;
  std::unique_ptr<HeadDecoder> (*make)(const ModelSpec&, const std::vector<TensorInfo>&, const HeadSettings&);
};

constexpr Family kFamilies[] = {
    {Head::yolox, "yolox", Task::detection, heads::make_yolox},
    {Head::yolo, "yolo", Task::detection, heads::make_yolo},
    {Head::rows, "rows", Task::detection, heads::make_rows},
    {Head::yolo_grids, "yolo_grids", Task::detection, heads::make_yolo_grids},
    {Head::detr, "detr", Task::detection, heads::make_detr},
    {Head::detr_raw, "detr_raw", Task::detection, heads::make_detr_raw},
    {Head::counted, "counted", Task::detection, heads::make_counted},
    {Head::boxes_scores, "boxes_scores", Task::detection, heads::make_boxes_scores},
    {Head::boxes_labels, "boxes_labels", Task::detection, heads::make_boxes_labels},
    {Head::boxes_masks, "boxes_masks", Task::detection, heads::make_boxes_masks},
    {Head::classification, "classification", Task::classification, heads::make_classification},
    {Head::detectnet, "detectnet", Task::detection, heads::make_detectnet},
    {Head::yunet, "yunet", Task::detection, heads::make_yunet},
    {Head::retinaface, "retinaface", Task::detection, heads::make_retinaface},
    {Head::gfl, "gfl", Task::detection, heads::make_gfl},
    {Head::centernet, "centernet", Task::detection, heads::make_centernet},
    {Head::fcos, "fcos", Task::detection, heads::make_fcos},
    {Head::retinanet, "retinanet", Task::detection, heads::make_retinanet},
    {Head::segmentation, "segmentation", Task::segmentation, heads::make_segmentation},
    {Head::movenet, "movenet", Task::pose, heads::make_movenet},
    {Head::simcc, "simcc", Task::pose, heads::make_simcc},
    {Head::heatmaps, "heatmaps", Task::pose, heads::make_heatmaps},
    {Head::embedding, "embedding", Task::embedding, heads::make_embedding},
    {Head::text, "text", Task::classification, heads::make_text},
};

}  // namespace

void HeadDecoder::decode(const std::vector<TensorView>&, std::size_t, std::vector<Detection>&) {}

void HeadDecoder::decode_rows(const SelectedRows&, std::vector<Detection>&) {}

void HeadDecoder::describe_rows(const SelectedRows&, const std::vector<Detection>&, std::vector<Details>&,
                                MaskWishes&) {}

const float* take_masks(const float* values, std::vector<Details>& details) {
  for (auto& [points, mask] : details) {
    if (!mask.values.empty()) continue;
    const auto count = static_cast<std::size_t>(mask.size.width) * static_cast<std::size_t>(mask.size.height);
    if (count > 0) mask.values.assign(values, values + count);
    values += count;
  }
  return values;
}

void HeadDecoder::describe(const std::vector<TensorView>&, std::size_t, const std::vector<Detection>&,
                           std::vector<Details>&) {}

void HeadDecoder::segment(const std::vector<TensorView>&, std::size_t, Segmentation&) {}

void HeadDecoder::segment_rows(const SelectedRows&, Segmentation&) {}

void HeadDecoder::embed(const std::vector<TensorView>&, std::size_t, std::vector<float>&) {}

void HeadDecoder::classify(const std::vector<TensorView>&, std::size_t, std::vector<Classification>&) {}

std::unique_ptr<HeadDecoder> make_head(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                       const HeadSettings& settings) {
  for (const auto& family : kFamilies) {
    if (family.head == spec.head) return family.make(spec, outputs, settings);
  }
  throw std::invalid_argument("the model's head is unknown, found " + heads::describe(outputs) + "; needs one of " +
                              head_names());
}

const char* name_of(Head head) {
  for (const auto& family : kFamilies) {
    if (family.head == head) return family.name;
  }
  return "unknown";
}

Head head_named(const std::string& name) {
  for (const auto& family : kFamilies) {
    if (name == family.name) return family.head;
  }
  return Head::unknown;
}

std::string head_names() {
  constexpr std::size_t kCount = sizeof kFamilies / sizeof *kFamilies;
  std::string names;
  for (std::size_t i = 0; i < kCount; ++i)
    names += (i == 0 ? "" : i + 1 < kCount ? ", " : " or ") + std::string(kFamilies[i].name);
  return names;
}

Task task_of(Head head) {
  for (const auto& family : kFamilies) {
    if (family.head == head) return family.task;
  }
  return Task::detection;
}

}  // namespace fluvial
