// Which output is which, where names tell. Heads and inspection ask the same question.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "types/tensor.h"

namespace fluvial {

// Objects that the graph has chosen and counted. Other outputs may stand beside.
struct CountedPlaces {
  std::size_t count = 0, boxes = 0, scores = 0, classes = 0;
};
std::optional<CountedPlaces> counted_places(const std::vector<TensorInfo>& outputs);

// A DETR's queries: boxes [N, Q, 4] and logits [N, Q, C]. Other outputs may stand beside.
struct QueryPlaces {
  std::size_t boxes = 0, logits = 0;
};
std::optional<QueryPlaces> query_places(const std::vector<TensorInfo>& outputs);

}  // namespace fluvial
