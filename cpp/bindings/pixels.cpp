#include "bindings/pixels.h"

#include <nanobind/ndarray.h>

#include <unordered_map>

#include "surface/batch.h"

namespace fluvial::python {
namespace {

// One owner per surface that Python has views of. writable_surface_at() copies a surface that somebody else holds too,
// and a first view must not count as somebody else when a second is made. Guarded by the GIL.
std::unordered_map<const Surface*, PyObject*>& owners() {
  static std::unordered_map<const Surface*, PyObject*> all;  // borrowed: the capsule removes itself
  return all;
}

nb::object owner_of(SurfacePtr surface) {
  if (const auto known = owners().find(surface.get()); known != owners().end()) return nb::borrow(known->second);
  const Surface* key = surface.get();
  auto* kept = new SurfacePtr(std::move(surface));
  nb::capsule owner(kept, [](void* memory) noexcept {
    auto* held = static_cast<SurfacePtr*>(memory);
    owners().erase(held->get());
    delete held;
  });
  owners()[key] = owner.ptr();
  return owner;
}

nb::object view_of(const Surface& surface, nb::handle owner) {
  const ImageView view = surface.view();
  const std::size_t channels = view.format == PixelFormat::rgb ? 3 : 4;
  const std::size_t shape[] = {static_cast<std::size_t>(view.height), static_cast<std::size_t>(view.width), channels};
  const std::int64_t strides[] = {view.stride[0], static_cast<std::int64_t>(channels), 1};
  return nb::cast(nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<3>>(view.plane[0], 3, shape, owner, strides));
}

// The surface that Python may write: it already has views of it, and only those and the buffer hold it.
SurfacePtr surface_to_write(GstBuffer* buffer, std::size_t batch_id) {
  SurfacePtr surface = surface_at(buffer, batch_id);
  constexpr long with_views = 3;  // the buffer's, the views' owner's and this one
  if (owners().count(surface.get()) && surface.use_count() == with_views && surface->is_private()) return surface;
  surface.reset();
  return writable_surface_at(buffer, batch_id);
}

}  // namespace

nb::object writable_pixels(GstBuffer* buffer, std::size_t batch_id) {
  SurfacePtr surface = surface_to_write(buffer, batch_id);
  const Surface& pixels = *surface;
  nb::object owner = owner_of(std::move(surface));
  return view_of(pixels, owner);
}

bool is_on_gpu(const Surface& surface) {
  return surface.memory() == NVBUF_MEM_CUDA_DEVICE || surface.memory() == NVBUF_MEM_CUDA_UNIFIED;
}

nb::object address_on_gpu(GstBuffer* buffer, std::size_t batch_id) {
  SurfacePtr surface = surface_at(buffer, batch_id);
  void* address = surface->planes().plane[0];
  nb::object owner = owner_of(std::move(surface));
  PyObject* capsule = PyCapsule_New(
      address, nullptr, [](PyObject* gone) { Py_XDECREF(static_cast<PyObject*>(PyCapsule_GetContext(gone))); });
  if (!capsule) throw nb::python_error();
  PyCapsule_SetContext(capsule, owner.release().ptr());
  return nb::steal(capsule);
}

nb::object converted_pixels(const Surface& surface) {
  SurfaceFormat format = surface.format();
  format.pixels = PixelFormat::rgba;
  // One picture a call: the pool of a kept allocator would hold memory nobody asks for again.
  auto allocator = make_system_allocator();
  SurfacePtr converted = allocator->allocate(format);
  {
    nb::gil_scoped_release release;
    allocator->transform(surface, *converted, {});
  }
  const Surface& pixels = *converted;
  auto* kept = new SurfacePtr(std::move(converted));
  nb::capsule owner(kept, [](void* memory) noexcept { delete static_cast<SurfacePtr*>(memory); });
  nb::object array = view_of(pixels, owner);
  array.attr("flags").attr("writeable") = false;
  return array;
}

}  // namespace fluvial::python
