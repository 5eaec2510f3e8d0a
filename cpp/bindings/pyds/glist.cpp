// GList: .data, .next, .prev. The end of a list is None; StopIteration is never raised, as in pyds.
#include "bindings/pyds/capsule.h"
#include "bindings/pyds/classes.h"

namespace fluvial::python {

PyObject* new_glist(Node* node);

namespace {

PyTypeObject* glist_type = nullptr;

struct GListObject {
  PyObject_HEAD Node* node;
};

Node* node_at(PyObject* self) { return reinterpret_cast<GListObject*>(self)->node; }

PyObject* data(PyObject* self, void*) { return capsule_of(node_at(self)); }

PyObject* next(PyObject* self, void*) {
  Node* node = node_at(self);
  if (node + 1 == node->list->nodes + node->list->count) Py_RETURN_NONE;
  return new_glist(node + 1);
}

PyObject* previous(PyObject* self, void*) {
  Node* node = node_at(self);
  if (node == node->list->nodes) Py_RETURN_NONE;
  return new_glist(node - 1);
}

void dealloc(PyObject* self) {
  drop(node_at(self)->list);
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyGetSetDef fields[] = {
    {"data", data, nullptr, "capsule[T]: of the element", nullptr},
    {"next", next, nullptr, "GList[T] | None: the node behind this one; None at the end", nullptr},
    {"prev", previous, nullptr, "GList[T] | None: the node before this one; None at the start", nullptr},
    {},
};

}  // namespace

PyObject* new_glist(Node* node) {
  auto* list = PyObject_New(GListObject, glist_type);
  if (!list) return nullptr;
  list->node = node;
  ++node->list->references;
  return reinterpret_cast<PyObject*>(list);
}

Node* node_of_glist(PyObject* glist) { return Py_TYPE(glist) == glist_type ? node_at(glist) : nullptr; }

void bind_glist(nb::module_& m) {
  static PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                                {Py_tp_getset, fields},
                                {Py_tp_doc, const_cast<char*>("A node of a list as it was when the list was read.")},
                                {0, nullptr}};
  static PyType_Spec spec = {"pyds.GList", sizeof(GListObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  glist_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!glist_type) throw nb::python_error();
  m.attr("GList") = nb::handle(reinterpret_cast<PyObject*>(glist_type));
}

}  // namespace fluvial::python
