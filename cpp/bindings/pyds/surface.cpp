// Pixels of a frame as a NumPy array.
#include <nanobind/ndarray.h>

#include <cstdlib>

#include "bindings/buffers.h"
#include "bindings/pixels.h"
#include "bindings/pyds/field.h"
#include "surface/batch.h"
#include "surface/format.h"

namespace fluvial::python {
namespace {

SurfacePtr surface_in(GstBuffer* buffer, std::size_t batch_id) {
  try {
    return surface_at(buffer, batch_id);
  } catch (const std::out_of_range& e) {
    throw std::runtime_error(e.what());  // pyds raises RuntimeError alone
  }
}

void expect_rgb(const char* function, GstBuffer* buffer, std::size_t batch_id) {
  const PixelFormat pixels = surface_in(buffer, batch_id)->format().pixels;
  if (pixels == PixelFormat::rgba || pixels == PixelFormat::rgb) return;
  throw std::runtime_error(std::string(function) + ": the surface is " + name_of(pixels) +
                           "; put nvvideoconvert and a capsfilter \"video/x-raw(memory:NVMM), format=RGBA\" before");
}

nb::object surface_array(nb::handle gst_buffer, std::size_t batch_id) {
  const HeldBuffer buffer = buffer_at(gst_buffer);
  expect_rgb("get_nvds_buf_surface", buffer.get(), batch_id);
  return writable_pixels(buffer.get(), batch_id);
}

// (dtype, shape, strides, capsule of the device's address, bytes): what CuPy's UnownedMemory wants.
nb::object device_array(nb::handle gst_buffer, std::size_t batch_id) {
  const HeldBuffer buffer = buffer_at(gst_buffer);
  expect_rgb("get_nvds_buf_surface_gpu", buffer.get(), batch_id);
  if (!is_on_gpu(*surface_at(buffer.get(), batch_id)))
    throw std::runtime_error(
        "get_nvds_buf_surface_gpu: the surface is in system memory, not on a GPU; get_nvds_buf_surface shows it");
  nb::object address = address_on_gpu(buffer.get(), batch_id);
  const auto& params = nvbuf_surface_of(buffer.get())->surfaceList[batch_id];
  const std::size_t channels = params.colorFormat == NVBUF_COLOR_FORMAT_RGB ? 3 : 4;
  return nb::make_tuple(nb::module_::import_("numpy").attr("dtype")("uint8"),
                        nb::make_tuple(params.height, params.width, channels),
                        nb::make_tuple(params.pitch, channels, 1), std::move(address), params.dataSize);
}

void unmap(nb::handle gst_buffer, std::size_t batch_id) { surface_in(buffer_at(gst_buffer).get(), batch_id); }

}  // namespace

void bind_surface(nb::module_& m) {
  m.def("get_nvds_buf_surface", surface_array, nb::arg("gst_buffer"), nb::arg("batchID"),
        "uint8 [height, width, 4] (RGBA) or 3 (RGB): a writable view of the frame's surface.");
  m.def(
      "get_nvds_buf_surface_gpu", device_array, nb::arg("gst_buffer"), nb::arg("batchID"),
      "(dtype, shape, strides, capsule of the address, bytes) of a surface on a GPU; RuntimeError for system memory.");
  m.def("unmap_nvds_buf_surface", unmap, nb::arg("gst_buffer"), nb::arg("batchID"),
        "Nothing to do: system memory is always mapped, and an array keeps its surface.");
}

}  // namespace fluvial::python
