// SPDX-License-Identifier: Apache-2.0
// Scaling, cropping, turning and converting surfaces. Blending (...CompositeBlend) and sync objects from files are left out.
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

// Work that may still run. Here it is done when the program gets one.
typedef struct NvBufSurfTransformSyncObj *NvBufSurfTransformSyncObj_t;

// Each filled surface of src (the first, if it says that none is) into the surface of dst with the same index: cropped, scaled,
// turned, converted, as the flags say.
NvBufSurfTransform_Error NvBufSurfTransform(NvBufSurface *src, NvBufSurface *dst, NvBufSurfTransformParams *transform_params);
NvBufSurfTransform_Error NvBufSurfTransformAsync(NvBufSurface *src, NvBufSurface *dst, NvBufSurfTransformParams *transform_params,
                                                 NvBufSurfTransformSyncObj_t *sync_obj);
// The first input_buf_count surfaces of src into one picture, the first surface of dst.
NvBufSurfTransform_Error NvBufSurfTransformComposite(NvBufSurface *src, NvBufSurface *dst,
                                                     NvBufSurfTransformCompositeParams *composite_params);
NvBufSurfTransform_Error NvBufSurfTransformCompositeAsync(NvBufSurface *src, NvBufSurface *dst,
                                                          NvBufSurfTransformCompositeParams *composite_params,
                                                          NvBufSurfTransformSyncObj_t *sync_obj);
NvBufSurfTransform_Error NvBufSurfTransformSyncObjWait(NvBufSurfTransformSyncObj_t sync_obj, uint32_t time_out);
NvBufSurfTransform_Error NvBufSurfTransformSyncObjDestroy(NvBufSurfTransformSyncObj_t *sync_obj);

// A thread's choice of a GPU. It changes nothing here.
NvBufSurfTransform_Error NvBufSurfTransformSetSessionParams(NvBufSurfTransformConfigParams *config_params);
NvBufSurfTransform_Error NvBufSurfTransformGetSessionParams(NvBufSurfTransformConfigParams *config_params);
NvBufSurfTransform_Error NvBufSurfTransformSetDefaultSession(void);

#ifdef __cplusplus
}
#endif
