// Pointers from one struct to another. In a struct of Python's own the object that was set stays alive as long as the
// struct; an element's pointers are its own and are only looked at.
#pragma once

#include "bindings/pyds/field.h"

namespace fluvial::python {

// What is behind a pointer that Python set, as the object that was set; borrowed; nullptr: an element set it.
PyObject* kept_at(const Root* root, const void* slot);

// `of` is the class that may be set; nullptr: whatever has a pointer.
int set_pointer(PyObject* self, PyObject* value, const TypeInfo* of, void** slot, const char* type, const char* field);

// A capsule; None for nullptr.
PyObject* get_pointer(PyObject* self, void* data, const void* slot, const TypeInfo* type = nullptr,
                      std::size_t bytes = 0);

template <auto Member>
PyObject* get_void(PyObject* self, void*) {
  const Access<StructOf<Member>> data(self);
  return data ? get_pointer(self, data.get()->*Member, &(data.get()->*Member)) : nullptr;
}

template <auto Member>
int set_void(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  auto* data = checked<S>(self);
  return data ? set_pointer(self, value, nullptr, &(data->*Member), info<S>().name, name_in(closure)) : -1;
}

template <auto Member>
PyGetSetDef pointer(const char* name) {
  return {name, get_void<Member>, set_void<Member>, "capsule | None, set as object: a capsule, a pyds object or None",
          closure_of(name)};
}

template <typename T, typename = void>
struct IsPooled : std::false_type {};
template <typename T>
struct IsPooled<T, std::void_t<decltype(T::base_meta)>> : std::true_type {};

template <auto Member>
PyObject* get_reference(PyObject* self, void*) {
  using T = std::remove_pointer_t<TypeOf<Member>>;
  const Access<StructOf<Member>> data(self);
  if (!data) return nullptr;
  T* part = data.get()->*Member;
  const auto& ground = as_wrapper(self)->ground;
  if (!part) Py_RETURN_NONE;
  if (PyObject* kept = kept_at(ground.root, &(data.get()->*Member))) return Py_NewRef(kept);
  if constexpr (IsPooled<T>::value)
    return wrap_pooled(info<T>(), part, ground.root);
  else
    return wrap_part(self, part);
}

template <auto Member>
int set_reference(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  using T = std::remove_pointer_t<TypeOf<Member>>;
  auto* data = checked<S>(self);
  if (!data) return -1;
  return set_pointer(self, value, &info<T>(), reinterpret_cast<void**>(&(data->*Member)), info<S>().name,
                     name_in(closure));
}

// Struct*: the struct itself, or None. `type` is said for help() and the stub.
template <auto Member>
PyGetSetDef reference(const char* name, const char* type) {
  return {name, get_reference<Member>, set_reference<Member>, type, closure_of(name)};
}

}  // namespace fluvial::python
