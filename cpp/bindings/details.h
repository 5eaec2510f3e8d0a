// What models say of objects and frames beside boxes: key points, masks, maps of classes. Arrays are copies.
#pragma once

#include "bindings/frames.h"

namespace fluvial::python {

// keypoints, mask, segmentation of one object; of a frame; keypoints of a column.
void bind_details(nb::class_<Object>& object);
void bind_details(nb::class_<Objects>& objects);
void bind_details(nb::class_<Frame>& frame);

}  // namespace fluvial::python
