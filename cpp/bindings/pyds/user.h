// Data that a program hangs on the metadata: who owns it, who copies it, who frees it.
//
// Three owners. Data of a NativeKind (alloc_custom_struct) is handed to the user meta, which copies and frees it
// without Python. Anything else from Python is held: its Python object stays alive until the meta is released. What an
// element made belongs to that element's own functions and is only looked at.
#pragma once

#include "bindings/pyds/capsule.h"
#include "bindings/pyds/classes.h"
#include "bindings/pyds/memory.h"

namespace fluvial::python {

// Structs that the metadata can own without Python. Its address in a user meta's base_meta.uContext marks the data.
struct NativeKind {
  TypeInfo* type;
  void* (*copy)(const void* data);
  void (*free)(void* data, const Later& later);
};
void add_native_kind(const NativeKind* kind);

// The char* members of a struct that owns them.
template <typename T>
struct Texts;

template <typename T, typename = void>
struct HasMask : std::false_type {};
template <typename T>
struct HasMask<T, std::void_t<decltype(T::mask)>> : std::true_type {};

// What copying and freeing a T takes. Specialised where a struct owns more than texts.
template <typename T>
struct Native {
  using Whole = T;  // with what is hidden behind it
  // Makes what a copy of the bytes shares its own.
  static void own(T& copy) {
    for (const auto text : Texts<T>::all) copy.*text = g_strdup(copy.*text);
    if constexpr (HasMask<T>::value) copy.mask = nullptr;  // a list of nobody knows what
  }
  static void free(T& data, const Later& later) {
    for (const auto text : Texts<T>::all) later(data.*text);
  }
};

template <typename T>
const NativeKind* native_kind() {
  using Whole = typename Native<T>::Whole;
  static const NativeKind kind = {
      &info<T>(),
      [](const void* data) -> void* {
        auto* copy = static_cast<Whole*>(g_memdup2(data, sizeof(Whole)));
        Native<T>::own(*copy);
        return copy;
      },
      [](void* data, const Later& later) {
        Native<T>::free(*static_cast<Whole*>(data), later);
        later(data);
      },
  };
  return &kind;
}

template <typename T>
TypeInfo& define_native(nb::module_& m, const char* name, PyGetSetDef* fields) {
  using Whole = typename Native<T>::Whole;
  auto& type = define<T>(m, name, fields);
  type.hidden = sizeof(Whole) - sizeof(T);
  type.is_trusted_only = true;
  type.release = [](void* data) { Native<T>::free(*static_cast<Whole*>(data), Later()); };
  add_native_kind(native_kind<T>());
  return type;
}

// A struct for a user meta, which owns, copies and frees it once it is stored there.
template <typename T>
nb::object alloc_for_user(Meta<NvDsUserMeta> user) {
  user.get();
  return owned(new_struct(info<T>()));
}

// True for data that neither Python nor a native kind of pyds put there.
bool is_made_by_element(const NvDsUserMeta* user);

// The kind of a struct that Python owns, or that it handed to a user meta; nullptr for what elements made.
const NativeKind* kind_at(const Pointer& pointer);
// The same while Python owns it, so that it can be handed over.
const NativeKind* kind_owned(const Pointer& pointer);

// False with ValueError set where the type says what the element is, or what somebody else's data is.
bool may_retype(PyObject* base_meta);

}  // namespace fluvial::python
