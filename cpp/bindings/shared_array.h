// Memory that an array of Python's may be made of without a copy, on the host or on a GPU: by DLPack, by
// __cuda_array_interface__ (version 3), and by NumPy's __array_interface__.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fluvial::python {

namespace nb = nanobind;

struct SharedArray {
  std::shared_ptr<const void> owner;  // lives as long as any array; may be let go of by any thread, without the GIL
  void* data = nullptr;
  nb::dlpack::dtype type = nb::dtype<std::uint8_t>();
  std::vector<std::int64_t> shape, strides;  // strides in elements
  int gpu = -1;                              // -1: the host's memory
  bool is_read_only = true;
  std::uintptr_t stream = 0;  // in which it is written; 0: it is there, and nobody has to wait
  std::string name;           // "plane 1 of a NV12 surface", for messages
  std::string to_host = "frame.pixels() copies to the host";  // for messages: what does

  std::string device() const { return gpu < 0 ? "cpu" : "cuda:" + std::to_string(gpu); }
};

// What __dlpack__ is asked with, as the array API's standard names it.
struct DlpackWish {
  nb::handle stream, max_version, dl_device, copy;
};

// A capsule "dltensor", or "dltensor_versioned" for who takes version 1. BufferError for a copy or another device;
// ValueError for a stream that is none. The array's owner goes when the consumer has let go of the array and the stream
// that it named has come past what is in it then.
nb::object dlpack_of(const SharedArray& array, const DlpackWish& wish);
nb::tuple dlpack_device_of(const SharedArray& array);

// AttributeError for memory of the host, so that hasattr() tells.
nb::dict cuda_interface_of(const SharedArray& array);
// "|u1", "<f4".
std::string type_text(const nb::dlpack::dtype& type);
// NumPy's view of memory of the host. TypeError, with what can be done, for a GPU's.
nb::object numpy_of(const SharedArray& array);

}  // namespace fluvial::python
