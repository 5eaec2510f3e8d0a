// A function of a library that is opened at run time.
#pragma once

#include <dlfcn.h>

namespace fluvial::cuda {

// False where the library does not have it.
template <typename F>
bool find_symbol(void* library, const char* name, F*& function) {
  function = reinterpret_cast<F*>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace fluvial::cuda
