#include "elements/infer/tensor_meta.h"

#include <cstring>
#include <memory>

#include "elements/infer/layers.h"
#include "gstnvdsinfer.h"

namespace fluvial {
namespace {

// The C struct and all that it points at. The meta is the first member: a NvDsInferTensorMeta* is its TensorCopy*.
struct TensorCopy {
  NvDsInferTensorMeta meta{};
  std::vector<std::string> names;
  std::vector<std::vector<std::uint64_t>> memory;  // in words, so that every element type is aligned
  std::vector<NvDsInferLayerInfo> layers;
  std::vector<void*> host, device;
  std::vector<std::shared_ptr<void>> device_owners;  // shared with copies

  void point() {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      host[i] = memory[i].data();
      layers[i].buffer = host[i];
      layers[i].layerName = names[i].c_str();
    }
    meta.num_output_layers = static_cast<guint>(layers.size());
    meta.output_layers_info = layers.data();
    meta.out_buf_ptrs_host = host.data();
    meta.out_buf_ptrs_dev = device.data();
  }
};

void add(TensorCopy& copy, const TensorView& tensor, std::size_t binding) {
  const std::size_t bytes = element_count(tensor.shape) * bytes_of(tensor.type);
  std::vector<std::uint64_t> memory((bytes + 7) / 8 + 1);  // never empty: programs want a pointer
  if (bytes > 0) std::memcpy(memory.data(), tensor.data, bytes);
  copy.names.push_back(tensor.name);
  copy.memory.push_back(std::move(memory));
  copy.layers.push_back(layer_of(tensor, binding));  // pointers: see point()
  copy.host.push_back(nullptr);
  copy.device.push_back(nullptr);
}

gpointer copy_tensors(gpointer data, gpointer) {
  const auto* from = static_cast<TensorCopy*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  auto* to = new TensorCopy(*from);
  to->point();
  return &to->meta;
}

void free_tensors(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  delete static_cast<TensorCopy*>(user->user_meta_data);
  user->user_meta_data = nullptr;
}

}  // namespace

void attach_tensors(const Decision& d, const Unit& unit, const std::vector<TensorView>& outputs, std::size_t index,
                    std::size_t inputs, const std::vector<std::shared_ptr<void>>& on_device) {
  auto copy = std::make_unique<TensorCopy>();
  copy->device_owners = on_device;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const TensorView part = part_of(outputs[i], index, d.has_batch(i));
    add(*copy, part, inputs + i);
    const auto within = static_cast<const char*>(part.data) - static_cast<const char*>(outputs[i].data);
    if (i < on_device.size()) copy->device[i] = static_cast<char*>(on_device[i].get()) + within;
  }
  copy->point();
  auto& meta = copy->meta;
  const auto& input = d.spec.input;
  meta.unique_id = d.settings.unique_id;
  meta.gpu_id = static_cast<gint>(d.settings.gpu_id);
  meta.network_info = network_of(input);
  meta.maintain_aspect_ratio = input.keeps_aspect;
  meta.symmetric_padding = input.is_padding_centred;

  auto* user = nvds_acquire_user_meta_from_pool(unit.frame->base_meta.batch_meta);
  user->user_meta_data = copy.release();
  user->base_meta.meta_type = NVDSINFER_TENSOR_OUTPUT_META;
  user->base_meta.copy_func = copy_tensors;
  user->base_meta.release_func = free_tensors;
  if (unit.region) {
    nvds_add_user_meta_to_roi(unit.region, user);
  } else if (unit.object) {
    nvds_add_user_meta_to_obj(unit.object, user);
  } else {
    nvds_add_user_meta_to_frame(unit.frame, user);
  }
}

}  // namespace fluvial
