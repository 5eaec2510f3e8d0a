// A GstBuffer as Python names it: hash(gst_buffer), or the Gst.Buffer itself.
#pragma once

#include <gst/gst.h>

#include "bindings/pyds/classes.h"

namespace fluvial::python {

// Any int may come here: looks before it touches. Throws ValueError saying what is wrong with it.
GstBuffer* buffer_at(nb::handle buffer);
// The same for a GObject of a GType.
void* object_at(nb::handle object, GType type);

// A new reference to the wrapper of a batch meta that lies on a buffer; RuntimeError for one of another library.
PyObject* wrap_batch(NvDsBatchMeta* batch);
// The struct, with pools. Throws for one made in Python.
NvDsBatchMeta* arena_batch(const Meta<NvDsBatchMeta>& batch);

}  // namespace fluvial::python
