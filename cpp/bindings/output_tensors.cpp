#include "bindings/output_tensors.h"

#include <memory>
#include <utility>
#include <vector>

#include "bindings/tensor_arrays.h"
#include "meta/batch_buffer.h"
#include "meta/layer_type.h"
#include "meta/tensor_copy.h"
#include "surface/cuda/device.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

TensorView view_of(const TensorCopy& tensors, std::size_t i) {
  const NvDsInferLayerInfo& layer = tensors.layers[i];
  TensorView view{tensors.names[i], element_type(layer.dataType), {}};
  view.shape.assign(layer.inferDims.d, layer.inferDims.d + layer.inferDims.numDims);
  if (i < tensors.device_owners.size()) {
    view.data = tensors.device[i];
    view.owner = tensors.device_owners[i];
    view.gpu = cuda::Device::of(view.data).ordinal();
    return view;
  }
  const auto copy = std::make_shared<std::vector<std::uint64_t>>(tensors.memory[i]);
  view.data = copy->data();
  view.owner = copy;
  return view;
}

}  // namespace

nb::dict output_tensors(Root* root, NvDsUserMetaList* const& list, std::optional<unsigned> unique_id) {
  std::vector<TensorView> views;
  {
    const LockedMeta lock(root);
    for (const auto* user : each<NvDsUserMeta>(list)) {
      const TensorCopy* tensors = tensors_of(*user);
      if (!tensors || (unique_id && tensors->meta.unique_id != *unique_id)) continue;
      for (std::size_t i = 0; i < tensors->layers.size(); ++i) views.push_back(view_of(*tensors, i));
    }
  }
  nb::dict found;
  for (const auto& view : views)
    found[view.name.c_str()] =
        view.gpu < 0 ? array_of(view, view.owner, false) : device_array_of(view, {view.gpu, view.owner});
  return found;
}

}  // namespace fluvial::python
