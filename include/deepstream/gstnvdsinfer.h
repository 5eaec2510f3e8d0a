// SPDX-License-Identifier: Apache-2.0
// What a model leaves on frames and objects beside boxes.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <gst/gst.h>
#include "nvdsinfer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*gst_nvinfer_raw_output_generated_callback)(GstBuffer *buf, NvDsInferNetworkInfo *network_info,
                                                          NvDsInferLayerInfo *layers_info, guint num_layers, guint batch_size,
                                                          gpointer user_data);

// User metadata of type NVDSINFER_TENSOR_OUTPUT_META, of a frame or an object.
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

// User metadata of type NVDSINFER_SEGMENTATION_META. class_map: height x width, -1 for no class.
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
