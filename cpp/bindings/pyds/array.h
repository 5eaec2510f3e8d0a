// NumPy arrays that are copies.
#pragma once

#include <nanobind/ndarray.h>

#include <initializer_list>

#include "bindings/pyds/wrapper.h"

namespace fluvial::python {

// A new reference, or nullptr with an exception. `fill` writes the elements.
template <typename T, typename Fill>
PyObject* new_array(std::initializer_list<std::size_t> shape, Fill fill) {
  std::size_t count = 1;
  for (const std::size_t length : shape) count *= length;
  T* copy = new (std::nothrow) T[count + 1];
  if (!copy) return PyErr_NoMemory();
  fill(copy, count);
  try {
    nb::capsule owner(copy, [](void* memory) noexcept { delete[] static_cast<T*>(memory); });
    return nb::cast(nb::ndarray<nb::numpy, T>(copy, shape, owner)).release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
    return nullptr;
  }
}

}  // namespace fluvial::python
