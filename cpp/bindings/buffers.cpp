#include "bindings/buffers.h"

#include <string>

#include "bindings/pyds/memory.h"
#include "meta/live_buffers.h"

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

// A freed mini object has no references left, or lies in memory that now begins with something else than its type.
bool looks_like_buffer(std::uintptr_t address) {
  GstMiniObject seen;
  return gst_is_initialized() && address % alignof(GstBuffer) == 0 &&
         read_memory(address, &seen, sizeof(seen)) == sizeof(seen) && seen.type == GST_TYPE_BUFFER &&
         seen.refcount >= 1 && seen.refcount <= (1 << 24);
}

// PyGObject's own hash of a PyGObject is its GObject, whatever a subclass makes of __hash__; nullptr for anything else.
void* gobject_in(nb::handle object) {
  if (!nb::hasattr(object, "__gtype__")) return nullptr;
  nb::object base = nb::module_::import_("gi._gi").attr("GObject");
  if (!nb::isinstance(object, base)) return nullptr;
  const nb::object hash = base.attr("__hash__")(object);
  return PyLong_AsVoidPtr(hash.ptr());
}

}  // namespace

void HeldBuffer::release(GstBuffer* buffer) {
  if (!buffer || unref_unless_last(buffer)) return;
  Py_BEGIN_ALLOW_THREADS;
  gst_buffer_unref(buffer);
  Py_END_ALLOW_THREADS;
}

HeldBuffer buffer_at(nb::handle buffer) {
  const std::uintptr_t address = address_of(buffer);
  HeldBuffer held(ref_live_buffer(reinterpret_cast<void*>(address)));
  if (!held && !looks_like_buffer(address)) refuse(address, "Gst.Buffer");
  return held;
}

HeldBuffer buffer_of(const Root* root) { return HeldBuffer(ref_live_buffer(root->buffer)); }

void* object_in(nb::handle object, GType type) {
  void* found = gobject_in(object);
  if (found && g_type_check_instance_is_a(static_cast<GTypeInstance*>(found), type)) return found;
  throw nb::type_error((std::string("expected a ") + g_type_name(type) + ", not " +
                        (found ? G_OBJECT_TYPE_NAME(found) : Py_TYPE(object.ptr())->tp_name))
                           .c_str());
}

}  // namespace fluvial::python
