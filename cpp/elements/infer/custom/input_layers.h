// Inputs beside the picture that a library of the user's fills, once: NvDsInferInitializeInputLayers, as DeepStream
// calls it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "elements/infer/settings.h"
#include "elements/shared_library.h"
#include "types/model.h"
#include "types/tensor.h"

namespace fluvial {

// Never changes; any thread.
struct InputInitializer {
  std::shared_ptr<const SharedLibrary> library;
  void* function = nullptr;
};

// nullptr where no library is named, or the one that is has no such function. Throws SettingsError.
std::shared_ptr<const InputInitializer> open_input_initializer(const InferSettings& settings);

// What such an input is given with every request.
struct FilledInput {
  std::size_t place;  // among the inputs
  std::vector<char> bytes;
};

// Calls the function with a layer for each of `inputs` but the picture's. `inputs` are a request's, of `batch`
// pictures. Throws SettingsError.
std::vector<FilledInput> fill_inputs(const InputInitializer& initializer, const ModelSpec& spec, const ModelInfo& info,
                                     const std::vector<TensorView>& inputs, std::size_t batch);

}  // namespace fluvial
