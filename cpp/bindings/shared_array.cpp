#include "bindings/shared_array.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

#include <exception>

#include "surface/cuda/device.h"

namespace fluvial::python {
namespace {

constexpr int on_host = 1, on_cuda = 2;  // DLDeviceType
constexpr std::uint64_t read_only_flag = 1;
// CUDA's default stream, and that of each thread, as handles: DLPack has the same numbers.
constexpr std::int64_t no_stream = -1, legacy_stream = 1;

// DLPack's own structs, whose layout is its ABI.
struct Managed {
  nb::dlpack::dltensor tensor;
  void* context;
  void (*deleter)(Managed*);
};
struct Versioned {
  std::uint32_t major, minor;
  void* context;
  void (*deleter)(Versioned*);
  std::uint64_t flags;
  nb::dlpack::dltensor tensor;
};

// Behind a capsule, and behind what the consumer made of it. Nothing of Python's: it is let go of by any thread.
template <typename T>
struct Lent {
  T managed{};
  SharedArray array;
  std::int64_t stream = no_stream;
};

void let_go(SharedArray& array, std::int64_t stream) noexcept {
  if (array.gpu < 0 || stream == no_stream || !cuda::driver()) return;
  try {
    cuda::Device::at(array.gpu).keep_until_read(reinterpret_cast<cuda::Stream>(stream), std::move(array.owner));
  } catch (const std::exception&) {  // a GPU that was lost reads nothing any more
  }
}

template <typename T>
void destroy(T* managed) {
  auto* lent = static_cast<Lent<T>*>(managed->context);
  let_go(lent->array, lent->stream);
  delete lent;
}

template <typename T>
constexpr const char* capsule_name = std::is_same_v<T, Versioned> ? "dltensor_versioned" : "dltensor";

// Who takes the tensor renames the capsule.
template <typename T>
void on_capsule_gone(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, capsule_name<T>)) return;
  auto* managed = static_cast<T*>(PyCapsule_GetPointer(capsule, capsule_name<T>));
  managed->deleter(managed);
}

template <typename T>
nb::object capsule_of(const SharedArray& array, std::int64_t stream) {
  auto lent = std::make_unique<Lent<T>>();
  lent->array = array;
  lent->stream = stream;
  T& managed = lent->managed;
  if constexpr (std::is_same_v<T, Versioned>) {
    managed.major = 1;
    managed.minor = 0;
    managed.flags = array.is_read_only ? read_only_flag : 0;
  }
  managed.context = lent.get();
  managed.deleter = destroy<T>;
  managed.tensor.data = array.data;
  managed.tensor.device = {array.gpu < 0 ? on_host : on_cuda, std::max(array.gpu, 0)};
  managed.tensor.ndim = static_cast<std::int32_t>(array.shape.size());
  managed.tensor.dtype = array.type;
  managed.tensor.shape = lent->array.shape.data();
  managed.tensor.strides = lent->array.strides.data();
  PyObject* capsule = PyCapsule_New(&managed, capsule_name<T>, on_capsule_gone<T>);
  if (!capsule) throw nb::python_error();
  (void)lent.release();
  return nb::steal(capsule);
}

[[noreturn]] void raise(PyObject* type, const std::string& text) {
  PyErr_SetString(type, text.c_str());
  throw nb::python_error();
}

std::string text_of(nb::handle value) { return nb::cast<std::string>(nb::repr(value)); }

std::int64_t stream_of(const SharedArray& array, nb::handle given) {
  if (array.gpu < 0) {
    if (!given.is_none())
      raise(PyExc_ValueError, "__dlpack__: stream=" + text_of(given) + " of " + array.name +
                                  ", which lies in system memory: None is needed");
    return no_stream;
  }
  if (given.is_none()) return legacy_stream;
  std::int64_t stream = 0;
  if (!nb::try_cast(given, stream) || stream == 0 || stream < no_stream)
    raise(PyExc_ValueError, "__dlpack__: stream=" + text_of(given) + "; allowed are None, -1 (nobody waits), 1 (the " +
                                "default stream), 2 (that of the thread) and the address of a stream");
  return stream;
}

void check_device(const SharedArray& array, nb::handle wanted) {
  if (wanted.is_none() || dlpack_device_of(array).equal(wanted)) return;
  raise(PyExc_BufferError, "__dlpack__: dl_device=" + text_of(wanted) + ", but " + array.name + " lies on " +
                               array.device() + "; " + array.to_host);
}

bool takes_version_1(nb::handle max_version) {
  std::pair<std::int64_t, std::int64_t> version{0, 0};
  if (!max_version.is_none() && !nb::try_cast(max_version, version))
    raise(PyExc_TypeError, "__dlpack__: max_version=" + text_of(max_version) + "; a tuple of two numbers is needed");
  return version.first >= 1;
}

std::vector<std::int64_t> byte_strides(const SharedArray& array) {
  std::vector<std::int64_t> strides;
  for (const auto step : array.strides) strides.push_back(step * (array.type.bits / 8));
  return strides;
}

nb::tuple tuple_of(const std::vector<std::int64_t>& numbers) {
  nb::list list;
  for (const auto number : numbers) list.append(number);
  return nb::tuple(list);
}

}  // namespace

std::string type_text(const nb::dlpack::dtype& type) {
  const auto code = static_cast<nb::dlpack::dtype_code>(type.code);
  const char letter = code == nb::dlpack::dtype_code::Float ? 'f' : code == nb::dlpack::dtype_code::Int ? 'i' : 'u';
  return std::string(type.bits == 8 ? "|" : "<") + letter + std::to_string(type.bits / 8);
}

nb::object dlpack_of(const SharedArray& array, const DlpackWish& wish) {
  const std::int64_t stream = stream_of(array, wish.stream);
  check_device(array, wish.dl_device);
  if (!wish.copy.is_none() && nb::cast<bool>(wish.copy))
    raise(PyExc_BufferError, "__dlpack__: copy=True, but nothing is copied here: copy what you make of it, as by " +
                                 std::string(array.gpu < 0 ? "numpy.array(...)" : "torch.from_dlpack(...).clone()"));
  return takes_version_1(wish.max_version) ? capsule_of<Versioned>(array, stream) : capsule_of<Managed>(array, stream);
}

nb::tuple dlpack_device_of(const SharedArray& array) {
  return nb::make_tuple(array.gpu < 0 ? on_host : on_cuda, std::max(array.gpu, 0));
}

nb::dict cuda_interface_of(const SharedArray& array) {
  if (array.gpu < 0)
    raise(PyExc_AttributeError, "__cuda_array_interface__: " + array.name +
                                    " lies in system memory, not on a GPU; numpy.asarray(...) shows it");
  nb::dict interface;
  interface["version"] = 3;
  interface["shape"] = tuple_of(array.shape);
  interface["strides"] = tuple_of(byte_strides(array));
  interface["typestr"] = type_text(array.type);
  // Never said to be read-only: PyTorch refuses what is.
  interface["data"] = nb::make_tuple(reinterpret_cast<std::uintptr_t>(array.data), false);
  if (array.stream == 0)
    interface["stream"] = nb::none();  // nobody has to wait: pixels were there before the frame was handed on
  else
    interface["stream"] = array.stream;
  return interface;
}

nb::object numpy_of(const SharedArray& array) {
  if (array.gpu >= 0)
    raise(PyExc_TypeError, array.name + " lies on " + array.device() +
                               ", where NumPy sees nothing: torch.from_dlpack(...) and cupy.from_dlpack(...) read it "
                               "there, frame.pixels() copies it to the host");
  const std::vector<std::size_t> shape(array.shape.begin(), array.shape.end());
  auto* kept = new std::shared_ptr<const void>(array.owner);
  const nb::capsule owner(kept, [](void* held) noexcept { delete static_cast<std::shared_ptr<const void>*>(held); });
  nb::object numbers =
      nb::cast(nb::ndarray<nb::numpy>(array.data, shape.size(), shape.data(), owner, array.strides.data(), array.type));
  if (array.is_read_only) numbers.attr("flags").attr("writeable") = false;
  return numbers;
}

}  // namespace fluvial::python
