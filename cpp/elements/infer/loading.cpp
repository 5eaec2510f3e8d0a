#include "elements/infer/loading.h"

#include <cstdlib>

#include "algo/inspect.h"
#include "elements/guard.h"

namespace fluvial {
namespace {

std::unique_ptr<Backend> open_named(const ModelPath& file, const InferSettings& settings) {
  try {
    return open_model(file.path, settings.backend);
  } catch (const std::exception& e) {
    throw SettingsError(std::string(settings.model.empty() ? "onnx-file" : "model") + ": " + e.what());
  }
}

Decision decide_named(const InferSettings& settings, const ModelPath& file, const ModelInfo& info) {
  try {
    return decide(settings, file, info);
  } catch (const UndecidableModel& e) {
    throw SettingsError(e.what());
  }
}

BackendSettings backend_settings(const InferSettings& settings) {
  BackendSettings how;
  how.device = settings.device;
  how.precision = settings.precision;
  how.batch = static_cast<int>(settings.batch_size);
  how.is_batch_measured = !settings.tuned.empty();
  how.threads = static_cast<int>(settings.threads);
  how.streams = static_cast<int>(settings.requests);
  return how;
}

}  // namespace

std::shared_ptr<Work> load_work(const InferSettings& settings, const LoadReports& reports) {
  const char* table = std::getenv("FLUVIAL_STANDINS");
  const ModelPath file = find_model(settings, table ? table : "");
  reports.found(file);
  auto backend = open_named(file, settings);
  Decision decision = decide_named(settings, file, backend->model());
  for (const auto& text : decision.warnings) reports.warn(text);
  for (const auto& text : decision.notes) reports.note(text);
  for (const auto& text : decision.spec.evidence) reports.note(text);
  backend->compile(decision.spec.input, backend_settings(settings));
  if (backend->batch() > 1 && !decision.spec.is_batch_open)
    reports.note("the model's own batch is " + std::to_string(backend->batch()));
  return std::make_shared<Work>(std::move(decision), std::move(backend), reports.warn);
}

}  // namespace fluvial
