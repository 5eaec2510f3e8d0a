#include "elements/infer/custom/input_layers.h"

#include <algorithm>
#include <filesystem>

#include "elements/guard.h"
#include "elements/infer/layers.h"
#include "nvdsinfer.h"

namespace fluvial {
namespace {

constexpr const char* function_name = "NvDsInferInitializeInputLayers";

using Initialize = bool(std::vector<NvDsInferLayerInfo> const&, NvDsInferNetworkInfo const&, unsigned);

std::int64_t batch_of_picture(const ModelSpec& spec, const ModelInfo& info) {
  for (const auto& input : info.inputs)
    if (input.name == spec.input.name) return input.shape[0];
  return 1;
}

// Room for the whole batch, whether the input has one or not: so much a library may write.
std::size_t room(const TensorView& part, std::size_t batch) {
  return element_count(part.shape) * bytes_of(part.type) * batch;
}

}  // namespace

std::shared_ptr<const InputInitializer> open_input_initializer(const InferSettings& settings) {
  if (settings.custom_library.empty()) return nullptr;
  std::error_code error;
  if (!std::filesystem::is_regular_file(settings.custom_library, error))
    throw SettingsError("custom-lib-path: no such file: " + settings.custom_library);
  try {
    InputInitializer found{std::make_shared<const SharedLibrary>(settings.custom_library), nullptr};
    found.function = found.library->find(function_name);
    return found.function ? std::make_shared<const InputInitializer>(found) : nullptr;
  } catch (const std::runtime_error& e) {
    throw SettingsError("custom-lib-path: the library cannot be loaded: " + std::string(e.what()) + " (" +
                        settings.custom_library + ")");
  }
}

std::vector<FilledInput> fill_inputs(const InputInitializer& initializer, const ModelSpec& spec, const ModelInfo& info,
                                     const std::vector<TensorView>& inputs, std::size_t batch) {
  const std::int64_t pictures = batch_of_picture(spec, info);
  std::vector<FilledInput> filled;
  std::vector<TensorView> parts;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].name == spec.input.name) continue;
    const Shape& shape = info.inputs[i].shape;
    const bool has_batch = !shape.empty() && (shape[0] < 0 || shape[0] == pictures);
    parts.push_back(part_of(inputs[i], 0, has_batch));
    const std::size_t whole = element_count(inputs[i].shape) * bytes_of(inputs[i].type);
    filled.push_back({i, std::vector<char>(std::max(whole, room(parts.back(), batch)))});
  }
  std::vector<NvDsInferLayerInfo> layers;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].data = filled[i].bytes.data();
    layers.push_back(layer_of(parts[i], filled[i].place));
    layers.back().isInput = 1;
  }
  const std::string& path = initializer.library->path();
  auto* initialize = reinterpret_cast<Initialize*>(initializer.function);
  std::string why;
  try {
    const auto call = [&] { return initialize(layers, network_of(spec.input), static_cast<unsigned>(batch)); };
    if (call_user_code(function_name, path, call)) return filled;
    why = std::string(function_name) + " returned false (" + path + ")";
  } catch (const std::runtime_error& e) {
    why = e.what();
  }
  throw SettingsError("custom-lib-path: " + why);
}

}  // namespace fluvial
