// An object of Python's that offers one array, where it lies, by all protocols of arrays.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>

#include <exception>
#include <utility>

#include "bindings/shared_array.h"
#include "surface/cuda/device.h"

namespace fluvial::python {

class OfferedArray {
 public:
  explicit OfferedArray(SharedArray array) : array_(std::move(array)) {}
  OfferedArray(const OfferedArray& other) : array_(other.array_) {}  // nothing was read of the copy
  OfferedArray& operator=(const OfferedArray&) = delete;
  // What reads by address tells no stream: its default one may have something to do still.
  ~OfferedArray() {
    if (!is_read_by_address_ || !cuda::driver()) return;
    try {
      constexpr std::uintptr_t default_stream = 1;
      cuda::Device::at(array_.gpu)
          .keep_until_read(reinterpret_cast<cuda::Stream>(default_stream), std::move(array_.owner));
    } catch (const std::exception&) {  // a GPU that was lost reads nothing any more
    }
  }

  const SharedArray& array() const { return array_; }
  nb::dict cuda_interface() {
    nb::dict interface = cuda_interface_of(array_);
    is_read_by_address_ = true;
    return interface;
  }
  nb::object numpy() const { return numpy_of(array_); }

 private:
  SharedArray array_;
  bool is_read_by_address_ = false;
};

inline nb::object as_type(nb::object array, nb::handle dtype, nb::handle copy) {
  if (!dtype.is_none()) array = array.attr("astype")(dtype, nb::arg("copy") = false);
  return !copy.is_none() && nb::cast<bool>(copy) ? array.attr("copy")() : array;
}

#define FLUVIAL_ARRAY_SIGNATURE                                                                    \
  "def __array__(self, dtype: numpy.typing.DTypeLike | None = None, copy: bool | None = None) -> " \
  "numpy.typing.NDArray[typing.Any]"
#define FLUVIAL_DLPACK_SIGNATURE                                                                               \
  "def __dlpack__(self, *, stream: int | None = None, max_version: tuple[int, int] | None = None, dl_device: " \
  "tuple[int, int] | None = None, copy: bool | None = None) -> typing.Any"

// The protocols of arrays, on whatever OfferedArray `offered` finds in the object. `array_text`: what __array__ does.
template <typename T, typename Offered>
void bind_protocols(nb::class_<T>& type, Offered offered, const char* array_text) {
  constexpr const char* dlpack_text =
      "A DLPack capsule. Nothing is copied, and the memory stays as long as the array, and until the stream that it "
      "was taken in has come past what is in it when the array goes. BufferError for a copy or another device.";
  constexpr const char* cuda_text =
      "Version 3, for memory on a GPU; AttributeError for other. Where its stream is None, the numbers are there. What "
      "reads them in another stream than CUDA's default one must be done before the array goes.";
  type.def(
          "__dlpack__",
          [offered](T& self, nb::handle stream, nb::handle max_version, nb::handle dl_device, nb::handle copy) {
            return dlpack_of(offered(self, "__dlpack__").array(), {stream, max_version, dl_device, copy});
          },
          nb::kw_only(), nb::arg("stream") = nb::none(), nb::arg("max_version") = nb::none(),
          nb::arg("dl_device") = nb::none(), nb::arg("copy") = nb::none(), nb::sig(FLUVIAL_DLPACK_SIGNATURE),
          dlpack_text)
      .def(
          "__dlpack_device__",
          [offered](T& self) { return dlpack_device_of(offered(self, "__dlpack_device__").array()); },
          nb::sig("def __dlpack_device__(self) -> tuple[int, int]"))
      .def_prop_ro(
          "__cuda_array_interface__",
          [offered](T& self) { return offered(self, "__cuda_array_interface__").cuda_interface(); },
          nb::sig("def __cuda_array_interface__(self) -> dict[str, typing.Any]"), cuda_text)
      .def(
          "__array__",
          [offered](T& self, nb::handle dtype, nb::handle copy) {
            return as_type(offered(self, "__array__").numpy(), dtype, copy);
          },
          nb::arg("dtype") = nb::none(), nb::arg("copy") = nb::none(), nb::sig(FLUVIAL_ARRAY_SIGNATURE), array_text);
}

}  // namespace fluvial::python
