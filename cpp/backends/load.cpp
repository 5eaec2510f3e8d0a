// open_model(): which backend runs a model, and what is said where there is none.
#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "algo/model_file.h"
#include "backends/backend.h"
#include "backends/none/none.h"
#include "meta/offers.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

using OpenFunction = Backend* (*)(const char*);

// Files that OpenVINO does not read, and who does.
struct Kind {
  const char* extension;
  const char* backend;
};
constexpr Kind other_kinds[] = {{".pt", "pytorch"},
                                {".torchscript", "pytorch"},
                                {".pt2", "pytorch"},
                                {".engine", "tensorrt"},
                                {".plan", "tensorrt"}};

// libfluvialopenvino.so lies in the folder above the plugin's own.
fs::path backend_library() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&open_model), &info) == 0 || !info.dli_fname) return "libfluvialopenvino.so";
  return fs::absolute(info.dli_fname).parent_path().parent_path() / "libfluvialopenvino.so";
}

// Never closed: OpenVINO's threads may outlive the last model, and opening it again returns the same library.
void* openvino_library() { return dlopen(backend_library().c_str(), RTLD_NOW | RTLD_LOCAL); }

std::unique_ptr<Backend> open_with_openvino(const std::string& path) {
  check_model_file(path);
  void* library = openvino_library();
  if (!library) no_backend(path, dlerror());
  auto open = reinterpret_cast<OpenFunction>(dlsym(library, "fluvial_open_openvino"));
  if (!open) no_backend(path, dlerror());
  return std::unique_ptr<Backend>(open(path.c_str()));
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::unique_ptr<Backend> open_with_offered(const std::string& path, const std::string& name) {
  auto* made = static_cast<Backend*>(fluvial_make(offered_backend, name.c_str(), path.c_str()));
  if (made) return std::unique_ptr<Backend>(made);
  auto names = offered_names(offered_backend);
  names.insert(names.begin(), {"auto", "openvino"});
  const bool has_python = names.size() > 2;
  throw std::runtime_error("nobody offers a backend '" + name + "'; there are " + joined(names) +
                           (has_python ? "" : "; those of Python's are there in programs that import fluvial") +
                           (is_of_server(path) ? "" : "; or export the model to ONNX") + " (" + path + ")");
}

std::string backend_for(const std::string& path) {
  if (is_of_server(path)) return "triton";
  const auto extension = fs::path(path).extension().string();
  for (const auto& kind : other_kinds)
    if (extension == kind.extension) return kind.backend;
  return "openvino";
}

}  // namespace

bool is_of_server(const std::string& path) { return path.rfind("grpc://", 0) == 0; }

std::unique_ptr<Backend> open_model(const std::string& path, const std::string& backend) {
  const bool is_auto = backend.empty() || backend == "auto";
  const std::string name = is_auto ? backend_for(path) : backend;
  if (is_auto && !is_of_server(path)) check_is_file(path);
  if (is_auto && fs::path(path).extension() == ".onnx" && !openvino_library()) {
    auto* made = fluvial_make(offered_backend, "onnxruntime", path.c_str());
    if (made) return std::unique_ptr<Backend>(static_cast<Backend*>(made));
  }
  if (name == "openvino") return open_with_openvino(path);
  return open_with_offered(path, name);
}

}  // namespace fluvial
