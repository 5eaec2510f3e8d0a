#include "bindings/tensor_arrays.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>
#include <vector>

#include "bindings/offered_array.h"
#include "surface/cuda/row_picker.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

nb::dlpack::dtype array_type(ElementType type) {
  switch (type) {
    case ElementType::f16: return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    case ElementType::i8: return nb::dtype<std::int8_t>();
    case ElementType::u8: return nb::dtype<std::uint8_t>();
    case ElementType::i32: return nb::dtype<std::int32_t>();
    case ElementType::i64: return nb::dtype<std::int64_t>();
    default: return nb::dtype<float>();
  }
}

nb::capsule holding(std::shared_ptr<const void> owner) {
  using Owner = std::shared_ptr<const void>;
  return {new Owner(std::move(owner)), [](void* o) noexcept { delete static_cast<Owner*>(o); }};
}

// A tensor where a model has it on a GPU.
class DeviceTensor : public OfferedArray {
 public:
  using OfferedArray::OfferedArray;
  // A copy, behind what its queue has to do still.
  nb::object numpy() const {
    const std::size_t bytes = element_count(array().shape) * (array().type.bits / 8U);
    auto& device = cuda::Device::at(array().gpu);
    cuda::DeviceBlock host;
    {
      const nb::gil_scoped_release release;
      host = device.allocate_host(bytes);
      const cuda::Current current(device);
      const auto stream = reinterpret_cast<cuda::Stream>(array().stream);
      FLUVIAL_CUDA(cuMemcpyDtoHAsync_v2, host.get(), reinterpret_cast<cuda::DevicePointer>(array().data), bytes,
                   stream);
      FLUVIAL_CUDA(cuStreamSynchronize, stream);
      cuda::count_returned(bytes);
    }
    SharedArray copy = array();
    copy.owner = host;
    copy.data = host.get();
    copy.gpu = -1;
    return numpy_of(copy);
  }
};

}  // namespace

nb::object device_array_of(const TensorView& tensor, const DevicePlace& place) {
  SharedArray array;
  array.owner = place.owner;
  array.data = tensor.data;
  array.type = array_type(tensor.type);
  array.shape = tensor.shape;
  array.strides.resize(tensor.shape.size());
  std::int64_t step = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0; step *= tensor.shape[i]) array.strides[i] = step;
  array.gpu = place.ordinal;
  array.is_read_only = !place.is_writable;
  array.stream = reinterpret_cast<std::uintptr_t>(place.stream);
  array.name = "tensor '" + tensor.name + "'";
  array.to_host = "to_numpy() copies it to the host";
  return nb::cast(DeviceTensor(std::move(array)));
}

nb::object array_of(const TensorView& tensor, std::shared_ptr<const void> owner, bool is_writable) {
  const nb::capsule held = holding(std::move(owner));
  const std::vector<std::size_t> shape(tensor.shape.begin(), tensor.shape.end());
  const auto type = array_type(tensor.type);
  if (is_writable)
    return nb::cast(nb::ndarray<nb::numpy>(tensor.data, shape.size(), shape.data(), held, nullptr, type));
  return nb::cast(nb::ndarray<nb::numpy, nb::ro>(tensor.data, shape.size(), shape.data(), held, nullptr, type));
}

void bind_device_tensors(nb::module_& m) {
  nb::class_<DeviceTensor> tensor(
      m, "DeviceTensor",
      "A model's input or output on a GPU, of which PyTorch, CuPy and Numba make arrays without a copy.");
  tensor
      .def_prop_ro(
          "shape", [](const DeviceTensor& self) { return nb::tuple(nb::cast(self.array().shape)); },
          nb::sig("def shape(self) -> tuple[int, ...]"))
      .def_prop_ro(
          "dtype", [](const DeviceTensor& self) { return type_text(self.array().type); },
          nb::sig("def dtype(self) -> str"), "As NumPy writes it: \"<f4\".")
      .def_prop_ro(
          "device", [](const DeviceTensor& self) { return self.array().device(); }, "\"cuda:0\".")
      .def("to_numpy", &DeviceTensor::numpy, nb::sig("def to_numpy(self) -> numpy.typing.NDArray[typing.Any]"),
           "A copy on the host, counted by gpu_returned().");
  bind_protocols(
      tensor, [](DeviceTensor& self, const char*) -> DeviceTensor& { return self; }, "to_numpy(), for NumPy itself.");
}

}  // namespace fluvial::python
