#include "elements/infer/tensor_input.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "meta/batch_buffer.h"
#include "nvdspreprocess_meta.h"

namespace fluvial {
namespace {

// What of NvDsDataType a picture input can be.
bool is_type(NvDsDataType of_tensor, ElementType of_model) {
  switch (of_tensor) {
    case NvDsDataType_FP32: return of_model == ElementType::f32;
    case NvDsDataType_FP16: return of_model == ElementType::f16;
    case NvDsDataType_UINT8: return of_model == ElementType::u8;
    case NvDsDataType_INT8: return of_model == ElementType::i8;
    case NvDsDataType_UINT32:
    case NvDsDataType_INT32: return of_model == ElementType::i32;
    default: return of_model == ElementType::i64;
  }
}

const char* name_of(ElementType type) {
  switch (type) {
    case ElementType::f16: return "FP16";
    case ElementType::i8: return "INT8";
    case ElementType::u8: return "UINT8";
    case ElementType::i32: return "INT32";
    case ElementType::i64: return "INT64";
    default: return "FP32";
  }
}

std::string text_of(const std::vector<int>& shape) {
  std::string text;
  for (int size : shape) text += (text.empty() ? "" : ";") + std::to_string(size);
  return text;
}

// Of one picture.
std::vector<int> shape_of(const InputSpec& input) {
  const int channels = input.color == ColorOrder::gray ? 1 : 3;
  if (input.layout == Layout::nhwc) return {input.size.height, input.size.width, channels};
  return {channels, input.size.height, input.size.width};
}

std::size_t bytes_of_unit(const InputSpec& input) {
  std::size_t bytes = bytes_of(input.type);
  for (int size : shape_of(input)) bytes *= static_cast<std::size_t>(size);
  return bytes;
}

void check(const NvDsPreProcessTensorMeta& tensor, const InputSpec& input, std::size_t regions) {
  const auto wanted = shape_of(input);
  const auto& shape = tensor.tensor_shape;
  const bool has_shape =
      shape.size() == wanted.size() + 1 && std::equal(wanted.begin(), wanted.end(), shape.begin() + 1);
  if (tensor.tensor_name != input.name)
    throw std::runtime_error("input-tensor-meta: the tensor is named '" + tensor.tensor_name +
                             "', the model's input '" + input.name +
                             "': set tensor-name in the config of fluvialpreprocess (nvdspreprocess)");
  if (!has_shape)
    throw std::runtime_error("input-tensor-meta: the tensor '" + tensor.tensor_name + "' has the shape " +
                             text_of(shape) + ", the model takes regions of " + text_of(wanted) +
                             ": set network-input-shape and network-input-order");
  if (!is_type(tensor.data_type, input.type))
    throw std::runtime_error("input-tensor-meta: the tensor '" + tensor.tensor_name +
                             "' has tensor-data-type=" + std::to_string(static_cast<int>(tensor.data_type)) +
                             ", the model takes " + name_of(input.type));
  const bool holds_all = static_cast<std::size_t>(shape[0]) >= regions &&
                         tensor.buffer_size >= regions * bytes_of_unit(input) && tensor.raw_tensor_buffer;
  if (!holds_all)
    throw std::runtime_error("input-tensor-meta: the tensor '" + tensor.tensor_name + "' of " +
                             std::to_string(tensor.buffer_size) + " bytes does not hold its " +
                             std::to_string(regions) + " regions");
}

bool is_for(const GstNvDsPreProcessBatchMeta& meta, unsigned unique_id) {
  const auto& ids = meta.target_unique_ids;
  return meta.tensor_meta && std::find(ids.begin(), ids.end(), unique_id) != ids.end();
}

std::vector<GstNvDsPreProcessBatchMeta*> tensors_for(unsigned unique_id, NvDsBatchMeta* batch) {
  std::vector<GstNvDsPreProcessBatchMeta*> found;
  for (auto* user : each<NvDsUserMeta>(batch->batch_user_meta_list)) {
    if (user->base_meta.meta_type != NVDS_PREPROCESS_BATCH_META) continue;
    auto* meta = static_cast<GstNvDsPreProcessBatchMeta*>(user->user_meta_data);
    if (is_for(*meta, unique_id)) found.push_back(meta);
  }
  std::sort(found.begin(), found.end(),
            [](const auto* a, const auto* b) { return a->tensor_meta->meta_id < b->tensor_meta->meta_id; });
  return found;
}

}  // namespace

Letterbox letterbox_of(const NvDsRoiMeta& region) {
  Letterbox box;
  box.crop = box_of(region);
  box.left = static_cast<int>(region.offset_left);
  box.top = static_cast<int>(region.offset_top);
  box.width = static_cast<int>(std::lround(region.roi.width * region.scale_ratio_x));
  box.height = static_cast<int>(std::lround(region.roi.height * region.scale_ratio_y));
  return box;
}

Box box_of(const NvDsRoiMeta& region) { return {region.roi.left, region.roi.top, region.roi.width, region.roi.height}; }

void TensorInput::note(std::size_t tensors) {
  if (tensors == 0 && !has_seen_tensor_ && ++empty_batches_ == batches_without_tensors)
    complain_("input-tensor-meta: no tensor for unique-id " + std::to_string(decision_.settings.unique_id) + " in " +
              std::to_string(batches_without_tensors) +
              " batches: is fluvialpreprocess (nvdspreprocess) before this element, and its target-unique-ids right?");
  if (tensors == 0 || has_seen_tensor_) return;
  has_seen_tensor_ = true;
  if (!decision_.file.instead_of.empty())
    complain_(
        "input-tensor-meta: the tensors are made for another model than the stand-in, which takes the same "
        "regions in its own way");
}

std::vector<Unit> TensorInput::units(NvDsBatchMeta* batch) {
  MetaLock lock(batch);
  const auto& input = decision_.spec.input;
  const bool is_stand_in = !decision_.file.instead_of.empty();
  std::vector<Unit> units;
  const auto tensors = tensors_for(decision_.settings.unique_id, batch);
  note(tensors.size());
  for (auto* meta : tensors) {
    if (!is_stand_in) check(*meta->tensor_meta, input, meta->roi_vector.size());
    const auto* data = static_cast<const char*>(meta->tensor_meta->raw_tensor_buffer);
    for (auto& region : meta->roi_vector) {
      Unit unit{region.frame_meta, region.object_meta, letterbox_of(region)};
      unit.region = &region;
      if (!is_stand_in) unit.tensor = data;
      data += bytes_of_unit(input);
      if (unit.frame) units.push_back(unit);
    }
  }
  return units;
}

}  // namespace fluvial
