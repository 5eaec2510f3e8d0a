// An embedding becomes user metadata of its object or frame: fluvial/embedding.h.
#pragma once

#include <vector>

#include "elements/infer/units.h"

namespace fluvial {

void attach_embedding(unsigned unique_id, const Unit& unit, const std::vector<float>& values);

}  // namespace fluvial
