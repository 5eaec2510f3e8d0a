#include "surface/cuda/driver.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "surface/cuda/symbol.h"

namespace fluvial::cuda {
namespace {

struct Loaded {
  Driver functions;
  bool is_usable = false;
  std::string why_not;
};

std::string describe(const Driver& functions, Result result) {
  const char* name = nullptr;
  const char* words = nullptr;
  functions.cuGetErrorName(result, &name);
  functions.cuGetErrorString(result, &words);
  return std::string(name ? name : "error") + " (" + (words ? words : std::to_string(result)) + ")";
}

// The library stays open: the process keeps its contexts until it ends.
bool find_functions(Loaded& loaded) {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    loaded.why_not = "no NVIDIA driver: libcuda.so.1 is not there";
    return false;
  }
#define FLUVIAL_FIND(name, parameters)                     \
  if (!find_symbol(library, #name, loaded.functions.name)) \
    loaded.why_not = "the NVIDIA driver is too old: it lacks " #name;
  FLUVIAL_CUDA_DRIVER(FLUVIAL_FIND)
#undef FLUVIAL_FIND
  return loaded.why_not.empty();
}

Loaded load() {
  Loaded loaded;
  if (!find_functions(loaded)) return loaded;
  int count = 0;
  Result result = loaded.functions.cuInit(0);
  if (result == 0) result = loaded.functions.cuDeviceGetCount(&count);
  if (result != 0)
    loaded.why_not = "the NVIDIA driver does not start: " + describe(loaded.functions, result);
  else if (count == 0)
    loaded.why_not = "the NVIDIA driver sees no GPU (CUDA_VISIBLE_DEVICES?)";
  loaded.is_usable = loaded.why_not.empty();
  return loaded;
}

const Loaded& loaded() {
  static const Loaded once = load();
  return once;
}

}  // namespace

const Driver* driver() { return loaded().is_usable ? &loaded().functions : nullptr; }

const std::string& why_not() { return loaded().why_not; }

bool is_loss(Result result) {
  // As cuda.h numbers them: memory or a link that cannot be corrected, a kernel that did what it may not.
  constexpr Result losses[] = {214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719};
  return std::find(std::begin(losses), std::end(losses), result) != std::end(losses);
}

void check(Result result, const char* call) {
  if (result == 0) return;
  const std::string words = std::string(call) + ": " + describe(loaded().functions, result);
  if (!is_loss(result)) throw std::runtime_error(words);
  throw std::runtime_error("the GPU is lost to this process: " + words +
                           "\n  hint: start the program again. Either a kernel of this process (the model's?) did what "
                           "it may not, or the GPU has failed: `nvidia-smi -q -d ECC` tells");
}

}  // namespace fluvial::cuda
