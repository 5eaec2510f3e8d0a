// open_model(): which backend fits a model file.
#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "backends/backend.h"
#include "backends/none/none.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

using OpenFunction = Backend* (*)(const char*);

// libfluvialopenvino.so lies in the folder above the plugin's own.
fs::path backend_library() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&open_model), &info) == 0 || !info.dli_fname) return "libfluvialopenvino.so";
  return fs::absolute(info.dli_fname).parent_path().parent_path() / "libfluvialopenvino.so";
}

void check_file(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (error || !fs::exists(status)) throw std::runtime_error("no such model file: " + path);
  if (fs::is_directory(status)) throw std::runtime_error("a model file is needed, this is a folder: " + path);
  if (!std::ifstream(path, std::ios::binary)) throw std::runtime_error("the model file cannot be read: " + path);
  if (fs::file_size(path, error) == 0) throw std::runtime_error("the model file is empty: " + path);
  const auto extension = fs::path(path).extension().string();
  if (extension != ".onnx" && extension != ".xml")
    throw std::runtime_error("a model file ends in .onnx (ONNX) or .xml (OpenVINO IR), this one in '" + extension +
                             "'; export the model to ONNX: " + path);
}

}  // namespace

std::unique_ptr<Backend> open_model(const std::string& path) {
  check_file(path);
  // Never closed: OpenVINO's threads may outlive the last model, and opening it again returns the same library.
  void* library = dlopen(backend_library().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) no_backend(path, dlerror());
  auto open = reinterpret_cast<OpenFunction>(dlsym(library, "fluvial_open_openvino"));
  if (!open) no_backend(path, dlerror());
  return std::unique_ptr<Backend>(open(path.c_str()));
}

}  // namespace fluvial
