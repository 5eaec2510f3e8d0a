// NvDsEvent and NvDsPayload, as a message broker takes them.
#include <memory>

#include "bindings/pyds/pointer.h"

namespace fluvial::python {
namespace {

bool is_readable(const void* memory, std::size_t size) {
  const auto copy = std::make_unique<char[]>(size);
  return read_memory(reinterpret_cast<std::uintptr_t>(memory), copy.get(), size) == size;
}

// False with ValueError where so many bytes are not there: who sends the payload would read beyond it.
bool is_there(const NvDsPayload& payload, PyObject* kept, std::size_t size) {
  if (!payload.payload || size == 0) return true;
  Pointer pointer;
  if (kept && !pointer_from(kept, pointer)) return false;
  const std::size_t known = pointer.type ? pointer.type->size : pointer.bytes;
  const bool fits = known ? size <= known : is_readable(payload.payload, size);
  if (!fits) PyErr_Format(PyExc_ValueError, "NvDsPayload.payloadSize: %zu bytes are not there", size);
  return fits;
}

int set_payload(PyObject* self, PyObject* value, void* closure) {
  if (set_void<&NvDsPayload::payload>(self, value, closure) != 0) return -1;
  auto* payload = checked<NvDsPayload>(self);
  if (!payload) return -1;
  if (is_there(*payload, value, payload->payloadSize)) return 0;
  payload->payloadSize = 0;
  return -1;
}

int set_size(PyObject* self, PyObject* value, void* closure) {
  auto* payload = checked<NvDsPayload>(self);
  if (!payload) return -1;
  const Root* root = as_wrapper(self)->ground.root;
  if (!is_pythons(root)) return set_count<&NvDsPayload::payloadSize>(self, value, closure);
  guint size = 0;
  if (!value) return refuse_delete("NvDsPayload", "payloadSize");
  if (!value_from(value, "NvDsPayload", "payloadSize", size) || !(payload = checked<NvDsPayload>(self))) return -1;
  if (!is_there(*payload, kept_at(root, &payload->payload), size)) return -1;
  payload->payloadSize = size;
  return 0;
}

PyObject* get_payload(PyObject* self, void*) {
  const Access<NvDsPayload> payload(self);
  return payload ? get_pointer(self, payload->payload, &payload->payload, nullptr, payload->payloadSize) : nullptr;
}

template <typename T>
nb::object alloc() {
  return owned(new_struct(info<T>()));
}

}  // namespace

void bind_payload(nb::module_& m) {
  using E = NvDsEvent;
  static PyGetSetDef event_fields[] = {
      field<&E::eventType>("eventType"), reference<&E::metadata>("metadata", "NvDsEventMsgMeta | None"), {}};
  define<E>(m, "NvDsEvent", event_fields).is_trusted_only = true;

  using P = NvDsPayload;
  static PyGetSetDef payload_fields[] = {
      {"payload", get_payload, set_payload, "capsule | None, set as object: a capsule, a pyds object or None",
       closure_of("payload")},
      {"payloadSize", get_value<&P::payloadSize>, set_size, "int: bytes", closure_of("payloadSize")},
      field<&P::componentId>("componentId"),
      {},
  };
  define<P>(m, "NvDsPayload", payload_fields).is_trusted_only = true;

  m.def("alloc_nvds_event", alloc<E>, "A NvDsEvent.");
  m.def("alloc_nvds_payload", alloc<P>, "A NvDsPayload.");
}

}  // namespace fluvial::python
