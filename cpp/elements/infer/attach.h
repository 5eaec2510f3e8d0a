// Results of a model become metadata as DeepStream writes it: colours, texts, ids and clamps included.
#pragma once

#include <vector>

#include "elements/infer/decision.h"
#include "elements/infer/results.h"
#include "elements/infer/units.h"
#include "gstnvdsmeta.h"
#include "types/detection.h"

namespace fluvial {

// With crop-objects-to-roi-boundary the box is cut at its class's roi offsets.
Box shown_box(const InferSettings& settings, int class_id, const Box& box, Size frame);

// Boxes that the user's sizes and offsets let through. `box` is in pixels of the frame.
bool passes(const ClassAttrs& attrs, const Box& box, Size frame);

// `found` in pixels of the frame, ids as shown; `details` one for each of them, or none. A secondary detector's objects
// are children of the unit's object; of a pose model, which looks for one body, the unit's object gets the points.
void attach_detections(const Decision& decision, const Unit& unit, const std::vector<Detection>& found,
                       const std::vector<Details>& details);

// Which of a pose model's bodies is the unit's object.
std::size_t surest_of(const std::vector<Detection>& found);

// On the unit's object; for a whole frame on a new object as large as the frame. Without results, nothing is attached.
void attach_classifications(const Decision& decision, const Unit& unit, Size frame,
                            const std::vector<Classification>& found);
void attach_classifications(const Decision& decision, NvDsObjectMeta* object, const std::vector<Classification>& found);

// What was found of the unit's object earlier.
void attach_known(const Decision& decision, const Unit& unit, const Known& known);

}  // namespace fluvial
