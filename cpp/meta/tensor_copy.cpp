#include "meta/tensor_copy.h"

namespace fluvial {
namespace {

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

void TensorCopy::point() {
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

void give_tensors(NvDsUserMeta* user, std::unique_ptr<TensorCopy> tensors) {
  user->user_meta_data = tensors.release();
  user->base_meta.meta_type = NVDSINFER_TENSOR_OUTPUT_META;
  user->base_meta.copy_func = copy_tensors;
  user->base_meta.release_func = free_tensors;
}

const TensorCopy* tensors_of(const NvDsUserMeta& user) {
  const bool is_ours =
      user.base_meta.meta_type == NVDSINFER_TENSOR_OUTPUT_META && user.base_meta.release_func == free_tensors;
  return is_ours ? static_cast<const TensorCopy*>(user.user_meta_data) : nullptr;
}

}  // namespace fluvial
