#include "elements/infer/model_path.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "elements/config_text.h"
#include "elements/config_values.h"
#include "elements/guard.h"
#include "elements/infer/labels_file.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

bool is_file(const std::string& path) {
  std::error_code error;
  return !path.empty() && fs::is_regular_file(path, error);
}

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

// Engines are named after their model: "model.onnx_b1_gpu0_fp16.engine".
std::string model_of_engine(const std::string& engine) {
  const auto at = engine.rfind(".onnx_b");
  return at == std::string::npos ? engine : engine.substr(0, at + 5);
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    fields.push_back(trimmed_text(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  fields.resize(5);
  return fields;
}

std::map<int, int> class_map_of(const std::string& text) {
  std::map<int, int> map;
  for (const auto& item : items(text, ",")) {
    const auto equals = item.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("allowed is 0=2,1=0 with class ids");
    const int from = static_cast<int>(whole_number(trimmed_text(item.substr(0, equals)), 0, 100000));
    map[from] = static_cast<int>(whole_number(trimmed_text(item.substr(equals + 1)), 0, 100000));
  }
  return map;
}

ModelPath stand_in_of(const std::vector<std::string>& fields, const fs::path& folder, const std::string& absent) {
  ModelPath found;
  found.path = (folder / fields[1]).lexically_normal().string();
  found.instead_of = absent;
  if (!fields[2].empty()) found.labels_file = (folder / fields[2]).lexically_normal().string();
  found.class_map = class_map_of(fields[3]);
  for (const auto& item : items(fields[4])) {
    const auto equals = item.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("allowed are option=value with ; between");
    found.head_options[item.substr(0, equals)] = item.substr(equals + 1);
  }
  return found;
}

// The stand-in for one of these absent files; its path is empty when the table has none.
ModelPath find_stand_in(const std::string& table_file, const std::vector<std::string>& absent) {
  std::ifstream table(table_file);
  if (!table) throw SettingsError("FLUVIAL_STANDINS: the table cannot be read: " + table_file);
  std::string line;
  for (int number = 1; std::getline(table, line); ++number) {
    if (trimmed_text(line).empty() || line[0] == '#') continue;
    const auto fields = fields_of(line);
    for (const auto& path : absent) {
      if (fields[0].empty() || !ends_with(path, fields[0])) continue;
      try {
        return stand_in_of(fields, fs::path(table_file).parent_path(), path);
      } catch (const std::invalid_argument& e) {
        throw SettingsError("FLUVIAL_STANDINS: " + fs::path(table_file).filename().string() + ":" +
                            std::to_string(number) + ": '" + line + "': " + e.what() + " (" + table_file + ")");
      }
    }
  }
  return {};
}

std::string without_stand_in(const InferSettings& settings) {
  if (!settings.absent_because.empty()) return settings.absent_because;
  if (!settings.onnx_file.empty()) return "onnx-file: no such file: " + settings.onnx_file;
  if (!settings.absent_file.empty())
    return "the config names a model in a format that only NVIDIA's tools read; export it to ONNX and set onnx-file: " +
           settings.absent_file;
  if (!settings.engine_file.empty())
    return "model-engine-file: an engine cannot be run here; set onnx-file to the model that it was built from: " +
           settings.engine_file;
  return "no model: set the property 'model' to an ONNX file, or 'config-file-path' to a config with onnx-file";
}

}  // namespace

std::string classes_never_found(const ModelPath& stand_in) {
  if (stand_in.class_map.empty() || stand_in.labels_file.empty()) return "";
  auto labels = detector_labels(read_lines(stand_in.labels_file));
  for (const auto& [from, to] : stand_in.class_map)
    if (to < static_cast<int>(labels.size())) labels[static_cast<std::size_t>(to)].clear();
  std::string missing;
  for (const auto& label : labels)
    if (!label.empty()) missing += (missing.empty() ? "" : ", ") + label;
  return missing;
}

ModelPath find_model(const InferSettings& settings, const std::string& table_file) {
  ModelPath found;
  if (!settings.model.empty()) {
    found.path = settings.model;
    return found;
  }
  for (const auto& path : {settings.onnx_file, model_of_engine(settings.engine_file)}) {
    const auto extension = fs::path(path).extension();
    if ((extension != ".onnx" && extension != ".xml") || !is_file(path)) continue;
    found.path = path;
    return found;
  }
  std::vector<std::string> absent;
  for (const auto& path :
       {settings.onnx_file, settings.absent_file, model_of_engine(settings.engine_file), settings.engine_file})
    if (!path.empty()) absent.push_back(path);
  if (!table_file.empty() && !absent.empty()) found = find_stand_in(table_file, absent);
  if (found.path.empty()) throw SettingsError(without_stand_in(settings));
  return found;
}

}  // namespace fluvial
