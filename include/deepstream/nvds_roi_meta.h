// SPDX-License-Identifier: Apache-2.0
// Regions of interest.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <glib.h>
#include "nvll_osd_struct.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DS_MAX_POLYGON_POINTS 8

// Also in nvbufsurface.h and nvdsmeta.h, which need this header.
typedef struct NvBufSurfaceParams NvBufSurfaceParams;
typedef struct _NvDsFrameMeta NvDsFrameMeta;
typedef struct _NvDsObjectMeta NvDsObjectMeta;
typedef GList NvDsClassifierMetaList;
typedef GList NvDsUserMetaList;

// Elements of a preprocessed tensor. Not the numbers of NvDsInferDataType.
typedef enum NvDsDataType {
  NvDsDataType_FP32 = 0,
  NvDsDataType_UINT8 = 1,
  NvDsDataType_INT8 = 2,
  NvDsDataType_UINT32 = 3,
  NvDsDataType_INT32 = 4,
  NvDsDataType_INT64 = 5,
  NvDsDataType_UINT64 = 6,
  NvDsDataType_FP16 = 7,
} NvDsDataType;

// What a region came from.
typedef enum NvDsUnitType {
  NvDsUnitType_FullFrame = 0,
  NvDsUnitType_ROI = 1,
  NvDsUnitType_Object = 2,
} NvDsUnitType;

// One region of a frame that was preprocessed for a model, and what the model found in it.
typedef struct NvDsRoiMeta {
  NvOSD_RectParams roi;
  guint roi_polygon[DS_MAX_POLYGON_POINTS][2];  // x, y
  NvBufSurfaceParams *converted_buffer;
  NvDsFrameMeta *frame_meta;
  gdouble scale_ratio_x;  // network pixels for one pixel of the frame
  gdouble scale_ratio_y;
  gdouble offset_left;  // of the picture in the network's input, where padding was added
  gdouble offset_top;
  NvDsClassifierMetaList *classifier_meta_list;
  NvDsUserMetaList *roi_user_meta_list;
  NvDsObjectMeta *object_meta;
} NvDsRoiMeta;

#ifdef __cplusplus
}
#endif
