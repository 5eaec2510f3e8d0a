// SPDX-License-Identifier: Apache-2.0
// Motion vectors of a frame (user metadata of type NVDS_OPTICAL_FLOW_META).
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once


#ifdef __cplusplus
extern "C" {
#endif

typedef struct _NvOFFlowVector {
  short flowx;
  short flowy;
} NvOFFlowVector;

// data points at rows x cols vectors, row after row: one for each block of a frame.
typedef struct NvDsOpticalFlowMeta {
  unsigned int rows;
  unsigned int cols;
  unsigned int mv_size;
  unsigned int cost_size;
  unsigned long frame_num;
  void *data;
  void *cost;
  void *priv;
  void *reserved;
} NvDsOpticalFlowMeta;

#ifdef __cplusplus
}
#endif
