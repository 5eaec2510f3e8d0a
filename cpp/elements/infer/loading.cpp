#include "elements/infer/loading.h"

#include <glib.h>

#include <cstdlib>

#include "algo/inspect.h"
#include "elements/guard.h"
#include "elements/infer/description.h"
#include "elements/infer/server/remote.h"

namespace fluvial {
namespace {

ModelPath named_file(const InferSettings& settings) {
  const char* table = std::getenv("FLUVIAL_STANDINS");
  return find_model(settings, table ? table : "");
}

bool is_remote(const InferSettings& settings, const ModelPath& file) {
  return !file.path.empty() && file.path == settings.remote.address;
}

std::string key_of(const InferSettings& settings, const ModelPath& file) {
  if (is_remote(settings, file)) return settings.remote.key;
  return settings.model.empty() ? "onnx-file: " : "model: ";
}

std::unique_ptr<Backend> open_named(const ModelPath& file, const InferSettings& settings) {
  try {
    auto backend = open_model(file.path, settings.backend);
    if (!is_remote(settings, file)) return backend;
    const std::string problem = unlike_the_config(settings.remote, backend->model());
    if (!problem.empty()) throw SettingsError(problem);
    return backend;
  } catch (const SettingsError&) {
    throw;
  } catch (const std::exception& e) {
    throw SettingsError(key_of(settings, file) + e.what());
  }
}

void compile(Backend& backend, const Decision& decision, const BackendSettings& how) {
  try {
    backend.compile(decision.spec.input, how);
  } catch (const std::exception& e) {
    if (!is_remote(decision.settings, decision.file)) throw;
    throw SettingsError(decision.settings.remote.key + e.what());
  }
}

// A server takes only so many at a time, whatever the config or the program says.
std::string split_batch(const Decision& decision, const Backend& backend) {
  const auto wanted = static_cast<int>(decision.settings.batch_size);
  if (!is_of_server(backend.model().path) || backend.batch() >= wanted) return "";
  return "max_batch_size: " + std::to_string(wanted) + ": the server's model takes at most " +
         std::to_string(backend.batch()) + " at a time; a batch goes in several calls";
}

Decision decide_named(const InferSettings& settings, const ModelPath& file, const ModelInfo& info) {
  try {
    return decide(settings, file, info);
  } catch (const UndecidableModel& e) {
    throw SettingsError(e.what());
  }
}

// "cuda" is the GPU of gpu-id; what names its own number keeps it.
std::string device_of(const InferSettings& settings) {
  const bool is_cuda = g_ascii_strcasecmp(settings.device.c_str(), "cuda") == 0;
  return is_cuda && settings.gpu_id > 0 ? settings.device + ":" + std::to_string(settings.gpu_id) : settings.device;
}

BackendSettings backend_settings(const InferSettings& settings) {
  BackendSettings how;
  how.device = device_of(settings);
  how.precision = settings.precision;
  how.batch = static_cast<int>(settings.batch_size);
  how.is_batch_measured = !settings.tuned.empty();
  how.threads = static_cast<int>(settings.threads);
  how.streams = static_cast<int>(settings.requests);
  how.is_feed_open = !settings.takes_tensors;  // which are made as the model says
  return how;
}

std::unique_ptr<Backend> open_decoder(const InferSettings& settings) {
  try {
    return open_model(settings.decoder, settings.backend);
  } catch (const std::exception& e) {
    throw SettingsError(std::string("decoder: ") + e.what());
  }
}

MaskDecoder read_decoder(const Decision& decision, const ModelInfo& decoder, const ModelInfo& encoder) {
  try {
    return read_mask_decoder(decoder, encoder, decision.spec.input.size,
                             static_cast<int>(decision.settings.decoder_batch_size));
  } catch (const UnfitDecoder& e) {
    throw SettingsError("decoder: " + std::string(e.what()) + " (" + decision.settings.decoder + ", encoder " +
                        decision.file.path + ")");
  }
}

std::unique_ptr<PromptedMasks> load_prompted_masks(const Decision& decision, const ModelInfo& encoder,
                                                   const BackendSettings& how) {
  auto backend = open_decoder(decision.settings);
  MaskDecoder decoder = read_decoder(decision, backend->model(), encoder);
  BackendSettings closed = how;
  closed.shapes = decoder.shapes;
  closed.is_feed_open = false;  // it takes no pictures
  try {
    backend->compile({}, closed);
    return std::make_unique<PromptedMasks>(decision.settings, std::move(decoder), std::move(backend));
  } catch (const std::exception& e) {
    throw SettingsError("decoder: " + std::string(e.what()) + " (" + decision.settings.decoder + ")");
  }
}

}  // namespace

std::shared_ptr<Work> load_work(const InferSettings& settings, const LoadReports& reports) {
  const ModelPath file = named_file(settings);
  reports.found(file);
  auto backend = open_named(file, settings);
  Decision decision = decide_named(settings, file, backend->model());
  for (const auto& text : decision.warnings) reports.warn(text);
  for (const auto& text : decision.notes) reports.note(text);
  for (const auto& text : decision.spec.evidence) reports.note(text);
  compile(*backend, decision, backend_settings(settings));
  if (const std::string text = split_batch(decision, *backend); !text.empty()) reports.warn(text);
  if (backend->batch() > 1 && !decision.spec.is_batch_open)
    reports.note("the model's own batch is " + std::to_string(backend->batch()));
  std::unique_ptr<PromptedMasks> masks;
  if (!settings.decoder.empty()) masks = load_prompted_masks(decision, backend->model(), backend_settings(settings));
  return std::make_shared<Work>(std::move(decision), std::move(backend), reports.warn, std::move(masks));
}

std::string inspect_model(const InferSettings& settings) {
  std::unique_ptr<Backend> backend;
  try {
    const ModelPath file = named_file(settings);
    backend = open_named(file, settings);
    return json_of(backend->model(), decide_named(settings, file, backend->model()));
  } catch (const std::exception& e) {
    return json_of_failure(backend ? &backend->model() : nullptr, e.what());
  }
}

}  // namespace fluvial
