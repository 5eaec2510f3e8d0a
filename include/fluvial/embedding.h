// SPDX-License-Identifier: Apache-2.0
// What something looks like, as a vector: user metadata of an object, or of a frame whose whole picture was looked at.
// The functions are in libfluvialmeta; each takes the batch's lock itself.
#pragma once

#include <glib.h>
#include "nvdsmeta.h"

#ifdef __cplusplus
extern "C" {
#endif

// What user_meta_data points at. The vector's length is 1, so that the scalar product of two is their cosine.
typedef struct FluvialEmbedding {
  guint unique_id;  // of the inference that made it
  guint count;
  float* values;
} FluvialEmbedding;

// base_meta.meta_type of this metadata: that of the name "FLUVIAL.EMBEDDING".
NvDsMetaType fluvial_embedding_meta_type(void);

// Copies the values; copies of the metadata have their own.
void fluvial_add_embedding_to_obj(NvDsObjectMeta* object, guint unique_id, const float* values, guint count);
void fluvial_add_embedding_to_frame(NvDsFrameMeta* frame, guint unique_id, const float* values, guint count);

// The newest of an obj_user_meta_list or frame_user_meta_list, or NULL. It lives as long as the object or frame.
const FluvialEmbedding* fluvial_get_embedding(const NvDsUserMetaList* users);

#ifdef __cplusplus
}
#endif
