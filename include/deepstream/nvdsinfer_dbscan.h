// SPDX-License-Identifier: Apache-2.0
// Crowds of boxes become one, for parsers and libraries of post-processing. The functions are in libfluvialmeta; NVIDIA's own are not
// public: the distance of two boxes is 1 - IoU here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "nvdsinfer.h"

#ifdef __cplusplus
extern "C" {
#endif

// Holds nothing: objects are clustered call by call. One may serve several threads.
struct NvDsInferDBScan;
typedef struct NvDsInferDBScan *NvDsInferDBScanHandle;

typedef struct {
  float eps;              // boxes at most so far apart are neighbours
  uint32_t minBoxes;      // neighbours, itself counted, around a box that make a cluster; 0: nothing is done
  int enableATHRFilter;   // not 0: clusters whose root of the area, over the count of boxes, is above thresholdATHR go
  float thresholdATHR;
  float minScore;         // least sum of a cluster's confidences
} NvDsInferDBScanClusteringParams;

NvDsInferDBScanHandle NvDsInferDBScanCreate(void);
void NvDsInferDBScanDestroy(NvDsInferDBScanHandle handle);

// Objects of one class, in place; numObjects says how many there are, and then how many are left. The first: a cluster becomes its mean,
// with the confidence of the surest. The second: only boxes of no cluster go.
void NvDsInferDBScanCluster(NvDsInferDBScanHandle handle, NvDsInferDBScanClusteringParams *params, NvDsInferObjectDetectionInfo *objects,
                            size_t *numObjects);
void NvDsInferDBScanClusterHybrid(NvDsInferDBScanHandle handle, NvDsInferDBScanClusteringParams *params,
                                  NvDsInferObjectDetectionInfo *objects, size_t *numObjects);

#ifdef __cplusplus
}
#endif
