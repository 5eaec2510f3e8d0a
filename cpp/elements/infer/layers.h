// Tensors as DeepStream's structs describe them: of one picture, without the batch.
#pragma once

#include <cstddef>

#include "nvdsinfer.h"
#include "types/model.h"
#include "types/tensor.h"

namespace fluvial {

// Without the batch, where the tensor has one.
TensorView part_of(const TensorView& tensor, std::size_t index_in_batch, bool has_batch);

// Borrows the tensor's name and memory.
NvDsInferLayerInfo layer_of(const TensorView& tensor, std::size_t binding);

NvDsInferNetworkInfo network_of(const InputSpec& input);

}  // namespace fluvial
