// NvDsMeta: DeepStream's metadata as it lies on a GstBuffer.
#include "bindings/pyds/pointer.h"

namespace fluvial::python {
namespace {

// pyds knows no class for a GstMeta: reading and writing it raise there too.
PyObject* refuse_read(PyObject*, void*) {
  return PyErr_Format(PyExc_TypeError, "NvDsMeta.meta cannot be read from Python");
}

int refuse_write(PyObject*, PyObject*, void*) {
  PyErr_SetString(PyExc_TypeError, "NvDsMeta.meta cannot be set from Python");
  return -1;
}

}  // namespace

void bind_gst_meta(nb::module_& m) {
  using M = NvDsMeta;
  static PyGetSetDef fields[] = {
      {"meta", refuse_read, refuse_write, "Never: cannot be read from Python", nullptr},
      pointer<&M::meta_data>("meta_data"),
      pointer<&M::user_data>("user_data"),
      field<&M::meta_type>("meta_type"),
      {},
  };
  define<M>(m, "NvDsMeta", fields).is_trusted_only = true;
}

}  // namespace fluvial::python
