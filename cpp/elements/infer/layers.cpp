#include "elements/infer/layers.h"

#include <algorithm>

#include "meta/layer_type.h"

namespace fluvial {
namespace {

NvDsInferDims dims_of(const Shape& shape) {
  NvDsInferDims dims{};
  dims.numDims = static_cast<unsigned>(std::min<std::size_t>(shape.size(), NVDSINFER_MAX_DIMS));
  for (unsigned i = 0; i < dims.numDims; ++i) dims.d[i] = static_cast<unsigned>(shape[i]);
  dims.numElements = static_cast<unsigned>(element_count(shape));
  return dims;
}

}  // namespace

TensorView part_of(const TensorView& tensor, std::size_t index, bool has_batch) {
  if (!has_batch || tensor.shape.empty()) return tensor;
  TensorView part = tensor;
  part.shape.erase(part.shape.begin());
  part.data = static_cast<char*>(tensor.data) + index * element_count(part.shape) * bytes_of(part.type);
  return part;
}

NvDsInferLayerInfo layer_of(const TensorView& tensor, std::size_t binding) {
  NvDsInferLayerInfo layer{};
  layer.dataType = layer_type(tensor.type);
  layer.inferDims = dims_of(tensor.shape);
  layer.bindingIndex = static_cast<int>(binding);
  layer.layerName = tensor.name.c_str();
  layer.buffer = tensor.data;
  return layer;
}

NvDsInferNetworkInfo network_of(const InputSpec& input) {
  return {static_cast<unsigned>(input.size.width), static_cast<unsigned>(input.size.height),
          input.color == ColorOrder::gray ? 1U : 3U};
}

}  // namespace fluvial
