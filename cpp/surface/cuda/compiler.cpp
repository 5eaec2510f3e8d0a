#include "surface/cuda/compiler.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <mutex>
#include <stdexcept>
#include <vector>

#include "surface/cuda/kernels.h"
#include "surface/cuda/symbol.h"

namespace fluvial::cuda {
namespace {

using Program = void*;

// The part of NVRTC that is needed; its functions return 0 for success.
struct Nvrtc {
  const char* (*nvrtcGetErrorString)(int);
  int (*nvrtcCreateProgram)(Program*, const char*, const char*, int, const char* const*, const char* const*);
  int (*nvrtcCompileProgram)(Program, int, const char* const*);
  int (*nvrtcGetProgramLogSize)(Program, std::size_t*);
  int (*nvrtcGetProgramLog)(Program, char*);
  int (*nvrtcGetCUBINSize)(Program, std::size_t*);
  int (*nvrtcGetCUBIN)(Program, char*);
  int (*nvrtcDestroyProgram)(Program*);
};

std::mutex& path_mutex() {
  static std::mutex mutex;
  return mutex;
}
std::string& named_path() {  // guarded by path_mutex
  static std::string path;
  return path;
}

void* open_library(std::string& tried) {
  std::vector<std::string> names = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"};
  {
    std::lock_guard lock(path_mutex());
    if (!named_path().empty()) names.insert(names.begin(), named_path());
  }
  for (const auto& name : names) {
    if (void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    tried += (tried.empty() ? "" : ", ") + name;
  }
  return nullptr;
}

template <typename F>
void find(void* library, F*& function, const char* name) {
  if (!find_symbol(library, name, function))
    throw std::runtime_error(std::string("this NVRTC is too old: it lacks ") + name);
}

Nvrtc load() {
  std::string tried;
  void* library = open_library(tried);
  if (!library)
    throw std::runtime_error("kernels cannot be compiled: NVRTC is none of " + tried +
                             "\n  hint: pip install nvidia-cuda-nvrtc-cu12, or PyTorch, which brings it");
  Nvrtc nvrtc;
#define FLUVIAL_FIND(name) find(library, nvrtc.name, #name)
  FLUVIAL_FIND(nvrtcGetErrorString);
  FLUVIAL_FIND(nvrtcCreateProgram);
  FLUVIAL_FIND(nvrtcCompileProgram);
  FLUVIAL_FIND(nvrtcGetProgramLogSize);
  FLUVIAL_FIND(nvrtcGetProgramLog);
  FLUVIAL_FIND(nvrtcGetCUBINSize);
  FLUVIAL_FIND(nvrtcGetCUBIN);
  FLUVIAL_FIND(nvrtcDestroyProgram);
#undef FLUVIAL_FIND
  return nvrtc;
}

std::string log_of(const Nvrtc& nvrtc, Program program) {
  std::size_t size = 0;
  nvrtc.nvrtcGetProgramLogSize(program, &size);
  std::string log(size, '\0');
  nvrtc.nvrtcGetProgramLog(program, log.data());
  return log;
}

std::string compile(const std::string& architecture, bool with_many) {
  const Nvrtc nvrtc = load();
  Program program = nullptr;
  const auto check = [&](int result, const char* call) {
    if (result != 0) throw std::runtime_error(std::string(call) + ": " + nvrtc.nvrtcGetErrorString(result));
  };
  check(nvrtc.nvrtcCreateProgram(&program, kernel_source, "fluvial.cu", 0, nullptr, nullptr), "nvrtcCreateProgram");
  const std::string target = "--gpu-architecture=" + architecture;
  std::vector<const char*> options = {target.c_str(), "--std=c++17", "--extra-device-vectorization",
                                      "--device-as-default-execution-space"};
  if (with_many) options.push_back("--define-macro=FLUVIAL_MANY_PICTURES");
  const int result = nvrtc.nvrtcCompileProgram(program, static_cast<int>(options.size()), options.data());
  const std::string log = result != 0 ? log_of(nvrtc, program) : "";
  std::string code;
  if (result == 0) {
    std::size_t size = 0;
    nvrtc.nvrtcGetCUBINSize(program, &size);
    code.resize(size);
    nvrtc.nvrtcGetCUBIN(program, code.data());
  }
  nvrtc.nvrtcDestroyProgram(&program);
  if (result != 0)
    throw std::runtime_error("the kernels do not compile for " + architecture + ": " +
                             nvrtc.nvrtcGetErrorString(result) + "\n" + log);
  return code;
}

std::string cache_file(const std::string& architecture, bool with_many) {
  gchar* hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, kernel_source, -1);
  const std::string name = architecture + (with_many ? "-many-" : "-") + hash;
  gchar* path = g_build_filename(g_get_user_cache_dir(), "fluvial", "kernels", name.c_str(), nullptr);
  const std::string file(path);
  g_free(path);
  g_free(hash);
  return file;
}

// A cache that cannot be written costs a second at the next start, no more.
void keep(const std::string& file, const std::string& code) {
  gchar* folder = g_path_get_dirname(file.c_str());
  if (g_mkdir_with_parents(folder, 0755) == 0)
    g_file_set_contents(file.c_str(), code.data(), static_cast<gssize>(code.size()), nullptr);
  g_free(folder);
}

}  // namespace

void use_nvrtc(const std::string& path) {
  std::lock_guard lock(path_mutex());
  named_path() = path;
}

std::string compiled_kernels(const std::string& architecture, bool with_many) {
  const std::string file = cache_file(architecture, with_many);
  gchar* contents = nullptr;
  gsize size = 0;
  if (g_file_get_contents(file.c_str(), &contents, &size, nullptr)) {
    std::string code(contents, size);
    g_free(contents);
    return code;
  }
  const std::string code = compile(architecture, with_many);
  keep(file, code);
  return code;
}

}  // namespace fluvial::cuda
