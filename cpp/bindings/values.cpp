#include "bindings/values.h"

namespace fluvial::python {

int numbers_from(PyObject* sequence, double* out, int least, int most) {
  if (PyUnicode_Check(sequence) || !PySequence_Check(sequence)) return -1;
  PyObject* items = PySequence_Fast(sequence, "");
  const Py_ssize_t count = items ? PySequence_Fast_GET_SIZE(items) : -1;
  bool is_good = count >= least && count <= most;
  for (Py_ssize_t i = 0; is_good && i < count; ++i) {
    out[i] = PyFloat_AsDouble(PySequence_Fast_GET_ITEM(items, i));
    is_good = !(out[i] == -1.0 && PyErr_Occurred());
  }
  Py_XDECREF(items);
  PyErr_Clear();
  return is_good ? static_cast<int>(count) : -1;
}

}  // namespace fluvial::python
