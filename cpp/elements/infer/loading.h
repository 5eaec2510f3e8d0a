// From settings to a model that runs. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "elements/infer/work.h"

namespace fluvial {

struct LoadReports {
  std::function<void(const ModelPath&)> found;  // which file is run, before it is opened
  std::function<void(const std::string&)> warn, note;
};

// Finds, opens, inspects, compiles and warms up. Throws SettingsError, or what the backend says.
std::shared_ptr<Work> load_work(const InferSettings& settings, const LoadReports& reports);

// What would be run and how, without making it ready: a JSON text, see description.h. What fails is in it.
std::string inspect_model(const InferSettings& settings);

}  // namespace fluvial
