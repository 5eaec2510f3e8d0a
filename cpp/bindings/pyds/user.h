// Data that a program hangs on the metadata: who owns it, who copies it, who frees it.
//
// Three owners. Data of a NativeKind (alloc_custom_struct) is handed to the user meta, which copies and frees it
// without Python. Anything else from Python is held: its Python object stays alive until the meta is released. What an
// element made belongs to that element's own functions and is only looked at.
#pragma once

#include "bindings/pyds/capsule.h"
#include "bindings/pyds/classes.h"

namespace fluvial::python {

// Structs that the metadata can own without Python. Its address in a user meta's base_meta.uContext marks the data.
struct NativeKind {
  TypeInfo* type;
  NvDsMetaCopyFunc copy;        // gets the NvDsUserMeta, returns new data
  NvDsMetaReleaseFunc release;  // gets the NvDsUserMeta
  void (*free)(void* data);
};
void add_native_kind(const NativeKind* kind);

// False with ValueError set where the type says what the element is, or what somebody else's data is.
bool may_retype(PyObject* base_meta);

}  // namespace fluvial::python
