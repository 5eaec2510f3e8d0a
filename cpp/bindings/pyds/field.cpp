#include "bindings/pyds/field.h"

#include <nanobind/ndarray.h>

#include <algorithm>

namespace fluvial::python {

int refuse_delete(const char* type, const char* field) {
  PyErr_Format(PyExc_TypeError, "%s.%s cannot be deleted", type, field);
  return -1;
}

int refuse_type(const char* type, const char* field, const char* expected, PyObject* value) {
  PyErr_Format(PyExc_TypeError, "%s.%s: expected %s, not %s", type, field, expected, Py_TYPE(value)->tp_name);
  return -1;
}

int refuse_more(const char* type, const char* field, PyObject* value, std::uint64_t limit) {
  PyErr_Format(PyExc_ValueError, "%s.%s: %R, but there are %llu; it can only shrink", type, field, value,
               static_cast<unsigned long long>(limit));
  return -1;
}

bool int_from(PyObject* value, long long low, unsigned long long high, const char* type, const char* field,
              unsigned long long& out) {
  if (!PyLong_Check(value) && (PyFloat_Check(value) || !PyIndex_Check(value))) {
    refuse_type(type, field, "int", value);
    return false;
  }
  PyObject* number = PyNumber_Index(value);
  if (!number) return false;
  int overflow = 0;
  const long long as_signed = PyLong_AsLongLongAndOverflow(number, &overflow);
  bool fits =
      overflow == 0 && as_signed >= low && (as_signed < 0 || static_cast<unsigned long long>(as_signed) <= high);
  out = static_cast<unsigned long long>(as_signed);
  if (overflow > 0) {
    out = PyLong_AsUnsignedLongLong(number);
    fits = !PyErr_Occurred() && out <= high;
    PyErr_Clear();
  }
  if (!fits) PyErr_Format(PyExc_TypeError, "%s.%s: %R does not fit (%lld..%llu)", type, field, number, low, high);
  Py_DECREF(number);
  return fits;
}

bool float_from(PyObject* value, const char* type, const char* field, double& out) {
  out = PyFloat_AsDouble(value);
  if (out != -1.0 || !PyErr_Occurred()) return true;
  PyErr_Clear();
  refuse_type(type, field, "float", value);
  return false;
}

const char* utf8_from(PyObject* value, const char* type, const char* field, Py_ssize_t& size) {
  if (!PyUnicode_Check(value)) {
    refuse_type(type, field, "str", value);
    return nullptr;
  }
  return PyUnicode_AsUTF8AndSize(value, &size);
}

bool text_at(PyObject* address, const char* type, const char* field, const Ground& ground, char*& out) {
  const auto at = static_cast<std::uintptr_t>(PyLong_AsUnsignedLongLong(address));
  if (PyErr_Occurred()) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%s.%s: %R is not an address", type, field, address);
    return false;
  }
  out = reinterpret_cast<char*>(at);
  if (at == 0 || hand_over_block(at, ground)) return true;
  PyObject* text = string_at(at);
  Py_ssize_t size = 0;
  const char* bytes = text ? PyUnicode_AsUTF8AndSize(text, &size) : nullptr;
  out = g_strdup(bytes);
  Py_XDECREF(text);
  return out != nullptr;
}

void free_text(void* text, const Ground& ground) {
  if (text) forget_block(text);
  const Lease& lease = base_of(ground.root)->lease;
  lease ? lease.free_text_later(text) : g_free(text);
}

void free_array(void* array, const Ground& ground) { Later{ground}(array); }

template <>
NvOSD_TextParams duplicate_part(const NvOSD_TextParams& from) {
  NvOSD_TextParams copy = from;
  copy.display_text = g_strdup(from.display_text);
  return copy;
}

template <>
void replace_part(NvOSD_TextParams& to, const NvOSD_TextParams& copy, const Ground& ground) {
  free_text(to.display_text, ground);
  to = copy;
}

template <>
NvOSD_MaskParams duplicate_part(const NvOSD_MaskParams& from) {
  NvOSD_MaskParams copy = from;
  copy.data = from.size > 0 && from.data ? static_cast<float*>(g_memdup2(from.data, from.size)) : nullptr;
  return copy;
}

template <>
void replace_part(NvOSD_MaskParams& to, const NvOSD_MaskParams& copy, const Ground& ground) {
  if (to.size > 0) free_array(to.data, ground);
  to = copy;
}

int refuse_assignment(const char* type, const char* field) {
  PyErr_Format(PyExc_TypeError, "%s.%s cannot be assigned as a whole; set its fields", type, field);
  return -1;
}

PyObject* chars_to(const char* chars, std::size_t size) {
  return PyUnicode_DecodeUTF8(chars, static_cast<Py_ssize_t>(strnlen(chars, size)), "replace");
}

int chars_from(PyObject* value, char* chars, std::size_t size, const char* type, const char* field) {
  if (!value) return refuse_delete(type, field);
  Py_ssize_t length = 0;
  const char* text = utf8_from(value, type, field, length);
  if (!text) return -1;
  auto kept = std::min(static_cast<std::size_t>(length), size - 1);
  if (kept < static_cast<std::size_t>(length))
    while (kept > 0 && (text[kept] & 0xC0) == 0x80) --kept;  // not in the middle of a character
  std::memcpy(chars, text, kept);
  std::memset(chars + kept, 0, size - kept);
  return 0;
}

PyObject* int_view(void* data, std::size_t length, bool is_unsigned, const Ground& ground) {
  nb::object owner = nb::borrow(reinterpret_cast<PyObject*>(ground.root));
  try {
    if (ground.root->is_outside) {
      data = g_memdup2(data, length * sizeof(std::int32_t));
      owner = nb::capsule(data, [](void* copy) noexcept { g_free(copy); });
    }
    if (is_unsigned)
      return nb::cast(nb::ndarray<nb::numpy, std::uint32_t, nb::ndim<1>>(data, {length}, owner)).release().ptr();
    return nb::cast(nb::ndarray<nb::numpy, std::int32_t, nb::ndim<1>>(data, {length}, owner)).release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
    return nullptr;
  }
}

}  // namespace fluvial::python
