// SPDX-License-Identifier: Apache-2.0
// What a model leaves on frames and objects beside boxes.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/abi_test.cpp holds the offsets.
#pragma once

#include <gst/gst.h>
#include "nvdsinfer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct NvDsInferTensorMeta {
  guint unique_id;
  guint num_output_layers;
  NvDsInferLayerInfo *output_layers_info;
  void **out_buf_ptrs_host;
  void **out_buf_ptrs_dev;
  gint gpu_id;
  void *priv_data;
  NvDsInferNetworkInfo network_info;
  gboolean maintain_aspect_ratio;
  gboolean symmetric_padding;
} NvDsInferTensorMeta;

typedef struct NvDsInferSegmentationMeta {
  guint classes;
  guint width;
  guint height;
  gint *class_map;
  gfloat *class_probabilities_map;
  void *priv_data;
  gint unique_id;
} NvDsInferSegmentationMeta;


#ifdef __cplusplus
}
#endif
