// Tensors as arrays of NumPy's, and arrays as tensors; nothing is copied either way.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "bindings/gate.h"
#include "types/tensor.h"

namespace fluvial::python {

// The same of memory on a GPU, as an object that speaks DLPack.
nanobind::object device_array_of(const TensorView& tensor, int ordinal, std::shared_ptr<const void> owner);

// `owner` lives as long as the array and its views. With the GIL.
nanobind::object array_of(const TensorView& tensor, std::shared_ptr<const void> owner, bool is_writable);

// An array that Python returned, held for as long as anybody reads it.
class Array {
 public:
  // With the GIL; may throw.
  explicit Array(nanobind::handle array) {
    if (PyObject_GetBuffer(array.ptr(), &buffer_, PyBUF_C_CONTIGUOUS) != 0) nanobind::raise_python_error();
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() {
    if (InPython python; python) PyBuffer_Release(&buffer_);
  }

  Shape shape() const { return {buffer_.shape, buffer_.shape + buffer_.ndim}; }
  void* data() const { return buffer_.buf; }

 private:
  Py_buffer buffer_{};
};

}  // namespace fluvial::python
