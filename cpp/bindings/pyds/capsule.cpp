#include "bindings/pyds/capsule.h"

#include <glib.h>

#include <new>

namespace fluvial::python {
namespace {

void on_capsule_gone(PyObject* capsule) { drop(static_cast<Node*>(PyCapsule_GetContext(capsule))->list); }

Nodes* new_nodes(std::uint32_t count, Root* root, const TypeInfo* type, std::size_t bytes) {
  auto* list = static_cast<Nodes*>(PyMem_Malloc(sizeof(Nodes) + sizeof(Node) * (count ? count - 1 : 0)));
  if (!list) {
    PyErr_NoMemory();
    return nullptr;
  }
  *list = {1, root, type, bytes, count, {}};
  Py_INCREF(root);
  return list;
}

}  // namespace

void drop(Nodes* list) {
  if (--list->references > 0) return;
  Py_DECREF(list->root);
  PyMem_Free(list);
}

extern PyObject* new_glist(Node* node);

PyObject* glist_of(Root* root, const Ground& owner, const TypeInfo* type, GList* const* list) {
  LockedMeta lock(root);
  // Waiting for the lock may have let the owner go.
  if (!is_good(owner)) {
    set_stale("GList", owner);
    return nullptr;
  }
  const guint count = g_list_length(*list);
  if (count == 0) Py_RETURN_NONE;
  Nodes* nodes = new_nodes(count, root, type, 0);
  if (!nodes) return nullptr;
  Node* out = nodes->nodes;
  for (GList* node = *list; node; node = node->next)
    *out++ = {node->data, node->data, generation_of(node->data), nodes};
  PyObject* first = new_glist(nodes->nodes);
  drop(nodes);
  return first;
}

PyObject* plain_glist_of(const Ground& owner, GList* list) {
  const guint count = g_list_length(list);
  if (count == 0) Py_RETURN_NONE;
  Nodes* nodes = new_nodes(count, owner.root, nullptr, 0);
  if (!nodes) return nullptr;
  Node* out = nodes->nodes;
  for (GList* node = list; node; node = node->next) *out++ = {node->data, owner.element, owner.generation, nodes};
  PyObject* first = new_glist(nodes->nodes);
  drop(nodes);
  return first;
}

PyObject* capsule_of(Node* node) {
  if (!node->data) Py_RETURN_NONE;
  PyObject* capsule = PyCapsule_New(node->data, nullptr, on_capsule_gone);
  if (!capsule) return nullptr;
  ++node->list->references;
  PyCapsule_SetContext(capsule, node);
  return capsule;
}

PyObject* capsule_of(void* data, const Ground& ground, const TypeInfo* type, std::size_t bytes) {
  if (!data) Py_RETURN_NONE;
  Nodes* list = new_nodes(1, ground.root, type, bytes);
  if (!list) return nullptr;
  list->nodes[0] = {data, ground.element, ground.generation, list};
  PyObject* capsule = capsule_of(list->nodes);
  drop(list);
  return capsule;
}

Node* node_of(PyObject* capsule) {
  if (!PyCapsule_CheckExact(capsule) || PyCapsule_GetName(capsule)) return nullptr;
  if (PyCapsule_GetDestructor(capsule) != on_capsule_gone) return nullptr;
  return static_cast<Node*>(PyCapsule_GetContext(capsule));
}

bool pointer_from(PyObject* object, Pointer& out) {
  out = {};
  if (object == Py_None) return true;
  if (is_wrapper(object)) {
    const auto* wrapper = as_wrapper(object);
    const auto* type = type_of(object);
    if (!is_good(wrapper->ground)) {
      set_stale(type->name, wrapper->ground);
      return false;
    }
    out = {wrapper->data, type, type->size, wrapper->ground};
    return true;
  }
  if (!PyCapsule_CheckExact(object)) {
    PyErr_Format(PyExc_TypeError, "expected a capsule, a pyds object or None, not %s", Py_TYPE(object)->tp_name);
    return false;
  }
  if (const Node* node = node_of(object)) {
    const Ground ground = ground_of(node);
    if (!is_good(ground)) {
      set_stale(node->list->type ? node->list->type->name : "capsule", ground);
      return false;
    }
    const auto* type = node->list->type;
    out = {node->data, type, type ? type->size : node->list->bytes, ground};
    return true;
  }
  out.data = PyCapsule_GetPointer(object, PyCapsule_GetName(object));
  return out.data != nullptr;
}

}  // namespace fluvial::python
