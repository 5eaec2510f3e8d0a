// SPDX-License-Identifier: Apache-2.0
// Key points of an object, such as the joints of a person: user metadata of the object's obj_user_meta_list. The
// functions are in libfluvialmeta; each takes the batch's lock itself.
#pragma once

#include <glib.h>
#include "nvdsmeta.h"

#ifdef __cplusplus
extern "C" {
#endif

// Pixels of the frame, which a point may lie outside of; confidence is 0..1.
typedef struct FluvialKeypoint {
  float x;
  float y;
  float confidence;
} FluvialKeypoint;

// What user_meta_data points at. The order of the points is the model's.
typedef struct FluvialKeypoints {
  guint unique_id;  // of the inference that found them
  guint count;
  FluvialKeypoint* points;
} FluvialKeypoints;

// base_meta.meta_type of this metadata: that of the name "FLUVIAL.OBJECT.KEYPOINTS".
NvDsMetaType fluvial_keypoints_meta_type(void);

// Copies the points and adds them to the object; copies of the metadata have their own.
void fluvial_add_keypoints_to_obj(NvDsObjectMeta* object, guint unique_id, const FluvialKeypoint* points, guint count);

// The newest of the object, or NULL. They live as long as the object.
const FluvialKeypoints* fluvial_get_keypoints_of_obj(const NvDsObjectMeta* object);

#ifdef __cplusplus
}
#endif
