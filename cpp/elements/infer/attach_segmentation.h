// A map of classes becomes NvDsInferSegmentationMeta, as user metadata of its frame, object or region.
#pragma once

#include "elements/infer/units.h"
#include "types/detection.h"

namespace fluvial {

// Takes the map over: it is of the size of a picture. What is not of segmentation.size raises std::runtime_error.
void attach_segmentation(unsigned unique_id, const Unit& unit, Segmentation&& segmentation);

}  // namespace fluvial
