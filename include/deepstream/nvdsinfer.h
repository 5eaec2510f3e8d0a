// SPDX-License-Identifier: Apache-2.0
// Tensors and results of a model.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NVDSINFER_MAX_DIMS 8

typedef enum NvDsInferDataType {
  FLOAT = 0,
  HALF = 1,
  INT8 = 2,
  INT32 = 3,
  INT64 = 4,
  UINT8 = 5,
} NvDsInferDataType;

typedef enum NvDsInferStatus {
  NVDSINFER_SUCCESS = 0,
  NVDSINFER_CONFIG_FAILED = 1,
  NVDSINFER_CUSTOM_LIB_FAILED = 2,
  NVDSINFER_INVALID_PARAMS = 3,
  NVDSINFER_OUTPUT_PARSING_FAILED = 4,
  NVDSINFER_CUDA_ERROR = 5,
  NVDSINFER_TENSORRT_ERROR = 6,
  NVDSINFER_RESOURCE_ERROR = 7,
  NVDSINFER_TRITON_ERROR = 8,
  NVDSINFER_TRTIS_ERROR = 8,
  NVDSINFER_MEM_ERROR = 9,
  NVDSINFER_UNKNOWN_ERROR = 10,
} NvDsInferStatus;

typedef enum NvDsInferLogLevel {
  NVDSINFER_LOG_ERROR = 0,
  NVDSINFER_LOG_WARNING = 1,
  NVDSINFER_LOG_INFO = 2,
  NVDSINFER_LOG_DEBUG = 3,
} NvDsInferLogLevel;

typedef struct NvDsInferDims {
  unsigned int numDims;
  unsigned int d[8];
  unsigned int numElements;
} NvDsInferDims;

typedef struct NvDsInferDimsCHW {
  unsigned int c;
  unsigned int h;
  unsigned int w;
} NvDsInferDimsCHW;

#define getDimsCHWFromDims(chw, from) \
  do {                                \
    (chw).c = (from).d[0];            \
    (chw).h = (from).d[1];            \
    (chw).w = (from).d[2];            \
  } while (0)
#define getDimsHWCFromDims(chw, from) \
  do {                                \
    (chw).h = (from).d[0];            \
    (chw).w = (from).d[1];            \
    (chw).c = (from).d[2];            \
  } while (0)

typedef struct NvDsInferLayerInfo {
  NvDsInferDataType dataType;
  union {
    NvDsInferDims inferDims;
    NvDsInferDims dims;  // the older name
  };
  int bindingIndex;
  const char *layerName;
  void *buffer;
  int isInput;
} NvDsInferLayerInfo;

typedef struct NvDsInferNetworkInfo {
  unsigned int width;
  unsigned int height;
  unsigned int channels;
} NvDsInferNetworkInfo;

// Pixels of the network's input; radians.
typedef struct NvDsInferObjectDetectionInfo {
  unsigned int classId;
  float left;
  float top;
  float width;
  float height;
  float detectionConfidence;
  float rotation_angle;
} NvDsInferObjectDetectionInfo;

typedef NvDsInferObjectDetectionInfo NvDsInferParseObjectInfo;  // the older name

typedef struct NvDsInferInstanceMaskInfo {
  unsigned int classId;
  float left;
  float top;
  float width;
  float height;
  float detectionConfidence;
  float *mask;
  unsigned int mask_width;
  unsigned int mask_height;
  unsigned int mask_size;  // bytes
} NvDsInferInstanceMaskInfo;

typedef struct NvDsInferAttribute {
  unsigned int attributeIndex;
  unsigned int attributeValue;
  float attributeConfidence;
  char *attributeLabel;
} NvDsInferAttribute;

// The name of a status, never null.
const char *NvDsInferStatus2Str(NvDsInferStatus status);

#ifdef __cplusplus
}

// Shapes that an engine was built for.
typedef enum NvDsInferProfileSelector {
  kSELECTOR_MIN = 0,
  kSELECTOR_OPT = 1,
  kSELECTOR_MAX = 2,
  kSELECTOR_SIZE = 3,
} NvDsInferProfileSelector;

typedef struct NvDsInferBatchDims {
  int batchSize = 0;
  NvDsInferDims dims = {};
} NvDsInferBatchDims;

struct NvDsInferBatchDimsLayerInfo : NvDsInferLayerInfo {
  NvDsInferBatchDims profileDims[kSELECTOR_SIZE];
};
#endif
