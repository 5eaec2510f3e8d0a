// What of the machine's GPUs this process sees, and what it has carried to and from them.
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/face.h"
#include "surface/cuda/compiler.h"
#include "surface/cuda/device.h"
#include "surface/cuda/row_picker.h"
#include "surface/cuda/surface.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

std::pair<std::vector<std::string>, std::string> gpus() {
  std::vector<std::string> names;
  for (const auto& gpu : cuda::list_gpus()) names.push_back(gpu.name);
  return {names, cuda::why_not()};
}

using Told = std::tuple<std::string, std::string, std::size_t>;
std::vector<Told> gpu_list() {
  std::vector<Told> told;
  for (const auto& gpu : cuda::list_gpus()) told.emplace_back(gpu.name, gpu.bus_id, gpu.bytes);
  return told;
}

std::map<std::string, std::uint64_t> gpu_traffic() {
  return {{"downloaded", cuda::downloaded_bytes()}, {"uploaded", cuda::uploaded_bytes()}};
}

}  // namespace

void bind_gpu(nb::module_& m) {
  m.def("gpus", gpus, nb::call_guard<nb::gil_scoped_release>(),
        "Names of the GPUs in their order, and why there are none.");
  m.def("gpu_list", gpu_list, nb::call_guard<nb::gil_scoped_release>(),
        "Name, PCI bus id and bytes of memory of each GPU, in their order. Nothing is put on them.");
  m.def("gpu_traffic", gpu_traffic,
        "Bytes of pixels that this process has copied from GPUs (\"downloaded\") and to them (\"uploaded\").");
  m.def("gpu_returned", cuda::returned_bytes, "Bytes of models' outputs that this process has brought from GPUs.");
  m.def("use_nvrtc", cuda::use_nvrtc, nb::arg("path"),
        "Where the compiler of kernels is, for machines where it came with a Python package.");
}

}  // namespace fluvial::python
