// A frame's surface and its planes, where they lie.
#pragma once

#include <nanobind/nanobind.h>

#include "surface/surface.h"

namespace fluvial::python {

// A fluvial.Surface. It keeps the surface, not the buffer, as an array of it does.
nanobind::object surface_object(SurfacePtr surface);

void bind_surface_arrays(nanobind::module_& m);  // Surface, Plane

}  // namespace fluvial::python
