// Tensors as arrays of NumPy's, and arrays as tensors; nothing is copied either way.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "bindings/gate.h"
#include "types/tensor.h"

namespace fluvial::python {

// Where a tensor lies on a GPU.
struct DevicePlace {
  int ordinal = 0;
  std::shared_ptr<const void> owner;  // lives as long as what is made of it
  void* stream = nullptr;             // of CUDA's, in which its numbers come to be; nullptr: they are there
  bool is_writable = false;
};

// A DeviceTensor: an object of Python's that offers it by DLPack and __cuda_array_interface__. With the GIL.
nanobind::object device_array_of(const TensorView& tensor, const DevicePlace& place);
void bind_device_tensors(nanobind::module_& m);

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
