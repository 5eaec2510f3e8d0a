// A model's raw outputs as NvDsInferTensorMeta: copies, as the request that made them is soon used again.
#pragma once

#include <memory>
#include <vector>

#include "elements/infer/decision.h"
#include "elements/infer/units.h"
#include "types/tensor.h"

namespace fluvial {

// One unit's part of each tensor, as user meta of its frame or object. `inputs` is how many inputs the model has, as
// bindings are counted from them on. `on_device`: where a GPU keeps each, or none; the metadata keeps it there.
void attach_tensors(const Decision& decision, const Unit& unit, const std::vector<TensorView>& outputs,
                    std::size_t index_in_batch, std::size_t inputs,
                    const std::vector<std::shared_ptr<void>>& on_device = {});

}  // namespace fluvial
