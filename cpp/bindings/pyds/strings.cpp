// Strings and memory by address.
#include <ctime>
#include <string>

#include "bindings/pyds/field.h"
#include "bindings/pyds/user.h"

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

// A struct that owns strings is copied with them: two owners would free them twice.
std::uintptr_t copy_struct(const NativeKind& kind, const void* data) {
  Root* root = new_owned_root(kind.copy(data), kind.type->free);
  if (!root) throw nb::python_error();
  const nb::object owner = nb::steal(reinterpret_cast<PyObject*>(root));
  add_block(root, *kind.type);
  return reinterpret_cast<std::uintptr_t>(root->owned);
}

// Programs pass sys.getsizeof(cls), which is more than the struct: what cannot be read stays zero.
std::uintptr_t copy_memory(nb::handle address, std::size_t size) {
  const auto from = address_from(address);
  if (from == 0) return 0;
  Pointer known;
  if (recall_address(from, known) && is_good(known.ground))
    if (const NativeKind* kind = kind_at(known)) return copy_struct(*kind, known.data);
  const auto copy = alloc(size);
  read_memory(from, reinterpret_cast<void*>(copy), size);
  return copy;
}

// "2026-11-25T19:13:32.123Z": now.
void write_time(nb::handle address, std::size_t size) {
  constexpr std::size_t needed = sizeof("YYYY-MM-DDTHH:MM:SS.mmmZ");
  Pointer block;
  if (!block_at(address_from(address), block) || !is_good(block.ground) || block.type)
    throw nb::value_error("generate_ts_rfc3339: buffer: not an address from alloc_buffer");
  const std::size_t room = std::min(size, block.bytes);
  if (room < needed)
    throw nb::value_error(("generate_ts_rfc3339: a time takes " + std::to_string(needed) +
                           " bytes with its end, and there are " + std::to_string(room))
                              .c_str());
  const gint64 now = g_get_real_time();
  const auto seconds = static_cast<std::time_t>(now / G_USEC_PER_SEC);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const std::size_t length = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  g_snprintf(text + length, sizeof(text) - length, ".%03dZ", static_cast<int>(now / 1000 % 1000));
  g_strlcpy(static_cast<char*>(block.data), text, room);
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
  m.def("generate_ts_rfc3339", write_time, nb::arg("buffer"), nb::arg("size"),
        "Writes the time now, in UTC, into memory of alloc_buffer, at most size bytes of it.");
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
