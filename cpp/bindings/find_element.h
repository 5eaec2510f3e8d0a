// A GstElement as Python names it: hash(element), or the Gst.Element itself.
#pragma once

#include <gst/gst.h>
#include <nanobind/nanobind.h>

#include <memory>

namespace fluvial::python {

struct UnrefObject {
  void operator()(void* object) const { gst_object_unref(object); }
};
using ElementPtr = std::unique_ptr<GstElement, UnrefObject>;

// Any int may come here, and nobody can tell what lies at one: so it is not followed, but looked for among the elements
// that Python's objects lead to. ValueError when it is none of them, TypeError for what is neither int nor element.
ElementPtr element_at(nanobind::handle element);

}  // namespace fluvial::python
