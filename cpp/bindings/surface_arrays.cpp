#include "bindings/surface_arrays.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings/pixels.h"
#include "bindings/shared_array.h"
#include "surface/cuda/device.h"
#include "surface/format.h"

namespace fluvial::python {
namespace {

int channels_of(PixelFormat format, int plane) {
  switch (format) {
    case PixelFormat::nv12: return plane == 0 ? 1 : 2;
    case PixelFormat::rgb: return 3;
    case PixelFormat::rgba:
    case PixelFormat::bgrx: return 4;
    default: return 1;
  }
}

SharedArray plane_of(const SurfacePtr& surface, int index) {
  const ImageView view = surface->planes();
  const int channels = channels_of(view.format, index);
  SharedArray plane;
  plane.owner = surface;
  plane.data = view.plane[index];
  plane.shape = {plane_rows(view.format, index, view.height), row_bytes(view.format, index, view.width) / channels};
  plane.strides = {view.stride[index], channels};
  if (channels > 1) {
    plane.shape.push_back(channels);
    plane.strides.push_back(1);
  }
  plane.gpu = is_on_gpu(*surface) ? std::max(surface->gpu(), 0) : -1;
  plane.name = "plane " + std::to_string(index) + " of a " + name_of(view.format) + " surface";
  return plane;
}

// One plane of a surface; the array that it offers.
class Plane {
 public:
  Plane(const SurfacePtr& surface, int index) : array_(plane_of(surface, index)) {}
  Plane(const Plane& other) : array_(other.array_) {}  // nothing was read of the copy
  Plane& operator=(const Plane&) = delete;
  // What reads by address tells no stream: its default one may have something to do still.
  ~Plane() {
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

 private:
  SharedArray array_;
  bool is_read_by_address_ = false;
};

// Surface is the C++ class's name: this is what Python calls so.
class SurfaceFace {
 public:
  explicit SurfaceFace(SurfacePtr surface) : surface_(std::move(surface)) {}

  const Surface& get() const { return *surface_; }
  bool is_on_gpu() const { return python::is_on_gpu(*surface_); }
  std::string device() const { return plane_of(surface_, 0).device(); }
  nb::tuple planes() const {
    nb::list planes;
    for (int p = 0; p < plane_count(surface_->format().pixels); ++p) planes.append(Plane(surface_, p));
    return nb::tuple(planes);
  }
  // Of surfaces with one plane, which are arrays themselves. Kept, as arrays by address hold this object alone.
  Plane& only_plane(const char* what) {
    const PixelFormat format = surface_->format().pixels;
    if (plane_count(format) != 1) {
      const std::string text = std::string(what) + ": a " + name_of(format) + " surface is " +
                               std::to_string(plane_count(format)) +
                               " arrays, surface.planes; frame.pixels() is one of RGBA, a copy";
      throw nb::type_error(text.c_str());
    }
    if (!plane_) plane_ = std::make_unique<Plane>(surface_, 0);
    return *plane_;
  }

 private:
  SurfacePtr surface_;
  std::unique_ptr<Plane> plane_;
};

nb::object as_type(nb::object array, nb::handle dtype, nb::handle copy) {
  if (!dtype.is_none()) array = array.attr("astype")(dtype, nb::arg("copy") = false);
  return !copy.is_none() && nb::cast<bool>(copy) ? array.attr("copy")() : array;
}

#define ARRAY_SIGNATURE                                                                            \
  "def __array__(self, dtype: numpy.typing.DTypeLike | None = None, copy: bool | None = None) -> " \
  "numpy.typing.NDArray[typing.Any]"
#define DLPACK_SIGNATURE                                                                                       \
  "def __dlpack__(self, *, stream: int | None = None, max_version: tuple[int, int] | None = None, dl_device: " \
  "tuple[int, int] | None = None, copy: bool | None = None) -> typing.Any"

constexpr const char* dlpack_text =
    "A DLPack capsule. Nothing is copied, and the pixels stay as long as the array, and until the stream that it was "
    "taken in has come past what is in it when the array goes. BufferError for a copy or another device.";
constexpr const char* cuda_text =
    "Version 3, for surfaces on a GPU; AttributeError for others. Its stream is None: the pixels are there. What reads "
    "them in another stream than CUDA's default one must be done before the array goes.";
constexpr const char* array_text = "For NumPy, read-only; TypeError for a surface on a GPU.";

// The protocols of arrays, on whatever `plane` finds in the object.
template <typename T, typename PlaneOf>
void bind_protocols(nb::class_<T>& type, PlaneOf plane) {
  type.def(
          "__dlpack__",
          [plane](T& self, nb::handle stream, nb::handle max_version, nb::handle dl_device, nb::handle copy) {
            return dlpack_of(plane(self, "__dlpack__").array(), {stream, max_version, dl_device, copy});
          },
          nb::kw_only(), nb::arg("stream") = nb::none(), nb::arg("max_version") = nb::none(),
          nb::arg("dl_device") = nb::none(), nb::arg("copy") = nb::none(), nb::sig(DLPACK_SIGNATURE), dlpack_text)
      .def(
          "__dlpack_device__", [plane](T& self) { return dlpack_device_of(plane(self, "__dlpack_device__").array()); },
          nb::sig("def __dlpack_device__(self) -> tuple[int, int]"))
      .def_prop_ro(
          "__cuda_array_interface__",
          [plane](T& self) { return plane(self, "__cuda_array_interface__").cuda_interface(); },
          nb::sig("def __cuda_array_interface__(self) -> dict[str, typing.Any]"), cuda_text)
      .def(
          "__array__",
          [plane](T& self, nb::handle dtype, nb::handle copy) {
            return as_type(numpy_of(plane(self, "__array__").array()), dtype, copy);
          },
          nb::arg("dtype") = nb::none(), nb::arg("copy") = nb::none(), nb::sig(ARRAY_SIGNATURE), array_text);
}

}  // namespace

nb::object surface_object(SurfacePtr surface) { return nb::cast(SurfaceFace(std::move(surface))); }

void bind_surface_arrays(nb::module_& m) {
  nb::class_<Plane> plane(m, "Plane", "uint8, one plane of a surface as it lies in memory; of it arrays are made.");
  plane
      .def_prop_ro(
          "shape", [](const Plane& self) { return nb::tuple(nb::cast(self.array().shape)); },
          nb::sig("def shape(self) -> tuple[int, ...]"), "Rows, columns and, where there are several, channels.")
      .def_prop_ro(
          "strides", [](const Plane& self) { return nb::tuple(nb::cast(self.array().strides)); },
          nb::sig("def strides(self) -> tuple[int, ...]"), "Bytes from one to the next.")
      .def_prop_ro(
          "device", [](const Plane& self) { return self.array().device(); }, "\"cpu\" or \"cuda:0\".");
  bind_protocols(plane, [](Plane& self, const char*) -> Plane& { return self; });

  nb::class_<SurfaceFace> surface(m, "Surface",
                                  "A frame's pixels where and as they are, which may be on a GPU. Not to be written: "
                                  "a decoder may still need them. It outlives its batch.");
  surface
      .def_prop_ro(
          "format", [](const SurfaceFace& self) { return name_of(self.get().format().pixels); },
          nb::sig("def format(self) -> str"), "\"NV12\", \"RGBA\", ...")
      .def_prop_ro(
          "size",
          [](const SurfaceFace& self) {
            const Size size = self.get().format().size;
            return std::pair(size.width, size.height);
          },
          "Width and height.")
      .def_prop_ro("device", &SurfaceFace::device, "\"cpu\" or \"cuda:0\".")
      .def_prop_ro("is_on_gpu", &SurfaceFace::is_on_gpu, "True: NumPy cannot see it.")
      .def_prop_ro("planes", &SurfaceFace::planes, nb::sig("def planes(self) -> tuple[Plane, ...]"),
                   "NV12: Y [H, W] and UV [H/2, W/2, 2]. RGBA: [H, W, 4]. Sizes of halves are rounded up.");
  bind_protocols(surface, [](SurfaceFace& self, const char* what) -> Plane& { return self.only_plane(what); });
}

}  // namespace fluvial::python
