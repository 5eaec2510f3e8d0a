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

// Objects with a mask each: boxes of so many columns, [K, 4..6] or [N, K, 4..6], labels and scores of one dimension
// less where the boxes do not hold them, and masks whose last two dimensions are rows and columns. Others may stand
// beside.
struct MaskPlaces {
  std::size_t boxes = 0, masks = 0;
  std::optional<std::size_t> scores, labels;
};
std::optional<MaskPlaces> mask_places(const std::vector<TensorInfo>& outputs);

}  // namespace fluvial
