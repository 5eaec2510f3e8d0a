#include "bindings/buffers.h"

#include "bindings/pyds/memory.h"

namespace fluvial::python {
namespace {

// PyGObject hashes a boxed or GObject to its C address.
std::uintptr_t address_of(nb::handle object) {
  if (PyLong_Check(object.ptr())) {
    const auto address = PyLong_AsUnsignedLongLong(object.ptr());
    if (!PyErr_Occurred()) return static_cast<std::uintptr_t>(address);
    PyErr_Clear();
    throw nb::value_error("not an address: give hash(gst_buffer)");
  }
  if (!nb::hasattr(object, "__gtype__")) throw nb::type_error("expected hash(gst_object), an int");
  const Py_hash_t hash = PyObject_Hash(object.ptr());
  if (hash == -1) throw nb::python_error();
  return static_cast<std::uintptr_t>(hash);
}

[[noreturn]] void refuse(std::uintptr_t address, const char* what) {
  char text[96];
  g_snprintf(text, sizeof(text), "0x%zx is no address of a %s: it is gone, or was never one",
             static_cast<std::size_t>(address), what);
  throw nb::value_error(text);
}

// g_type_is_a() follows the number as a pointer; comparing with those that exist does not.
bool is_among(GType base, GType number) {
  if (base == number) return true;
  guint count = 0;
  GType* children = g_type_children(base, &count);
  bool found = false;
  for (guint i = 0; i < count && !found; ++i) found = is_among(children[i], number);
  g_free(children);
  return found;
}

}  // namespace

GstBuffer* buffer_at(nb::handle buffer) {
  const std::uintptr_t address = address_of(buffer);
  if (!gst_is_initialized()) refuse(address, "Gst.Buffer");
  // A freed mini object has no references left, or lies in memory that now begins with something else than its type.
  GstMiniObject seen;
  if (address % alignof(GstBuffer) != 0 || read_memory(address, &seen, sizeof(seen)) != sizeof(seen) ||
      seen.type != GST_TYPE_BUFFER || seen.refcount < 1 || seen.refcount > (1 << 24))
    refuse(address, "Gst.Buffer");
  return reinterpret_cast<GstBuffer*>(address);
}

void* object_at(nb::handle object, GType type) {
  const std::uintptr_t address = address_of(object);
  GObject seen;
  GTypeClass klass;
  if (address % alignof(GObject) != 0 || read_memory(address, &seen, sizeof(seen)) != sizeof(seen) ||
      read_memory(reinterpret_cast<std::uintptr_t>(seen.g_type_instance.g_class), &klass, sizeof(klass)) !=
          sizeof(klass) ||
      seen.ref_count < 1 || seen.ref_count > (1 << 24) || !is_among(type, klass.g_type) ||
      g_type_class_peek(klass.g_type) != seen.g_type_instance.g_class)
    refuse(address, g_type_name(type));
  return reinterpret_cast<void*>(address);
}

}  // namespace fluvial::python
