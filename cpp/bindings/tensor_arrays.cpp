#include "bindings/tensor_arrays.h"

#include <nanobind/ndarray.h>

#include <vector>

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

}  // namespace

nb::object device_array_of(const TensorView& tensor, int ordinal, std::shared_ptr<const void> owner) {
  const std::vector<std::size_t> shape(tensor.shape.begin(), tensor.shape.end());
  return nb::cast(nb::ndarray<>(tensor.data, shape.size(), shape.data(), holding(std::move(owner)), nullptr,
                                array_type(tensor.type), nb::device::cuda::value, ordinal));
}

nb::object array_of(const TensorView& tensor, std::shared_ptr<const void> owner, bool is_writable) {
  const nb::capsule held = holding(std::move(owner));
  const std::vector<std::size_t> shape(tensor.shape.begin(), tensor.shape.end());
  const auto type = array_type(tensor.type);
  if (is_writable)
    return nb::cast(nb::ndarray<nb::numpy>(tensor.data, shape.size(), shape.data(), held, nullptr, type));
  return nb::cast(nb::ndarray<nb::numpy, nb::ro>(tensor.data, shape.size(), shape.data(), held, nullptr, type));
}

}  // namespace fluvial::python
