#include "surface/cuda/gstreamer.h"

#include "surface/cuda/symbol.h"

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
  library.is_whole = find_symbol(handle, "gst_cuda_load_library", library.gst_cuda_load_library) &&
                     find_symbol(handle, "gst_cuda_context_new_wrapped", library.gst_cuda_context_new_wrapped) &&
                     find_symbol(handle, "gst_context_new_cuda_context", library.gst_context_new_cuda_context) &&
                     library.gst_cuda_load_library();
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
