// NvDsEventMsgMeta: what nvmsgconv makes a message of. It owns its strings and the object that it is about.
//
// Behind each of ours lies which struct extMsg is, because objType, by which elements judge, may be set before or after
// it or not at all. While the two disagree elements see no extMsg (extMsgSize is 0), so none of them reads an age as an
// address.
#include "bindings/gate.h"
#include "bindings/pyds/field.h"
#include "bindings/pyds/schema.h"

namespace fluvial::python {
namespace {

struct Message {
  NvDsEventMsgMeta meta;
  const NativeKind* kind;  // of extMsg, which the message owns then
  PyObject* holder;        // of an extMsg of any other kind, else nullptr; counted
  guint size;              // extMsgSize as it was set
};

}  // namespace

template <>
struct Texts<NvDsEventMsgMeta> {
  using E = NvDsEventMsgMeta;
  static constexpr char* E::*all[] = {&E::ts, &E::objectId, &E::sensorStr, &E::otherAttrs, &E::videoPath};
};

namespace {

// Objects that this version of pyds does not know.
bool is_struct_of_others(NvDsObjectType type) {
  return type == NVDS_OBJECT_TYPE_3D || type == NVDS_OBJECT_TYPE_DUMMY || type == NVDS_OBJECT_TYPE_PRODUCT ||
         type == NVDS_OBJECT_TYPE_PRODUCT_EXT;
}

std::size_t bytes_of_held(const Message& message) {
  Pointer pointer;
  if (!message.holder || !pointer_from(message.holder, pointer)) PyErr_Clear();
  return pointer.type ? pointer.type->size : pointer.bytes;
}

// What elements see of extMsgSize. With the GIL.
void settle(Message& message) {
  const NvDsObjectType type = message.meta.objType;
  const TypeInfo* expected = object_for(type);
  const TypeInfo* given = message.kind ? message.kind->type : nullptr;
  const bool fits = message.meta.extMsg && (expected ? expected == given : !is_struct_of_others(type));
  const std::size_t known = given ? given->size : bytes_of_held(message);
  message.meta.extMsgSize = !fits   ? 0
                            : known ? static_cast<guint>(std::min<std::size_t>(known, message.size))
                                    : message.size;
}

void drop_holder(PyObject* holder) {
  if (!holder) return;
  InPython python;  // a streaming thread may free the message
  if (python) Py_DECREF(holder);
}

}  // namespace

template <>
struct Native<NvDsEventMsgMeta> {
  using Whole = Message;

  // As pyds: objects of other kinds stay behind, and so does one whose size was not set.
  static void own(Message& copy) {
    for (const auto text : Texts<NvDsEventMsgMeta>::all) copy.meta.*text = g_strdup(copy.meta.*text);
    auto& signature = copy.meta.objSignature;
    signature.signature = static_cast<double*>(g_memdup2(signature.signature, signature.size * sizeof(double)));
    copy.holder = nullptr;
    if (copy.kind && copy.size > 0) {
      copy.meta.extMsg = copy.kind->copy(copy.meta.extMsg);
      copy.size = static_cast<guint>(copy.kind->type->size);
      if (copy.meta.extMsgSize > 0) copy.meta.extMsgSize = copy.size;
    } else {
      copy.kind = nullptr;
      copy.meta.extMsg = nullptr;
      copy.meta.extMsgSize = copy.size = 0;
    }
  }

  static void free(Message& message, const Later& later) {
    for (const auto text : Texts<NvDsEventMsgMeta>::all) later(message.meta.*text);
    later(message.meta.objSignature.signature);
    if (message.kind) message.kind->free(message.meta.extMsg, later);
    drop_holder(message.holder);
  }
};

namespace {

// nullptr: an element made it, and nothing lies behind it.
Message* message_at(PyObject* self) {
  const auto* wrapper = as_wrapper(self);
  const Pointer pointer = {wrapper->data, &info<NvDsEventMsgMeta>(), sizeof(NvDsEventMsgMeta), wrapper->ground};
  return kind_at(pointer) == native_kind<NvDsEventMsgMeta>() ? static_cast<Message*>(wrapper->data) : nullptr;
}

int refuse(const char* field, const char* why) {
  PyErr_Format(PyExc_ValueError, "NvDsEventMsgMeta.%s: %s", field, why);
  return -1;
}

constexpr auto made_by_element = "an element made this message, and what it is about is its own";

int set_object_type(PyObject* self, PyObject* value, void* closure) {
  const Access<NvDsEventMsgMeta> meta(self);
  if (!meta) return -1;
  Message* message = message_at(self);
  if (!message && meta->extMsg) return refuse("objType", made_by_element);
  if (set_value<&NvDsEventMsgMeta::objType>(self, value, closure) != 0) return -1;
  if (message) settle(*message);
  return 0;
}

PyObject* get_extension_size(PyObject* self, void*) {
  const Access<NvDsEventMsgMeta> meta(self);
  if (!meta) return nullptr;
  const Message* message = message_at(self);
  return PyLong_FromUnsignedLong(message ? message->size : meta->extMsgSize);
}

int set_extension_size(PyObject* self, PyObject* value, void*) {
  if (!checked<NvDsEventMsgMeta>(self)) return -1;
  if (!value) return refuse_delete("NvDsEventMsgMeta", "extMsgSize");
  guint size = 0;
  if (!value_from(value, "NvDsEventMsgMeta", "extMsgSize", size) || !checked<NvDsEventMsgMeta>(self)) return -1;
  Message* message = message_at(self);
  if (!message) return refuse("extMsgSize", made_by_element);
  message->size = size;
  settle(*message);
  return 0;
}

PyObject* get_extension(PyObject* self, void*) {
  const Access<NvDsEventMsgMeta> meta(self);
  if (!meta) return nullptr;
  const auto& ground = as_wrapper(self)->ground;
  const Message* message = message_at(self);
  if (message && message->holder) {
    Pointer pointer;
    if (PyCapsule_CheckExact(message->holder)) return Py_NewRef(message->holder);
    return pointer_from(message->holder, pointer) ? capsule_of(pointer.data, pointer.ground, pointer.type) : nullptr;
  }
  if (message) return capsule_of(meta->extMsg, ground, message->kind ? message->kind->type : nullptr);
  return capsule_of(meta->extMsg, ground, meta->extMsgSize > 0 ? object_for(meta->objType) : nullptr, meta->extMsgSize);
}

// False with ValueError: it has an owner already, or would own itself.
bool may_extend(const Pointer& pointer, const NativeKind* kind, const Root* self) {
  const Root* root = pointer.ground.root;
  if (!root) return true;
  if (root == self || kind == native_kind<NvDsEventMsgMeta>())
    return refuse("extMsg", "a message is about an object, not about a message") == 0;
  if (root->owner) return refuse("extMsg", "another message or user meta owns this") == 0;
  if (pointer.ground.element || root->lease)
    return refuse("extMsg", "this lives in the metadata and goes with it") == 0;
  return true;
}

int set_extension(PyObject* self, PyObject* value, void*) {
  if (!checked<NvDsEventMsgMeta>(self)) return -1;
  if (!value) return refuse_delete("NvDsEventMsgMeta", "extMsg");
  const auto& ground = as_wrapper(self)->ground;
  PyObject* old_holder = nullptr;
  {
    LockedMeta lock(ground.root);  // a copy of the buffer may be being made
    Pointer pointer;
    if (!checked<NvDsEventMsgMeta>(self) || !pointer_from(value, pointer)) return -1;
    Message* message = message_at(self);
    if (!message) return refuse("extMsg", made_by_element);
    if (pointer.data == message->meta.extMsg) return 0;
    const NativeKind* kind = kind_owned(pointer);
    if (!may_extend(pointer, kind, ground.root)) return -1;
    if (message->kind) message->kind->free(message->meta.extMsg, Later(ground));
    old_holder = message->holder;
    if (kind) hand_over(pointer.ground.root, ground);
    message->kind = kind;
    message->holder = kind || !pointer.data ? nullptr : Py_NewRef(value);
    message->meta.extMsg = pointer.data;
    settle(*message);
  }
  Py_XDECREF(old_holder);  // may run Python code, so without the lock
  return 0;
}

// For programs of pyds 1.1 there is a call without the user meta.
nb::object alloc_event(Maybe<NvDsUserMeta> user) {
  if (user) user.get();
  return owned(new_struct(info<NvDsEventMsgMeta>()));
}

}  // namespace

void bind_event(nb::module_& m) {
  using E = NvDsEventMsgMeta;
  static PyGetSetDef fields[] = {
      field<&E::type>("type"),
      {"objType", get_value<&E::objType>, set_object_type, "NvDsObjectType", closure_of("objType")},
      field<&E::bbox>("bbox"),
      field<&E::location>("location"),
      field<&E::coordinate>("coordinate"),
      field<&E::objSignature>("objSignature"),
      field<&E::objClassId>("objClassId"),
      field<&E::sensorId>("sensorId"),
      field<&E::moduleId>("moduleId"),
      field<&E::placeId>("placeId"),
      field<&E::componentId>("componentId"),
      field<&E::frameId>("frameId"),
      field<&E::confidence>("confidence"),
      field<&E::trackingId>("trackingId"),
      text_or_address<&E::ts>("ts"),
      text_or_address<&E::objectId>("objectId"),
      text_or_address<&E::sensorStr>("sensorStr"),
      text_or_address<&E::otherAttrs>("otherAttrs"),
      text_or_address<&E::videoPath>("videoPath"),
      {"extMsg", get_extension, set_extension, "capsule | None, set as object: the object that it is about", nullptr},
      {"extMsgSize", get_extension_size, set_extension_size, "int: 0 where elements shall see no extMsg", nullptr},
      {},
  };
  define_native<E>(m, "NvDsEventMsgMeta", fields);

  m.def("alloc_nvds_event_msg_meta", alloc_event, nb::arg("user_meta") = nb::none(),
        "A NvDsEventMsgMeta for user_meta.user_meta_data, which then owns, copies and frees it, without Python.");
}

}  // namespace fluvial::python
