// SPDX-License-Identifier: Apache-2.0
// What a library of one's own for nvdspreprocess exports, and what it is handed. C++ only; no CUDA header is needed, as pictures and
// tensors are in system memory.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
//
// Exported, all extern "C":
//   CustomCtx *initLib(CustomInitParams);                     once; NULL: the element does not start
//   void deInitLib(CustomCtx *);
//   NvDsPreProcessStatus CustomTensorPreparation(CustomCtx *, NvDsPreProcessBatch *, NvDsPreProcessCustomBuf *&, CustomTensorParams &,
//                                                NvDsPreProcessAcquirer *);      or under the name that the config says
//   NvDsPreProcessStatus CustomTransformation(NvBufSurface *in, NvBufSurface *out, CustomTransformParams &);     where a group names it
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "gstnvdsmeta.h"
#include "nvbufsurface.h"
#include "nvbufsurftransform.h"
#include "nvds_roi_meta.h"

typedef struct CustomCtx CustomCtx;  // the library's own
typedef uint64_t nvtxRangeId_t;

typedef enum {
  NVDSPREPROCESS_SUCCESS = 0,
  NVDSPREPROCESS_CONFIG_FAILED,
  NVDSPREPROCESS_CUSTOM_LIB_FAILED,
  NVDSPREPROCESS_CUSTOM_TRANSFORMATION_FAILED,
  NVDSPREPROCESS_CUSTOM_TENSOR_FAILED,
  NVDSPREPROCESS_INVALID_PARAMS,
  NVDSPREPROCESS_OUTPUT_PARSING_FAILED,
  NVDSPREPROCESS_CUDA_ERROR,
  NVDSPREPROCESS_TENSORRT_ERROR,
  NVDSPREPROCESS_RESOURCE_ERROR,
  NVDSPREPROCESS_TENSOR_NOT_READY,  // no error: these regions give no tensor yet
} NvDsPreProcessStatus;

typedef enum {
  NvDsPreProcessNetworkInputOrder_kNCHW = 0,
  NvDsPreProcessNetworkInputOrder_kNHWC,
  NvDsPreProcessNetworkInputOrder_CUSTOM,
} NvDsPreProcessNetworkInputOrder;

typedef enum {
  NvDsPreProcessFormat_RGB,
  NvDsPreProcessFormat_BGR,
  NvDsPreProcessFormat_GRAY,
  NvDsPreProcessFormat_RGBA,
  NvDsPreProcessFormat_BGRx,
  NvDsPreProcessFormat_Tensor,
  NvDsPreProcessFormat_Unknown = 0xFFFFFFFF,
} NvDsPreProcessFormat;

// How the regions of a group become pictures: what NvBufSurfTransform takes. A rectangle of src_rect and of dst_rect for each.
typedef struct {
  NvBufSurfTransformConfigParams transform_config_params;
  NvBufSurfTransformParams transform_params;
  NvBufSurfTransformSyncObj_t sync_obj = NULL;  // set by a function that has only begun: waited for before the tensor is made
} CustomTransformParams;

// The tensor, as the config says it.
typedef struct {
  NvDsPreProcessNetworkInputOrder network_input_order;
  std::vector<int> network_input_shape;
  NvDsPreProcessFormat network_color_format;
  guint64 buffer_size = 1;  // bytes
  NvDsDataType data_type;
  NvBufSurfaceMemType memory_type;
  std::string tensor_name;
} NvDsPreProcessTensorParams;

typedef struct {
  unsigned int width;
  unsigned int height;
  unsigned int channels;
} NvDsPreProcessNetworkSize;

typedef struct {
  std::vector<NvDsRoiMeta> roi_vector;  // the library may change which regions the tensor is of
} CustomSeqProcTensorParams;

// Read back when the tensor is made: network_input_shape[0] is how many regions it holds.
typedef struct {
  NvDsPreProcessTensorParams params;
  CustomSeqProcTensorParams seq_params;
} CustomTensorParams;

typedef struct {
  guint unique_id;
  NvDsPreProcessTensorParams tensor_params;
  std::unordered_map<std::string, std::string> user_configs;
  gchar *config_file_path;
} CustomInitParams;

// Memory for one tensor.
struct NvDsPreProcessCustomBuf {
  void *memory_ptr;
};

// Where the library gets such memory. What it hands on to the element is given back by the element.
class NvDsPreProcessAcquirer {
 public:
  virtual NvDsPreProcessCustomBuf *acquire() = 0;
  virtual gboolean release(NvDsPreProcessCustomBuf *) = 0;
};

// One region.
typedef struct {
  NvDsObjectMeta *obj_meta = nullptr;
  NvDsFrameMeta *frame_meta = nullptr;
  guint batch_index = 0;
  gulong frame_num = 0;
  NvBufSurfaceParams *input_surf_params = nullptr;
  gpointer converted_frame_ptr = nullptr;  // its picture: RGBA or grey, NvDsPreProcessBatch::pitch bytes a row
  NvDsRoiMeta roi_meta;
} NvDsPreProcessUnit;

typedef struct {
  std::vector<NvDsPreProcessUnit> units;
  std::vector<NvBufSurfTransformSyncObj_t> sync_objects;
  GstBuffer *inbuf = nullptr;
  gulong inbuf_batch_num = 0;
  gboolean push_buffer = FALSE;
  gboolean event_marker = FALSE;
  GstBuffer *converted_buf = nullptr;  // its NvBufSurface holds the pictures of all units
  NvDsPreProcessFormat scaling_pool_format;
  NvDsBatchMeta *batch_meta;
  uint32_t pitch;
  nvtxRangeId_t nvtx_complete_buf_range = 0;
} NvDsPreProcessBatch;
