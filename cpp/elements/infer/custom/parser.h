// Which function of which library of the user's reads the model's outputs, where the config names one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "elements/infer/settings.h"
#include "elements/shared_library.h"

namespace fluvial {

enum class Parses { boxes, masks, classes, segments };

// Never changes; any thread. What `function` really is, `what` says: the prototypes are in nvdsinfer_custom_impl.h.
struct CustomParser {
  Parses what = Parses::boxes;
  std::string key, name;  // as the config says it
  std::string path;       // of the library
  std::shared_ptr<const SharedLibrary> library;
  void* function = nullptr;
};

// nullptr when the settings name no parser for what they make of the model (network-type). Throws SettingsError.
std::shared_ptr<const CustomParser> open_parser(const InferSettings& settings, std::vector<std::string>& warnings);

}  // namespace fluvial
