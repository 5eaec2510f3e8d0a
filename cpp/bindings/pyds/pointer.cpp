#include "bindings/pyds/pointer.h"

namespace fluvial::python {
namespace {

// False with an exception.
bool keep(Root* root, const void* slot, PyObject* object) {
  if (!root->kept && !(root->kept = PyDict_New())) return false;
  nb::object key = nb::steal(PyLong_FromVoidPtr(const_cast<void*>(slot)));
  return key && PyDict_SetItem(root->kept, key.ptr(), object) == 0;
}

}  // namespace

PyObject* kept_at(const Root* root, const void* slot) {
  if (!root->kept) return nullptr;
  nb::object key = nb::steal(PyLong_FromVoidPtr(const_cast<void*>(slot)));
  PyObject* object = key ? PyDict_GetItemWithError(root->kept, key.ptr()) : nullptr;
  PyErr_Clear();
  return object == Py_None ? nullptr : object;
}

int set_pointer(PyObject* self, PyObject* value, const TypeInfo* of, void** slot, const char* type, const char* field) {
  if (!value) return refuse_delete(type, field);
  Root* root = as_wrapper(self)->ground.root;
  if (of && value != Py_None && Py_TYPE(value) != of->type) {
    PyErr_Format(PyExc_TypeError, "%s.%s: expected %s or None, not %s", type, field, of->name, Py_TYPE(value)->tp_name);
    return -1;
  }
  Pointer pointer;
  if (!pointer_from(value, pointer)) return -1;
  if (!is_pythons(root)) {
    PyErr_Format(PyExc_ValueError, "%s.%s: an element made this struct, and what it points at is its own", type, field);
    return -1;
  }
  if (pointer.ground.root == root) {
    PyErr_Format(PyExc_ValueError, "%s.%s: a struct cannot point at itself", type, field);
    return -1;
  }
  *slot = nullptr;
  if (!keep(root, slot, value)) return -1;  // drops the old one, which may run Python code
  *slot = pointer.data;
  return 0;
}

PyObject* get_pointer(PyObject* self, void* data, const void* slot, const TypeInfo* type, std::size_t bytes) {
  if (!data) Py_RETURN_NONE;
  const auto& ground = as_wrapper(self)->ground;
  PyObject* kept = kept_at(ground.root, slot);
  if (!kept) return capsule_of(data, ground, type, bytes);
  if (PyCapsule_CheckExact(kept)) return Py_NewRef(kept);
  Pointer pointer;
  if (!pointer_from(kept, pointer)) return nullptr;
  return capsule_of(pointer.data, pointer.ground, pointer.type);
}

}  // namespace fluvial::python
