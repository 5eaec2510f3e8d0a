#include "surface/cuda/gstreamer.h"

#include <dlfcn.h>

namespace fluvial::cuda {
namespace {

// Of libgstcuda, whose headers and library not every distribution has; elements that need it have loaded it.
struct Library {
  gboolean (*gst_cuda_load_library)() = nullptr;
  GstObject* (*gst_cuda_context_new_wrapped)(Context, int) = nullptr;
  GstContext* (*gst_context_new_cuda_context)(GstObject*) = nullptr;
  bool is_whole = false;
};

Library load() {
  Library library;
  void* handle = dlopen("libgstcuda-1.0.so.0", RTLD_NOW | RTLD_GLOBAL);
  if (!handle) return library;
  library.is_whole = true;
#define FLUVIAL_FIND(name)                                                       \
  library.name = reinterpret_cast<decltype(library.name)>(dlsym(handle, #name)); \
  if (!library.name) library.is_whole = false;
  FLUVIAL_FIND(gst_cuda_load_library)
  FLUVIAL_FIND(gst_cuda_context_new_wrapped)
  FLUVIAL_FIND(gst_context_new_cuda_context)
#undef FLUVIAL_FIND
  if (library.is_whole && !library.gst_cuda_load_library()) library.is_whole = false;
  return library;
}

}  // namespace

GstContext* new_gst_context(const Device& device) {
  static const Library library = load();
  if (!library.is_whole) return nullptr;
  auto* wrapped = library.gst_cuda_context_new_wrapped(device.context(), device.handle());
  if (!wrapped) return nullptr;
  auto* context = library.gst_context_new_cuda_context(wrapped);
  gst_object_unref(wrapped);
  return context;
}

}  // namespace fluvial::cuda
