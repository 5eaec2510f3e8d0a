// Metadata that follows its picture when that is scaled, cropped or moved.
#pragma once

#include "meta/export.h"
#include "nvdsmeta.h"

namespace fluvial {

// x' = x * scale_x + move_x, y' = y * scale_y + move_y.
struct Placement {
  float scale_x = 1;
  float scale_y = 1;
  float move_x = 0;
  float move_y = 0;
};

// Boxes, key points and text places of an object. What the detector and the tracker said (detector_bbox_info,
// tracker_bbox_info), masks, font sizes and border widths stay, as in DeepStream.
FLUVIAL_EXPORT void place_object(NvDsObjectMeta* object, const Placement& placement);
FLUVIAL_EXPORT void place_display(NvDsDisplayMeta* display, const Placement& placement);
FLUVIAL_EXPORT void place_frame(NvDsFrameMeta* frame, const Placement& placement);

}  // namespace fluvial
