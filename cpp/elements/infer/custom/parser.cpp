#include "elements/infer/custom/parser.h"

#include <filesystem>

#include "elements/guard.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

struct Kind {
  Parses what;
  int network_type;
  const char* key;
  std::string InferSettings::*name;
};

const Kind kinds[] = {
    {Parses::boxes, 0, "parse-bbox-func-name", &InferSettings::parse_boxes},
    {Parses::classes, 1, "parse-classifier-func-name", &InferSettings::parse_classes},
    {Parses::segments, 2, "parse-segmentation-func-name", &InferSettings::parse_segments},
    {Parses::masks, 3, "parse-bbox-instance-mask-func-name", &InferSettings::parse_masks},
};

std::vector<const Kind*> named_kinds(const InferSettings& settings) {
  std::vector<const Kind*> named;
  for (const auto& kind : kinds)
    if (!(settings.*kind.name).empty()) named.push_back(&kind);
  return named;
}

// The one whose network-type it is. Without a network-type the function's kind says it, if there is one only; else
// DeepStream's default, a detector.
const Kind* chosen_kind(const InferSettings& settings, const std::vector<const Kind*>& named) {
  if (!settings.network_type && named.size() == 1) return named[0];
  for (const auto* kind : named)
    if (kind->network_type == settings.network_type.value_or(0)) return kind;
  return nullptr;
}

void warn_of_others(const InferSettings& settings, const std::vector<const Kind*>& named, const Kind* chosen,
                    std::vector<std::string>& warnings) {
  for (const auto* kind : named)
    if (kind != chosen)
      warnings.push_back(std::string(kind->key) + "=" + settings.*(kind->name) +
                         " is not called: it is for network-type=" + std::to_string(kind->network_type) +
                         ", which is " + std::to_string(settings.network_type.value_or(0)));
}

std::shared_ptr<const SharedLibrary> open_library(const std::string& path, std::vector<std::string>& warnings) {
  std::error_code error;
  const std::string instead =
      "; without it and the parse-...-func-name keys the model's outputs are read by inspection";
  if (!fs::is_regular_file(path, error)) throw SettingsError("custom-lib-path: no such file: " + path + instead);
  try {
    auto library = std::make_shared<const SharedLibrary>(path);
    if (!library->missing().empty())
      warnings.push_back("custom-lib-path: " + library->missing() + ": the process ends if the parser calls that");
    return library;
  } catch (const std::runtime_error& e) {
    throw SettingsError("custom-lib-path: the library cannot be loaded: " + std::string(e.what()) +
                        "; parsers that run on the CPU need neither CUDA nor TensorRT: build it without (" + path +
                        ")");
  }
}

}  // namespace

std::shared_ptr<const CustomParser> open_parser(const InferSettings& settings, std::vector<std::string>& warnings) {
  const auto named = named_kinds(settings);
  const Kind* kind = chosen_kind(settings, named);
  warn_of_others(settings, named, kind, warnings);
  if (!kind) return nullptr;
  const std::string& name = settings.*(kind->name);
  if (settings.custom_library.empty())
    throw SettingsError(std::string(kind->key) + "=" + name + ": set custom-lib-path to the library that has it");
  CustomParser parser{kind->what, kind->key, name, settings.custom_library, nullptr, nullptr};
  parser.library = open_library(parser.path, warnings);
  parser.function = function_of(*parser.library, name, parser.key + "=" + name, "custom-lib-path");
  return std::make_shared<const CustomParser>(std::move(parser));
}

}  // namespace fluvial
