// SPDX-License-Identifier: Apache-2.0
// What a custom library of nvinfer exports: parsers of output tensors. C++ only.
// The functions below are the library's, not ours: nvinfer looks them up by the names in its configuration.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>
#include "nvdsinfer.h"
#if __has_include(<NvInfer.h>)
#include <NvInfer.h>
#endif
#if __has_include(<NvOnnxParser.h>)
#include <NvOnnxParser.h>
#endif

// A parser needs no more of TensorRT than these names.
namespace nvinfer1 {
class IBuilder;
class IBuilderConfig;
class ICudaEngine;
class INetworkDefinition;
class IPluginFactory;
enum class DataType : int32_t;
}  // namespace nvinfer1

// Fills a TensorRT network from a model's files. Never called here: there is no TensorRT.
class IModelParser {
 public:
  IModelParser() = default;
  virtual ~IModelParser() = default;
  virtual NvDsInferStatus parseModel(nvinfer1::INetworkDefinition &network) = 0;
  virtual bool hasFullDimsSupported() const = 0;
  virtual const char *getModelName() const = 0;
};

extern "C" {

// Thresholds by class. An aggregate: no constructors.
typedef struct NvDsInferParseDetectionParams {
  unsigned int numClassesConfigured;
  std::vector<float> perClassPreclusterThreshold;
  std::vector<float> perClassPostclusterThreshold;
  std::vector<float> &perClassThreshold = perClassPreclusterThreshold;  // the older name
} NvDsInferParseDetectionParams;

typedef struct _NvDsInferContextInitParams NvDsInferContextInitParams;

// A detector. Boxes in pixels of the network's input.
typedef bool (*NvDsInferParseCustomFunc)(std::vector<NvDsInferLayerInfo> const &outputLayersInfo,
    NvDsInferNetworkInfo const &networkInfo, NvDsInferParseDetectionParams const &detectionParams,
    std::vector<NvDsInferObjectDetectionInfo> &objectList);

// Instance masks. Each mask is made with new float[] and is freed by the caller.
typedef bool (*NvDsInferInstanceMaskParseCustomFunc)(std::vector<NvDsInferLayerInfo> const &outputLayersInfo,
    NvDsInferNetworkInfo const &networkInfo, NvDsInferParseDetectionParams const &detectionParams,
    std::vector<NvDsInferInstanceMaskInfo> &objectList);

// A classifier (the misspelling is the name). attributeLabel comes from strdup and is freed by the caller.
typedef bool (*NvDsInferClassiferParseCustomFunc)(std::vector<NvDsInferLayerInfo> const &outputLayersInfo,
    NvDsInferNetworkInfo const &networkInfo, float classifierThreshold, std::vector<NvDsInferAttribute> &attrList,
    std::string &descString);

// Semantic segmentation. classificationMap: height x width, -1 for no class; classProbabilityMap may stay null.
typedef bool (*NvDsInferSemSegmentationParseCustomFunc)(std::vector<NvDsInferLayerInfo> const &outputLayersInfo,
    NvDsInferNetworkInfo const &networkInfo, float segmentationThreshold, unsigned int numClasses,
    int *classificationMap, float *&classProbabilityMap);

// Builds a TensorRT engine. Never called here: it is declared so that libraries with one compile.
typedef bool (*NvDsInferEngineCreateCustomFunc)(nvinfer1::IBuilder *const builder,
    nvinfer1::IBuilderConfig *const builderConfig, const NvDsInferContextInitParams *const initParams,
    nvinfer1::DataType dataType, nvinfer1::ICudaEngine *&cudaEngine);

// Fills inputs other than the picture, once: a library exports it under this name.
bool NvDsInferInitializeInputLayers(std::vector<NvDsInferLayerInfo> const &inputLayersInfo, NvDsInferNetworkInfo const &networkInfo,
                                    unsigned int maxBatchSize);
// What a library for TensorRT exports beside a parser. Never called here.
IModelParser *NvDsInferCreateModelParser(const NvDsInferContextInitParams *initParams);
bool NvDsInferCudaEngineGet(nvinfer1::IBuilder *builder, NvDsInferContextInitParams *initParams, nvinfer1::DataType dataType,
                            nvinfer1::ICudaEngine *&cudaEngine);
bool NvDsInferPluginFactoryRuntimeGet(nvinfer1::IPluginFactory *&pluginFactory);
void NvDsInferPluginFactoryRuntimeDestroy(nvinfer1::IPluginFactory *pluginFactory);

}  // extern "C"

// CHECK_...(name); after a function's definition: does not compile if nvinfer could not find the function or not call it.
#define FLUVIAL_CHECK_PROTOTYPE(function, Prototype)                                                      \
  static_assert(std::is_same<decltype(&function), Prototype>::value, #function " is not a " #Prototype); \
  extern "C" std::remove_pointer<Prototype>::type function;

#define CHECK_CUSTOM_PARSE_FUNC_PROTOTYPE(function) FLUVIAL_CHECK_PROTOTYPE(function, NvDsInferParseCustomFunc)
#define CHECK_CUSTOM_INSTANCE_MASK_PARSE_FUNC_PROTOTYPE(function) FLUVIAL_CHECK_PROTOTYPE(function, NvDsInferInstanceMaskParseCustomFunc)
#define CHECK_CUSTOM_CLASSIFIER_PARSE_FUNC_PROTOTYPE(function) FLUVIAL_CHECK_PROTOTYPE(function, NvDsInferClassiferParseCustomFunc)
#define CHECK_CUSTOM_SEM_SEGMENTATION_PARSE_FUNC_PROTOTYPE(function) FLUVIAL_CHECK_PROTOTYPE(function, NvDsInferSemSegmentationParseCustomFunc)
#define CHECK_CUSTOM_ENGINE_CREATE_FUNC_PROTOTYPE(function) FLUVIAL_CHECK_PROTOTYPE(function, NvDsInferEngineCreateCustomFunc)
