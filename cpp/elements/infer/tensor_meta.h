// A model's raw outputs as NvDsInferTensorMeta: copies, as the request that made them is soon used again.
#pragma once

#include <vector>

#include "elements/infer/decision.h"
#include "elements/infer/units.h"
#include "types/tensor.h"

namespace fluvial {

// One unit's part of each tensor, as user meta of its frame or object. `inputs` is how many inputs the model has, as
// bindings are counted from them on.
void attach_tensors(const Decision& decision, const Unit& unit, const std::vector<TensorView>& outputs,
                    std::size_t index_in_batch, std::size_t inputs);

}  // namespace fluvial
