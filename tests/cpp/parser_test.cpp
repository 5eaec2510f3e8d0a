// nvdsinfer_custom_impl.h as a library of somebody's parsers uses it: nothing of TensorRT is needed.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstring>

#include "nvdsinfer_context.h"
#include "nvdsinfer_custom_impl.h"

extern "C" bool parse_boxes(std::vector<NvDsInferLayerInfo> const& layers, NvDsInferNetworkInfo const& network,
                            NvDsInferParseDetectionParams const& params,
                            std::vector<NvDsInferParseObjectInfo>& objects) {
  NvDsInferDimsCHW dims;
  getDimsCHWFromDims(dims, layers[0].inferDims);
  const auto* scores = static_cast<const float*>(layers[0].buffer);
  for (unsigned int i = 0; i < dims.w; ++i)
    if (scores[i] >= params.perClassThreshold[0])
      objects.push_back({0, 0, 0, static_cast<float>(network.width), 1, scores[i]});
  return dims.c == 1 && dims.h == 2;
}

extern "C" bool parse_masks(std::vector<NvDsInferLayerInfo> const&, NvDsInferNetworkInfo const&,
                            NvDsInferParseDetectionParams const&, std::vector<NvDsInferInstanceMaskInfo>&) {
  return true;
}

extern "C" bool parse_classes(std::vector<NvDsInferLayerInfo> const&, NvDsInferNetworkInfo const&, float,
                              std::vector<NvDsInferAttribute>&, std::string& description) {
  description = "none";
  return true;
}

extern "C" bool parse_segments(std::vector<NvDsInferLayerInfo> const&, NvDsInferNetworkInfo const&, float, unsigned int,
                               int*, float*&) {
  return true;
}

extern "C" bool make_engine(nvinfer1::IBuilder* const, nvinfer1::IBuilderConfig* const,
                            const NvDsInferContextInitParams* const params, nvinfer1::DataType,
                            nvinfer1::ICudaEngine*&) {
  return std::strlen(params->onnxFilePath) > 0;
}

CHECK_CUSTOM_PARSE_FUNC_PROTOTYPE(parse_boxes);
CHECK_CUSTOM_INSTANCE_MASK_PARSE_FUNC_PROTOTYPE(parse_masks);
CHECK_CUSTOM_CLASSIFIER_PARSE_FUNC_PROTOTYPE(parse_classes);
CHECK_CUSTOM_SEM_SEGMENTATION_PARSE_FUNC_PROTOTYPE(parse_segments);
CHECK_CUSTOM_ENGINE_CREATE_FUNC_PROTOTYPE(make_engine);

TEST_CASE("a parser reads layers, thresholds by their old name, and fills boxes") {
  float scores[3] = {0.1F, 0.6F, 0.9F};
  NvDsInferLayerInfo layer = {};
  layer.inferDims = {3, {1, 2, 3}, 6};
  layer.buffer = scores;
  const NvDsInferParseDetectionParams params = {1, {0.5F}, {0.0F}};
  std::vector<NvDsInferObjectDetectionInfo> objects;
  NvDsInferParseCustomFunc parse = parse_boxes;
  CHECK(parse({layer}, {640, 480, 3}, params, objects));
  REQUIRE(objects.size() == 2);
  CHECK(objects[1].width == 640);
  CHECK(objects[1].detectionConfidence == 0.9F);
  CHECK(objects[1].rotation_angle == 0);
}
