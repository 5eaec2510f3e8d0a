// Strings and memory by address.
#include "bindings/pyds/field.h"

namespace fluvial::python {
namespace {

// Ints that are no address at all (negative, too large) are told apart from those where nothing lies.
std::uintptr_t address_from(nb::handle number) {
  if (!PyLong_Check(number.ptr())) throw nb::type_error("expected an address, an int");
  const auto address = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred()) {
    PyErr_Clear();
    throw nb::type_error("expected an address: an int of 0..2**64-1");
  }
  return static_cast<std::uintptr_t>(address);
}

nb::object owned(PyObject* object) {
  if (!object) throw nb::python_error();
  return nb::steal(object);
}

std::uintptr_t alloc(std::size_t size) {
  const auto address = new_block(size);
  if (!address) throw std::bad_alloc();
  return address;
}

nb::object get_string(nb::handle address) { return owned(string_at(address_from(address))); }

nb::object get_ptr(nb::handle object) {
  Pointer pointer;
  if (!pointer_from(object.ptr(), pointer)) throw nb::python_error();
  remember_address(pointer);
  return nb::int_(reinterpret_cast<std::uintptr_t>(pointer.data));
}

std::uintptr_t duplicate(nb::handle address) {
  const auto from = address_from(address);
  if (from == 0) return 0;
  nb::object text = owned(string_at(from));
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (!bytes) throw nb::python_error();
  const auto copy = alloc(static_cast<std::size_t>(size) + 1);
  std::memcpy(reinterpret_cast<void*>(copy), bytes, static_cast<std::size_t>(size));
  return copy;
}

// Programs pass sys.getsizeof(cls), which is more than the struct: what cannot be read stays zero.
std::uintptr_t copy_memory(nb::handle address, std::size_t size) {
  const auto from = address_from(address);
  if (from == 0) return 0;
  const auto copy = alloc(size);
  read_memory(from, reinterpret_cast<void*>(copy), size);
  return copy;
}

}  // namespace

void bind_strings(nb::module_& m) {
  m.def("get_string", get_string, nb::arg("ptr"), "The C string at an address; None for 0.");
  m.def(
      "strdup2str",
      [](nb::handle address) -> nb::object {
        nb::object text = get_string(address);
        return text.is_none() ? nb::object(nb::str("")) : text;
      },
      nb::arg("ptr"), "The C string at an address; '' for 0.");
  m.def("get_ptr", get_ptr, nb::arg("ptr"), "The address in a capsule or of a pyds object.");
  m.def("strdup", duplicate, nb::arg("ptr"), "Address of a copy of the C string at an address.");
  m.def("memdup", copy_memory, nb::arg("ptr"), nb::arg("size"), "Address of a copy of memory.");
  m.def("alloc_buffer", alloc, nb::arg("size"), "Address of zeroed memory, for free_buffer.");
  m.def("alloc_char_buffer", alloc, nb::arg("size"), "Address of zeroed memory, for free_buffer.");
  // Strings of the metadata belong to it, and other addresses to nobody we know: those are left alone.
  m.def(
      "free_buffer", [](nb::handle address) { free_block(address_from(address)); }, nb::arg("buffer"),
      "Frees what alloc_buffer, strdup or memdup returned.");
  m.def(
      "free_gbuffer",
      [](nb::handle object) {
        Pointer pointer;
        if (!pointer_from(object.ptr(), pointer)) throw nb::python_error();
        free_block(reinterpret_cast<std::uintptr_t>(pointer.data));
      },
      nb::arg("buffer").none(), "Frees memory of alloc_buffer that was cast.");
}

}  // namespace fluvial::python
