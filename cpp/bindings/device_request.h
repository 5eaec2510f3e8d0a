// Inferences of a backend in Python that computes on a GPU.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "algo/input_shapes.h"
#include "backends/backend.h"
#include "bindings/backend.h"
#include "surface/cuda/device.h"

namespace fluvial::python {

std::shared_ptr<Turns> new_turns();  // one for all requests of a backend

std::unique_ptr<Request> make_device_request(nanobind::handle bridge, const ModelInfo& info, const ClosedShapes& shapes,
                                             Workers& workers, cuda::Device& device, std::shared_ptr<Turns> turns);

}  // namespace fluvial::python
