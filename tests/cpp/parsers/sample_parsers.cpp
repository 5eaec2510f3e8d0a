// A library of parsers as a user of nvinfer writes one, good and bad. Compiled against the public headers alone.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "nvdsinfer_custom_impl.h"

namespace {

using Layers = std::vector<NvDsInferLayerInfo>;
using Objects = std::vector<NvDsInferParseObjectInfo>;

const NvDsInferLayerInfo* named(const Layers& layers, const char* name) {
  for (const auto& layer : layers)
    if (std::strcmp(layer.layerName, name) == 0) return &layer;
  return nullptr;
}

}  // namespace

// Rows of x1, y1, x2, y2, score, class. As published parsers do, it asks nobody how many classes there are.
extern "C" bool parse_rows(Layers const& layers, NvDsInferNetworkInfo const& network,
                           NvDsInferParseDetectionParams const& params, Objects& objects) {
  const auto* rows = named(layers, "rows");
  if (!rows || rows->inferDims.numDims != 2 || rows->inferDims.d[1] != 6 || rows->isInput) return false;
  const auto* values = static_cast<const float*>(rows->buffer);
  for (unsigned i = 0; i < rows->inferDims.d[0]; ++i, values += 6) {
    const auto id = static_cast<unsigned>(values[5]);
    if (values[4] < params.perClassPreclusterThreshold.data()[id]) continue;  // no assertion of libstdc++ helps
    const float right = std::min(values[2], static_cast<float>(network.width));
    NvDsInferParseObjectInfo object;  // its angle is not set, as in published parsers
    object.classId = id;
    object.left = values[0];
    object.top = values[1];
    object.width = right - values[0];
    object.height = values[3] - values[1];
    object.detectionConfidence = values[4];
    objects.push_back(object);
  }
  return true;
}

// Gives what it was told of the model, as boxes.
extern "C" bool parse_told(Layers const& layers, NvDsInferNetworkInfo const& network,
                           NvDsInferParseDetectionParams const& params, Objects& objects) {
  const auto number = [](unsigned value) { return static_cast<float>(value); };
  objects.push_back({0, number(network.width), number(network.height), number(network.channels),
                     number(static_cast<unsigned>(layers[0].bindingIndex)), 1, 0});
  objects.push_back({0, number(params.numClassesConfigured), params.perClassThreshold[1],
                     params.perClassPostclusterThreshold[1], number(layers[0].inferDims.numElements), 1, 0});
  return true;
}

extern "C" bool parse_nan(Layers const&, NvDsInferNetworkInfo const&, NvDsInferParseDetectionParams const&,
                          Objects& objects) {
  objects.push_back({0, NAN, 0, 4, 4, 0.9F, 0});
  objects.push_back({0, 1, 2, 4, 4, NAN, 0});
  objects.push_back({4000000000U, 1, 2, 4, 4, 0.9F, 0});
  objects.push_back({1, 1, 2, 4, 4, 0.9F, 0});
  return true;
}

extern "C" bool parse_throws(Layers const&, NvDsInferNetworkInfo const&, NvDsInferParseDetectionParams const&,
                             Objects&) {
  throw std::runtime_error("no anchors for this size");
}

extern "C" bool parse_throws_number(Layers const&, NvDsInferNetworkInfo const&, NvDsInferParseDetectionParams const&,
                                    Objects&) {
  throw 7;
}

extern "C" bool parse_refuses(Layers const&, NvDsInferNetworkInfo const&, NvDsInferParseDetectionParams const&,
                              Objects&) {
  return false;
}

// A C++ function: the loader knows it by another name.
bool parse_mangled(Layers const&, NvDsInferNetworkInfo const&, NvDsInferParseDetectionParams const&, Objects&) {
  return true;
}

extern "C" bool parse_masks(Layers const&, NvDsInferNetworkInfo const&, NvDsInferParseDetectionParams const& params,
                            std::vector<NvDsInferInstanceMaskInfo>& objects) {
  auto* mask = new float[6]{0, 0.2F, 0.4F, 0.6F, 0.8F, 1};
  objects.push_back({0, 4, 8, 10, 20, 0.9F, mask, 3, 2, 6 * sizeof(float)});
  objects.push_back({0, 4, 8, 10, 20, 0.5F, mask, 3, 2, 6 * sizeof(float)});  // the same mask: freed once
  objects.push_back({1, 0, 0, 4, 4, 0.8F, nullptr, 0, 0, 0});
  objects.push_back({0, 0, 0, 4, 4, params.perClassThreshold[0] / 2, new float[1], 1, 1, sizeof(float)});
  return true;
}

extern "C" bool parse_masks_throws(Layers const&, NvDsInferNetworkInfo const&, NvDsInferParseDetectionParams const&,
                                   std::vector<NvDsInferInstanceMaskInfo>& objects) {
  objects.push_back({0, 4, 8, 10, 20, 0.9F, new float[6], 3, 2, 6 * sizeof(float)});
  throw std::runtime_error("half way");
}

// Rows of scores: the best of each that reaches the threshold. The second attribute's label is left to the label file.
extern "C" bool parse_types(Layers const& layers, NvDsInferNetworkInfo const&, float threshold,
                            std::vector<NvDsInferAttribute>& attributes, std::string& description) {
  const auto* scores = static_cast<const float*>(layers[0].buffer);
  if (scores[0] >= threshold) attributes.push_back({0, 2, scores[0], ::strdup("red")});
  if (scores[1] >= threshold) attributes.push_back({1, 1, scores[1], nullptr});
  if (!attributes.empty()) description = "a red one ";
  return true;
}

// The class of a pixel is its column, where it is one; probabilities are the first layer.
extern "C" bool parse_columns(Layers const& layers, NvDsInferNetworkInfo const& network, float threshold,
                              unsigned int classes, int* class_map, float*& probabilities) {
  for (unsigned y = 0; y < network.height; ++y)
    for (unsigned x = 0; x < network.width; ++x)
      class_map[y * network.width + x] = x < classes && threshold < 0.5F ? static_cast<int>(x) : -1;
  probabilities = static_cast<float*>(layers[0].buffer);
  return true;
}

CHECK_CUSTOM_PARSE_FUNC_PROTOTYPE(parse_rows);
CHECK_CUSTOM_INSTANCE_MASK_PARSE_FUNC_PROTOTYPE(parse_masks);
CHECK_CUSTOM_CLASSIFIER_PARSE_FUNC_PROTOTYPE(parse_types);
CHECK_CUSTOM_SEM_SEGMENTATION_PARSE_FUNC_PROTOTYPE(parse_columns);
