#include "elements/preprocess/built_in.h"

#include <algorithm>
#include <string>

#include "elements/guard.h"
#include "elements/preprocess/mean_file.h"
#include "nvds_roi_meta.h"
#include "surface/batch.h"

namespace fluvial {
namespace {

ElementType type_of(int data_type) {
  switch (data_type) {
    case NvDsDataType_FP32: return ElementType::f32;
    case NvDsDataType_UINT8: return ElementType::u8;
    case NvDsDataType_UINT32:
    case NvDsDataType_INT32: return ElementType::i32;
    case NvDsDataType_FP16: return ElementType::f16;
    default:
      throw SettingsError("[property] tensor-data-type=" + std::to_string(data_type) +
                          ": allowed without a library of your own are 0 FP32, 1 UINT8, 3 UINT32, 4 INT32, 7 FP16");
  }
}

std::string shape_text(const std::vector<int>& shape) {
  std::string text;
  for (int size : shape) text += (text.empty() ? "" : ";") + std::to_string(size);
  return text;
}

void check_offsets(const PreprocessSettings& s, int channels) {
  if (s.offsets.empty() || static_cast<int>(s.offsets.size()) == channels) return;
  throw SettingsError("[user-configs] offsets: " + std::to_string(s.offsets.size()) + " numbers, the tensor has " +
                      std::to_string(channels) + " channels (network-color-format)");
}

}  // namespace

InputSpec input_of(const PreprocessSettings& s) {
  if (s.order == 2)
    throw SettingsError(
        "[property] network-input-order=2: an order of one's own needs a library of one's own (custom-lib-path); "
        "allowed are 0 NCHW and 1 NHWC");
  const std::string where = "[property] network-input-shape=" + shape_text(s.shape);
  if (s.shape.size() != 4)
    throw SettingsError(where +
                        ": allowed are 4 numbers: regions, and channels, height and width in the order of "
                        "network-input-order");
  InputSpec input;
  input.name = s.tensor_name;
  input.type = type_of(s.data_type);
  input.layout = s.order == 1 ? Layout::nhwc : Layout::nchw;
  input.color = s.color == 2 ? ColorOrder::gray : s.color == 1 ? ColorOrder::bgr : ColorOrder::rgb;
  const int channels = s.order == 1 ? s.shape[3] : s.shape[1];
  const int wanted = s.color == 2 ? 1 : 3;
  if (channels != wanted)
    throw SettingsError(where + ": " + std::to_string(channels) +
                        " channels, network-color-format=" + std::to_string(s.color) + " has " +
                        std::to_string(wanted) + "; is network-input-order=" + std::to_string(s.order) + " meant?");
  input.size = s.order == 1 ? Size{s.shape[2], s.shape[1]} : Size{s.shape[3], s.shape[2]};
  const bool has_size = s.processing.width > 0 && s.processing.height > 0;
  if (has_size && s.processing != input.size)
    throw SettingsError("[property] processing-width=" + std::to_string(s.processing.width) + ", processing-height=" +
                        std::to_string(s.processing.height) + ": allowed is the size of the tensor, " +
                        std::to_string(input.size.width) + "x" + std::to_string(input.size.height));
  input.keeps_aspect = s.keeps_aspect;
  input.is_padding_centred = s.is_padding_centred;
  check_offsets(s, wanted);
  for (int c = 0; c < 3; ++c) {
    input.scale[c] = s.scale;
    if (c < static_cast<int>(s.offsets.size())) input.offset[c] = s.offsets[static_cast<std::size_t>(c)];
  }
  return input;
}

BuiltInMaker::BuiltInMaker(const PreprocessSettings& settings)
    : settings_(settings),
      preprocessor_(input_of(settings)),
      pool_(std::make_shared<TensorPool>(preprocessor_.unit_bytes() * static_cast<std::size_t>(settings.shape[0]),
                                         settings.kept_tensors)) {
  if (settings.mean_file.empty()) return;
  mean_ = read_mean_file(settings.mean_file, preprocessor_.input());
  for (float& value : mean_) value *= settings.scale;
}

void BuiltInMaker::subtract_mean(float* unit) const {
  for (std::size_t i = 0; i < mean_.size(); ++i) unit[i] -= mean_[i];
}

RegionTensor BuiltInMaker::make(GstBuffer* buffer, const Region* regions, std::size_t count) {
  RegionTensor tensor;
  tensor.memory = pool_->take();
  tensor.shape = settings_.shape;
  tensor.shape[0] = static_cast<int>(count);
  tensor.bytes = count * preprocessor_.unit_bytes();
  auto* out = static_cast<char*>(tensor.memory->memory_ptr);
  for (std::size_t i = 0; i < count; ++i) {
    const auto surface = surface_at(buffer, regions[i].frame->batch_id);
    const Letterbox on_input = preprocessor_.run(surface->view(), regions[i].box, out);
    subtract_mean(reinterpret_cast<float*>(out));
    tensor.regions.push_back(describe_region(regions[i], on_input));
    out += preprocessor_.unit_bytes();
  }
  return tensor;
}

}  // namespace fluvial
