// SPDX-License-Identifier: Apache-2.0
// Tensors made before inference. C++ only: the structs hold vectors and a string.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <string>
#include <vector>
#include "nvbufsurface.h"
#include "nvds_roi_meta.h"

// A tensor that is ready for a model: the regions of a batch, one after the other.
typedef struct NvDsPreProcessTensorMeta {
  void *raw_tensor_buffer;
  guint64 buffer_size;
  std::vector<int> tensor_shape;
  NvDsDataType data_type;
  std::string tensor_name;
  guint gpu_id;
  void *private_data;
  guint meta_id;
  gboolean maintain_aspect_ratio;
} NvDsPreProcessTensorMeta;

// User metadata of the batch, type NVDS_PREPROCESS_BATCH_META: the tensor, its regions, and the models that it is for.
typedef struct GstNvDsPreProcessBatchMeta {
  std::vector<guint64> target_unique_ids;
  NvDsPreProcessTensorMeta *tensor_meta;
  std::vector<NvDsRoiMeta> roi_vector;
  void *private_data;
} GstNvDsPreProcessBatchMeta;
