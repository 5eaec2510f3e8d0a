// Enums as pybind11 makes them, since programs rely on it: `==` with ints and hash like an int, but no order, no `|`;
// a value that has no name is kept ("???").
#pragma once

#include <nanobind/nanobind.h>

#include <initializer_list>
#include <utility>
#include <vector>

namespace fluvial::python {

namespace nb = nanobind;

struct EnumInfo {
  const char* name = nullptr;
  PyTypeObject* type = nullptr;
  std::vector<std::pair<long long, PyObject*>> members;  // the first name of a value
};

template <typename E>
EnumInfo& enum_info() {
  static EnumInfo of_enum;
  return of_enum;
}

// A new reference to the member, or to a nameless value.
PyObject* enum_object(const EnumInfo& info, long long value);
long long enum_value(PyObject* object);

template <typename E>
PyObject* enum_to(long long value) {
  return enum_object(enum_info<E>(), value);
}

// False for anything but an object of this very enum.
template <typename E>
bool enum_from(PyObject* object, long long& value) {
  if (Py_TYPE(object) != enum_info<E>().type) return false;
  value = enum_value(object);
  return true;
}

struct EnumMember {
  const char* name;
  long long value;
};
// Makes the class and, as pyds does, puts its members into the module too.
void define_enum(nb::module_& m, EnumInfo& info, const char* name, std::initializer_list<EnumMember> members);

}  // namespace fluvial::python
