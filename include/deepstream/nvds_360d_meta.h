// SPDX-License-Identifier: Apache-2.0
// Boxes on a dewarped picture of a 360-degree camera. DeepStream has dropped this header; pyds still has the struct.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ROI_STATUS_360D {
  ROI_ENTRY_360D = 1,
  ROI_EXIT_360D = 2,
  INSIDE_AISLE_360D = 4,
} ROI_STATUS_360D;

typedef struct RectDim {
  float left;
  float top;
  float width;
  float height;
  int class_id;
  int tracking_id;
  int gie_unique_id;
  int roi_status;  // of ROI_STATUS_360D
  void *text;
} RectDim;

#ifdef __cplusplus
}
#endif
