// Pixels of a frame as a NumPy array, and what else asks for a buffer.
#include <nanobind/ndarray.h>

#include <cstdlib>

#include "bindings/buffers.h"
#include "bindings/pixels.h"
#include "bindings/pyds/field.h"
#include "surface/batch.h"
#include "surface/format.h"

namespace fluvial::python {
namespace {

nb::object surface_array(nb::handle gst_buffer, std::size_t batch_id) {
  const HeldBuffer held = buffer_at(gst_buffer);
  GstBuffer* buffer = held.get();
  SurfacePtr surface;
  try {
    surface = surface_at(buffer, batch_id);
  } catch (const std::out_of_range& e) {
    throw std::runtime_error(e.what());  // pyds raises RuntimeError alone
  }
  const PixelFormat pixels = surface->format().pixels;
  if (pixels != PixelFormat::rgba && pixels != PixelFormat::rgb)
    throw std::runtime_error(std::string("get_nvds_buf_surface: the surface is ") + name_of(pixels) +
                             "; put nvvideoconvert and a capsfilter \"video/x-raw(memory:NVMM), format=RGBA\" before");
  surface.reset();  // a second holder would make the view one of a copy
  return writable_pixels(buffer, batch_id);
}

// Latency needs measurements that no element makes yet, so there is nothing to print.
unsigned measure_latency(nb::handle gst_buffer) {
  buffer_at(gst_buffer);
  return 0;
}

}  // namespace

void bind_surface(nb::module_& m) {
  m.def("get_nvds_buf_surface", surface_array, nb::arg("gst_buffer"), nb::arg("batchID"),
        "uint8 [height, width, 4] (RGBA) or 3 (RGB): a writable view of the frame's surface.");
  m.def(
      "unmap_nvds_buf_surface", [](nb::handle gst_buffer, std::size_t) { buffer_at(gst_buffer); },
      nb::arg("gst_buffer"), nb::arg("batchID"), "Nothing to do: system memory is always mapped.");
  m.def("nvds_measure_buffer_latency", measure_latency, nb::arg("gst_buffer"));
}

}  // namespace fluvial::python
