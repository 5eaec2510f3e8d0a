// SPDX-License-Identifier: Apache-2.0
// Scaling, cropping, turning and converting surfaces.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include "nvbufsurface.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NVBUFSURF_MAX_SYNCOBJ 5

typedef struct CUstream_st *cudaStream_t;

// Which unit does it. Here the CPU does, whatever is asked.
typedef enum NvBufSurfTransform_Compute {
  NvBufSurfTransformCompute_Default = 0,
  NvBufSurfTransformCompute_GPU = 1,
  NvBufSurfTransformCompute_VIC = 2,
} NvBufSurfTransform_Compute;

// Turns are clockwise.
typedef enum NvBufSurfTransform_Flip {
  NvBufSurfTransform_None = 0,
  NvBufSurfTransform_Rotate90 = 1,
  NvBufSurfTransform_Rotate180 = 2,
  NvBufSurfTransform_Rotate270 = 3,
  NvBufSurfTransform_FlipX = 4,
  NvBufSurfTransform_FlipY = 5,
  NvBufSurfTransform_Transpose = 6,
  NvBufSurfTransform_InvTranspose = 7,
} NvBufSurfTransform_Flip;

typedef enum NvBufSurfTransform_Inter {
  NvBufSurfTransformInter_Nearest = 0,
  NvBufSurfTransformInter_Bilinear = 1,
  NvBufSurfTransformInter_Algo1 = 2,
  NvBufSurfTransformInter_Algo2 = 3,
  NvBufSurfTransformInter_Algo3 = 4,
  NvBufSurfTransformInter_Algo4 = 5,
  NvBufSurfTransformInter_Default = 6,
} NvBufSurfTransform_Inter;

typedef enum NvBufSurfTransform_Error {
  NvBufSurfTransformError_ROI_Error = -4,
  NvBufSurfTransformError_Invalid_Params = -3,
  NvBufSurfTransformError_Execution_Error = -2,
  NvBufSurfTransformError_Unsupported = -1,
  NvBufSurfTransformError_Success = 0,
} NvBufSurfTransform_Error;

typedef enum NvBufSurfTransform_Transform_Flag {
  NVBUFSURF_TRANSFORM_CROP_SRC = 1,
  NVBUFSURF_TRANSFORM_CROP_DST = 2,
  NVBUFSURF_TRANSFORM_FILTER = 4,
  NVBUFSURF_TRANSFORM_FLIP = 8,
  NVBUFSURF_TRANSFORM_NORMALIZE = 16,
  NVBUFSURF_TRANSFORM_ALLOW_ODD_CROP = 32,
} NvBufSurfTransform_Transform_Flag;

typedef enum NvBufSurfTransform_Composite_Flag {
  NVBUFSURF_TRANSFORM_COMPOSITE = 1,
  NVBUFSURF_TRANSFORM_BLEND = 2,
  NVBUFSURF_TRANSFORM_COMPOSITE_FILTER = 4,
} NvBufSurfTransform_Composite_Flag;

// Pixels; top comes before left.
typedef struct NvBufSurfTransformRect {
  uint32_t top;
  uint32_t left;
  uint32_t width;
  uint32_t height;
  void *reserved[STRUCTURE_PADDING];
} NvBufSurfTransformRect;

typedef struct _NvBufSurfTransformConfigParams {
  NvBufSurfTransform_Compute compute_mode;
  int32_t gpu_id;
  cudaStream_t cuda_stream;
  void *reserved[STRUCTURE_PADDING];
} NvBufSurfTransformConfigParams;

typedef struct _NvBufSurfaceTransformParams {
  uint32_t transform_flag;
  NvBufSurfTransform_Flip transform_flip;
  NvBufSurfTransform_Inter transform_filter;
  NvBufSurfTransformRect *src_rect;
  NvBufSurfTransformRect *dst_rect;
  void *reserved[STRUCTURE_PADDING];
} NvBufSurfTransformParams;

typedef struct _NvBufSurfTransformCompositeParams {
  uint32_t composite_flag;
  uint32_t input_buf_count;
  NvBufSurfTransformRect *src_comp_rect;
  NvBufSurfTransformRect *dst_comp_rect;
  NvBufSurfTransform_Inter composite_filter;
  void *reserved[STRUCTURE_PADDING];
} NvBufSurfTransformCompositeParams;

typedef struct _NvBufSurfTransform_ColorParams {
  double red;
  double green;
  double blue;
  double alpha;
  void *reserved[STRUCTURE_PADDING];
} NvBufSurfTransform_ColorParams;

typedef struct _NvBufSurfTransformCompositeBlendParams {
  uint32_t composite_blend_flag;
  uint32_t input_buf_count;
  NvBufSurfTransform_Inter composite_blend_filter;
  NvBufSurfTransform_ColorParams *color_bg;
  uint32_t *perform_blending;
  void *reserved[STRUCTURE_PADDING];
} NvBufSurfTransformCompositeBlendParams;

typedef struct _NvBufSurfTransformCompositeBlendParamsEx {
  NvBufSurfTransformCompositeBlendParams params;
  NvBufSurfTransformRect *src_comp_rect;
  NvBufSurfTransformRect *dst_comp_rect;
  NvBufSurfTransform_Inter *composite_blend_filter;
  float *alpha;
  void *reserved[STRUCTURE_PADDING];
} NvBufSurfTransformCompositeBlendParamsEx;

typedef struct NvBufSurfTransformSyncObj *NvBufSurfTransformSyncObj_t;

#ifdef __cplusplus
}
#endif
