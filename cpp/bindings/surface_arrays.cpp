#include "bindings/surface_arrays.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings/offered_array.h"
#include "bindings/pixels.h"
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
class Plane : public OfferedArray {
 public:
  Plane(const SurfacePtr& surface, int index) : OfferedArray(plane_of(surface, index)) {}
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

constexpr const char* array_text = "For NumPy, read-only; TypeError for a surface on a GPU.";

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
  bind_protocols(
      plane, [](Plane& self, const char*) -> Plane& { return self; }, array_text);

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
  bind_protocols(
      surface, [](SurfaceFace& self, const char* what) -> Plane& { return self.only_plane(what); }, array_text);
}

}  // namespace fluvial::python
