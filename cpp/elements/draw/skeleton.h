// Key points as discs, and the limbs between them where there are 17: then they are COCO's joints of a body.
#pragma once

#include "elements/draw/canvas.h"
#include "fluvial/keypoints.h"

namespace fluvial {

// Points below `least_confidence` are left out, and limbs that end in one. `height` of the object, in pixels, is what
// thickness goes by.
void draw_keypoints(const FluvialKeypoints& keypoints, float least_confidence, float height, Canvas& canvas);

}  // namespace fluvial
