// SPDX-License-Identifier: Apache-2.0
// What is drawn on one surface.
// The drawing functions (nvll_osd_*) are left out: an element draws here (nvdsosd), from the metadata of a batch.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include "nvbufsurface.h"
#include "nvll_osd_struct.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MAX_IN_BUF 16
#define MAX_BORDER_WIDTH 32

typedef void *NvOSDCtxHandle;

typedef struct _NvOSD_FrameTextParams {
  NvBufSurfaceParams *buf_ptr;
  NvOSD_Mode mode;
  int num_strings;
  NvOSD_TextParams *text_params_list;
  NvBufSurface *surf;
} NvOSD_FrameTextParams;

typedef struct _NvOSD_FrameRectParams {
  NvBufSurfaceParams *buf_ptr;
  NvOSD_Mode mode;
  int num_rects;
  NvOSD_RectParams *rect_params_list;
  NvOSD_MaskParams *mask_params_list;
  NvBufSurface *surf;
} NvOSD_FrameRectParams;

typedef struct _NvOSD_FrameSegmentMaskParams {
  NvBufSurfaceParams *buf_ptr;
  NvOSD_Mode mode;
  int num_segments;
  NvOSD_RectParams *rect_params_list;
  NvOSD_MaskParams *mask_params_list;
  NvBufSurface *surf;
} NvOSD_FrameSegmentMaskParams;

typedef struct _NvOSD_FrameLineParams {
  NvBufSurfaceParams *buf_ptr;
  NvOSD_Mode mode;
  int num_lines;
  NvOSD_LineParams *line_params_list;
  NvBufSurface *surf;
} NvOSD_FrameLineParams;

typedef struct _NvOSD_FrameArrowParams {
  NvBufSurfaceParams *buf_ptr;
  NvOSD_Mode mode;
  int num_arrows;
  NvOSD_ArrowParams *arrow_params_list;
  NvBufSurface *surf;
} NvOSD_FrameArrowParams;

typedef struct _NvOSD_FrameCircleParams {
  NvBufSurfaceParams *buf_ptr;
  NvOSD_Mode mode;
  int num_circles;
  NvOSD_CircleParams *circle_params_list;
  NvBufSurface *surf;
} NvOSD_FrameCircleParams;

#ifdef __cplusplus
}
#endif
