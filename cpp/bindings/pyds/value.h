// Members that are C++ values (strings, vectors, maps): Python gets and gives copies.
#pragma once

#include <nanobind/stl/string.h>
#include <nanobind/stl/unordered_map.h>
#include <nanobind/stl/vector.h>

#include "bindings/pyds/field.h"

namespace fluvial::python {

template <typename T>
std::string type_name(const T&) {
  return std::is_same_v<T, bool> ? "bool" : std::is_floating_point_v<T> ? "float" : "int";
}
inline std::string type_name(const std::string&) { return "str"; }
template <typename T>
std::string type_name(const std::vector<T>&) {
  return "list[" + type_name(T{}) + "]";
}
template <typename K, typename V>
std::string type_name(const std::unordered_map<K, V>&) {
  return "dict[" + type_name(K{}) + ", " + type_name(V{}) + "]";
}

// Under the lock: the element that made the struct frees it with the metadata locked.
template <auto Member>
PyObject* get_copy(PyObject* self, void*) {
  using S = StructOf<Member>;
  if (!checked<S>(self)) return nullptr;
  TypeOf<Member> copy;
  {
    LockedMeta lock(as_wrapper(self)->ground.root);
    const auto* data = checked<S>(self);
    if (!data) return nullptr;
    copy = data->*Member;
  }
  try {
    return nb::cast(copy).release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_ValueError, e.what());
  }
  return nullptr;
}

template <auto Member>
int set_copy(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  if (!checked<S>(self)) return -1;
  if (!value) return refuse_delete(info<S>().name, name_in(closure));
  TypeOf<Member> copy;
  if (!nb::try_cast(nb::handle(value), copy)) {
    PyErr_Clear();
    return refuse_type(info<S>().name, name_in(closure), type_name(copy).c_str(), value);
  }
  LockedMeta lock(as_wrapper(self)->ground.root);
  auto* data = checked<S>(self);
  if (!data) return -1;
  std::swap(data->*Member, copy);
  return 0;
}

template <auto Member>
PyGetSetDef copied(const char* name) {
  const char* type = g_intern_string(type_name(TypeOf<Member>{}).c_str());
  return {name, get_copy<Member>, set_copy<Member>, type, closure_of(name)};
}

}  // namespace fluvial::python
