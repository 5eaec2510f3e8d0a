// NvBufSurface and what it consists of.
//
// A NvBufSurface() of Python's own becomes a batch of surfaces by NvBufSurfaceCreate(), which in pyds cannot be called
// without breaking memory. What was created lives until NvBufSurfaceDestroy() and the last wrapper of a part of it.
#include <nanobind/ndarray.h>

#include <algorithm>
#include <unordered_map>

#include "bindings/pyds/field.h"

namespace fluvial::python {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{2} << 30;
constexpr std::uint32_t most_surfaces = 1024;
constexpr std::uint32_t largest_side = 16384;  // pixels

// --- what was created, by the address of the struct that it was created for; guarded by the GIL

std::unordered_map<const void*, Root*>& created() {
  static std::unordered_map<const void*, Root*> all;
  return all;
}

void free_surfaces(void* surfaces) { NvBufSurfaceDestroy(static_cast<NvBufSurface*>(surfaces)); }

// The memory goes when nobody holds a part of it either.
void forget(void* surface) {
  const auto found = created().find(surface);
  if (found == created().end()) return;
  Root* root = found->second;
  created().erase(found);
  Py_DECREF(root);
}

// Held while a function works on it without the GIL.
struct Created {
  nb::object root;
  NvBufSurface* surface;
};

Created created_for(const Meta<NvBufSurface>& surface) {
  const auto found = created().find(surface.get());
  if (found == created().end())
    throw nb::value_error("this NvBufSurface has no surfaces: NvBufSurfaceCreate(surf, batchSize, params) makes them");
  Root* root = found->second;
  return {nb::borrow(reinterpret_cast<PyObject*>(root)), static_cast<NvBufSurface*>(root->owned)};
}

void check(std::int64_t count, const NvBufSurfaceCreateParams& params) {
  const std::uint64_t bytes = std::uint64_t{params.width} * params.height * 4;
  if (count < 1 || count > most_surfaces || params.width > largest_side || params.height > largest_side ||
      bytes * static_cast<std::uint64_t>(count) > most_bytes)
    throw nb::value_error((std::to_string(count) + " surfaces of " + std::to_string(params.width) + "x" +
                           std::to_string(params.height) +
                           ": 1..1024 of at most 16384 pixels a side, and 2 GiB, can be made")
                              .c_str());
}

int create(Meta<NvBufSurface> surf, int count, Meta<NvBufSurfaceCreateParams> params) {
  NvBufSurface* to = surf.get();
  if (created().count(to))
    throw nb::value_error("this NvBufSurface has surfaces already: NvBufSurfaceDestroy(surf) first");
  if (!surf.ground().root->owned) throw nb::value_error("surfaces are created for a NvBufSurface() of your own");
  NvBufSurfaceCreateParams wanted = *params.get();
  check(count, wanted);
  NvBufSurface* made = nullptr;
  const int result = NvBufSurfaceCreate(&made, static_cast<std::uint32_t>(count), &wanted);
  if (result != 0) return result;
  Root* root = new_owned_root(made, free_surfaces);
  if (!root) {
    free_surfaces(made);
    throw nb::python_error();
  }
  created().emplace(to, root);
  *to = *made;
  return 0;
}

int destroy(Meta<NvBufSurface> surf) {
  const Created made = created_for(surf);
  close_root(reinterpret_cast<Root*>(made.root.ptr()));  // parts of it are stale from now on
  NvBufSurface* surface = surf.get();
  forget(surface);
  *surface = {};
  return 0;
}

// int f(surface, index, plane, ...), where -1 means all and what is not there gives -1.
template <typename Function, typename... Args>
int on_planes(const Meta<NvBufSurface>& surf, int index, int plane, Function function, Args... args) {
  const Created made = created_for(surf);
  nb::gil_scoped_release release;
  return function(made.surface, index, plane, args...);
}

int map(Meta<NvBufSurface> surf, int index, int plane, nb::handle type) {
  long long flags = 0;
  if (!enum_from<NvBufSurfaceMemMapFlags>(type.ptr(), flags))
    throw nb::type_error("NvBufSurfaceMap: type is a NvBufSurfaceMemMapFlags");
  return on_planes(surf, index, plane, NvBufSurfaceMap, static_cast<NvBufSurfaceMemMapFlags>(flags));
}

int copy(Meta<NvBufSurface> from, Meta<NvBufSurface> to) {
  const Created source = created_for(from), target = created_for(to);
  int result = 0;
  {
    nb::gil_scoped_release release;
    result = NvBufSurfaceCopy(source.surface, target.surface);
  }
  to.get()->numFilled = target.surface->numFilled;
  return result;
}

int map_egl_image(Meta<NvBufSurface> surf, int index) {
  return NvBufSurfaceMapEglImage(created_for(surf).surface, index);
}

int from_fd(int dmabuf, nb::handle) {
  void* found = nullptr;
  return NvBufSurfaceFromFd(dmabuf, &found);
}

// --- fields: all read only, as the functions above go by them

PyObject* first_surface(PyObject* self, void*) {
  const Access<NvBufSurface> surface(self);
  if (!surface) return nullptr;
  if (!surface->surfaceList) Py_RETURN_NONE;
  const auto found = created().find(surface.get());
  if (found == created().end()) return wrap_part(self, surface->surfaceList);
  return wrap(info<NvBufSurfaceParams>(), surface->surfaceList, {found->second, nullptr, 0});
}

// A copy, read-only so that nobody takes it for the struct's own.
template <typename T, typename E>
PyObject* numbers(const E (&array)[NVBUF_MAX_PLANES]) {
  static_assert(sizeof(T) == sizeof(E));
  auto* copy = new E[NVBUF_MAX_PLANES];
  std::copy_n(array, NVBUF_MAX_PLANES, copy);
  try {
    nb::capsule owner(copy, [](void* memory) noexcept { delete[] static_cast<E*>(memory); });
    return nb::cast(nb::ndarray<nb::numpy, const T, nb::ndim<1>>(copy, {NVBUF_MAX_PLANES}, owner)).release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
    return nullptr;
  }
}

template <auto Member>
PyGetSetDef of_planes(const char* name) {
  const auto get = [](PyObject* self, void*) -> PyObject* {
    const Access<NvBufSurfacePlaneParams> planes(self);
    return planes ? numbers<std::int32_t>(planes.get()->*Member) : nullptr;
  };
  return {name, get, nullptr, "NDArray[int32]: [4], a read-only copy", nullptr};
}

PyObject* addresses(PyObject* self, void*) {
  const Access<NvBufSurfaceMappedAddr> mapped(self);
  return mapped ? numbers<std::uint64_t>(mapped->addr) : nullptr;
}

void bind_params(nb::module_& m) {
  using P = NvBufSurfacePlaneParams;
  static PyGetSetDef plane_fields[] = {
      read_only<&P::num_planes>("num_planes"),   of_planes<&P::width>("width"),
      of_planes<&P::height>("height"),           of_planes<&P::pitch>("pitch"),
      of_planes<&P::offset>("offset"),           of_planes<&P::psize>("psize"),
      of_planes<&P::bytesPerPix>("bytesPerPix"), {},
  };
  define<P>(m, "NvBufSurfacePlaneParams", plane_fields);

  using A = NvBufSurfaceMappedAddr;
  static PyGetSetDef address_fields[] = {
      {"addr", addresses, nullptr, "NDArray[uint64]: [4], a read-only copy: the addresses of the planes", nullptr},
      capsule<&A::eglImage>("eglImage"),
      {},
  };
  define<A>(m, "NvBufSurfaceMappedAddr", address_fields);

  using S = NvBufSurfaceParams;
  static PyGetSetDef fields[] = {
      read_only<&S::width>("width"),
      read_only<&S::height>("height"),
      read_only<&S::pitch>("pitch"),
      read_only<&S::colorFormat>("colorFormat"),
      read_only<&S::layout>("layout"),
      read_only<&S::bufferDesc>("bufferDesc"),
      read_only<&S::dataSize>("dataSize"),
      capsule<&S::dataPtr>("dataPtr"),
      read_only<&S::planeParams>("planeParams"),
      read_only<&S::mappedAddr>("mappedAddr"),
      {},
  };
  define<S>(m, "NvBufSurfaceParams", fields).is_trusted_only = true;
}

void bind_structs(nb::module_& m) {
  bind_params(m);
  using C = NvBufSurfaceCreateParams;
  static PyGetSetDef create_fields[] = {
      field<&C::gpuId>("gpuId"),
      field<&C::width>("width"),
      field<&C::height>("height"),
      field<&C::size>("size"),
      field<&C::isContiguous>("isContiguous"),
      field<&C::colorFormat>("colorFormat"),
      field<&C::layout>("layout"),
      field<&C::memType>("memType"),
      {},
  };
  define<C>(m, "NvBufSurfaceCreateParams", create_fields);

  using S = NvBufSurface;
  static PyGetSetDef fields[] = {
      read_only<&S::gpuId>("gpuId"),
      read_only<&S::batchSize>("batchSize"),
      read_only<&S::numFilled>("numFilled"),
      read_only<&S::isContiguous>("isContiguous"),
      read_only<&S::memType>("memType"),
      {"surfaceList", first_surface, nullptr, "NvBufSurfaceParams | None: of the first surface", nullptr},
      {},
  };
  auto& type = define<S>(m, "NvBufSurface", fields);
  type.is_trusted_only = true;
  type.release = forget;
}

}  // namespace

void bind_buf_surface(nb::module_& m) {
  bind_structs(m);
  m.def("NvBufSurfaceCreate", create, nb::arg("surf"), nb::arg("batchSize"), nb::arg("params"),
        "Makes surfaces for a NvBufSurface(). 0, or -1 for a memory type or colour format that cannot be made.");
  m.def("NvBufSurfaceDestroy", destroy, nb::arg("surf"));
  m.def("NvBufSurfaceMap", map, nb::arg("surf"), nb::arg("index"), nb::arg("plane"), nb::arg("type"),
        "0; -1 for what cannot be mapped. An index or plane of -1 is all of them.");
  m.def(
      "NvBufSurfaceUnMap",
      [](Meta<NvBufSurface> surf, int index, int plane) { return on_planes(surf, index, plane, NvBufSurfaceUnMap); },
      nb::arg("surf"), nb::arg("index"), nb::arg("plane"));
  m.def("NvBufSurfaceCopy", copy, nb::arg("srcSurf"), nb::arg("dstSurf"),
        "0; -1 unless both have as many surfaces, of the same sizes and colour formats.");
  m.def(
      "NvBufSurfaceSyncForCpu",
      [](Meta<NvBufSurface> surf, int index, int plane) {
        return on_planes(surf, index, plane, NvBufSurfaceSyncForCpu);
      },
      nb::arg("surf"), nb::arg("index"), nb::arg("plane"));
  m.def(
      "NvBufSurfaceSyncForDevice",
      [](Meta<NvBufSurface> surf, int index, int plane) {
        return on_planes(surf, index, plane, NvBufSurfaceSyncForDevice);
      },
      nb::arg("surf"), nb::arg("index"), nb::arg("plane"));
  m.def("NvBufSurfaceFromFd", from_fd, nb::arg("dmabuf"), nb::arg("buffer").none(),
        "-1: there are no DMA buffers here.");
  m.def(
      "NvBufSurfaceMemSet",
      [](Meta<NvBufSurface> surf, int index, int plane, std::uint8_t value) {
        return on_planes(surf, index, plane, NvBufSurfaceMemSet, value);
      },
      nb::arg("surf"), nb::arg("index"), nb::arg("plane"), nb::arg("value"));
  m.def("NvBufSurfaceMapEglImage", map_egl_image, nb::arg("surf"), nb::arg("index"), "-1: there is no EGL here.");
}

}  // namespace fluvial::python
