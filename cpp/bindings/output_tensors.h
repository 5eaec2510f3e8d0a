// Outputs of models that metadata carries (output-tensor-meta), for Python.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>

#include "bindings/root.h"
#include "nvdsmeta.h"

namespace fluvial::python {

// By name, of one inference or of all: where a GPU keeps them, DeviceTensors that share their memory; else copies,
// arrays of NumPy's. `list` is read under the root's lock.
nanobind::dict output_tensors(Root* root, NvDsUserMetaList* const& list, std::optional<unsigned> unique_id);

}  // namespace fluvial::python
