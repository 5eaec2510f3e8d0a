// SPDX-License-Identifier: Apache-2.0
// What a model's configuration says, as a custom library may read it.
// DeepStream's C interface to its engine (NvDsInferContext_Create and its fellows) is left out: the engine here lives in an element.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include "nvdsinfer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define _PATH_MAX 4096
#define _MAX_CHANNELS 4
#define _MAX_STR_LENGTH 1024
#define NVDSINFER_MAX_BATCH_SIZE 1024
#define NVDSINFER_MIN_OUTPUT_BUFFERPOOL_SIZE 2

typedef enum NvDsInferNetworkMode {
  NvDsInferNetworkMode_FP32 = 0,
  NvDsInferNetworkMode_INT8 = 1,
  NvDsInferNetworkMode_FP16 = 2,
  NvDsInferNetworkMode_BEST = 3,
} NvDsInferNetworkMode;

typedef enum NvDsInferNetworkType {
  NvDsInferNetworkType_Detector = 0,
  NvDsInferNetworkType_Classifier = 1,
  NvDsInferNetworkType_Segmentation = 2,
  NvDsInferNetworkType_InstanceSegmentation = 3,
  NvDsInferNetworkType_Other = 100,
} NvDsInferNetworkType;

typedef enum NvDsInferFormat {
  NvDsInferFormat_RGB = 0,
  NvDsInferFormat_BGR = 1,
  NvDsInferFormat_GRAY = 2,
  NvDsInferFormat_RGBA = 3,
  NvDsInferFormat_BGRx = 4,
  NvDsInferFormat_Tensor = 5,
  NvDsInferFormat_Unknown = 0xFFFFFFFF,
} NvDsInferFormat;

typedef enum NvDsInferTensorOrder {
  NvDsInferTensorOrder_kNCHW = 0,
  NvDsInferTensorOrder_kNHWC = 1,
  NvDsInferTensorOrder_kNC = 2,
  NvDsInferUffOrder_kNCHW = 0,
  NvDsInferUffOrder_kNHWC = 1,
  NvDsInferUffOrder_kNC = 2,
} NvDsInferTensorOrder;

typedef enum NvDsInferClusterMode {
  NVDSINFER_CLUSTER_GROUP_RECTANGLES = 0,
  NVDSINFER_CLUSTER_DBSCAN = 1,
  NVDSINFER_CLUSTER_NMS = 2,
  NVDSINFER_CLUSTER_DBSCAN_NMS_HYBRID = 3,
  NVDSINFER_CLUSTER_NONE = 4,
} NvDsInferClusterMode;

// Thresholds of one class.
typedef struct NvDsInferDetectionParams {
  union {
    float threshold;  // the older name
    float preClusterThreshold;
  };
  float postClusterThreshold;
  float eps;
  int minBoxes;
  int groupThreshold;
  float minScore;
  float nmsIOUThreshold;
  int topK;
} NvDsInferDetectionParams;

// How a model is configured. Read it by name: the tail changes from release to release.
typedef struct _NvDsInferContextInitParams {
  unsigned int uniqueID;
  NvDsInferNetworkMode networkMode;
  char protoFilePath[_PATH_MAX];
  char modelFilePath[_PATH_MAX];
  char uffFilePath[_PATH_MAX];
  char onnxFilePath[_PATH_MAX];
  char tltEncodedModelFilePath[_PATH_MAX];
  char int8CalibrationFilePath[_PATH_MAX];
  union {
    NvDsInferDimsCHW inputDims;
    NvDsInferDimsCHW uffDimsCHW;
  };  // both older names: inferInputDims is the one to read
  NvDsInferTensorOrder uffInputOrder;
  char uffInputBlobName[_MAX_STR_LENGTH];
  NvDsInferTensorOrder netInputOrder;
  char tltModelKey[_MAX_STR_LENGTH];
  char modelEngineFilePath[_PATH_MAX];
  unsigned int maxBatchSize;
  char labelsFilePath[_PATH_MAX];
  char meanImageFilePath[_PATH_MAX];
  float networkScaleFactor;  // input = networkScaleFactor * (pixel - offset)
  NvDsInferFormat networkInputFormat;
  float offsets[_MAX_CHANNELS];
  unsigned int numOffsets;
  NvDsInferNetworkType networkType;
  int useDBScan;
  unsigned int numDetectedClasses;
  NvDsInferDetectionParams *perClassDetectionParams;
  float classifierThreshold;
  float segmentationThreshold;
  char **outputLayerNames;
  unsigned int numOutputLayers;
  char customLibPath[_PATH_MAX];
  char customBBoxParseFuncName[_MAX_STR_LENGTH];
  char customClassifierParseFuncName[_MAX_STR_LENGTH];
  int copyInputToHostBuffers;
  unsigned int gpuID;
  int useDLA;
  int dlaCore;
  unsigned int outputBufferPoolSize;
  char customNetworkConfigFilePath[_PATH_MAX];
  char customEngineCreateFuncName[_MAX_STR_LENGTH];
  int forceImplicitBatchDimension;
  unsigned int workspaceSize;  // MiB
  NvDsInferDimsCHW inferInputDims;
  NvDsInferClusterMode clusterMode;
  char customBBoxInstanceMaskParseFuncName[_MAX_STR_LENGTH];
  char **outputIOFormats;
  unsigned int numOutputIOFormats;
  char customSegmentationParseFuncName[_MAX_STR_LENGTH];
  char **layerDevicePrecisions;
  unsigned int numLayerDevicePrecisions;
  NvDsInferTensorOrder segmentationOutputOrder;
  int inputFromPreprocessedTensor;
  int disableOutputHostCopy;
  int autoIncMem;
  double maxGPUMemPer;
  int dumpIpTensor;
  int dumpOpTensor;
  int overwriteIpTensor;
  char ipTensorFilePath[_PATH_MAX];
  int overwriteOpTensor;
  char **opTensorFilePath;
  int useStronglyTyped;
  char **dynamicPropertyKeys;
  char **dynamicPropertyValues;
  unsigned int numDynamicProperties;
  int warmupEngine;
} NvDsInferContextInitParams;

#ifdef __cplusplus
}
#endif
