#include "elements/infer/tensor_meta.h"

#include <cstring>
#include <memory>
#include <utility>

#include "elements/infer/layers.h"
#include "meta/tensor_copy.h"

namespace fluvial {
namespace {

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
  give_tensors(user, std::move(copy));
  if (unit.region) {
    nvds_add_user_meta_to_roi(unit.region, user);
  } else if (unit.object) {
    nvds_add_user_meta_to_obj(unit.object, user);
  } else {
    nvds_add_user_meta_to_frame(unit.frame, user);
  }
}

}  // namespace fluvial
