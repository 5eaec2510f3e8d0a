// A pyds object: a C pointer and what it stands on. One layout for every class, so that making one costs an allocation
// and reading a field costs a comparison.
//
// No Python call may crash the process, so whose memory it is decides what may be done with it:
//
// 1. Arenas (everything in pools), memory of Python's own (Cls()) and blocks (alloc_buffer, strdup, memdup) stay while
//    a Root is held. They are read and written directly, after is_good(), and NumPy may show them.
// 2. What a user meta points at is freed by its owner at any moment, from any thread. It is known by the meta's type
//    (type_of_data in user.cpp) and touched under the metadata's lock only, after asking again: Access, or LockedMeta.
//    NumPy gets copies.
// 3. Strings that structs point at are read by the kernel (string_at), which says where there is none.
// 4. Anything else (capsules of others, ints) is nobody's: no class is put over it, nothing follows or writes it.
//    get_string, memdup and get_detections read it by the kernel. Blocks may pose as structs without pointers inside.
//
// Buffers are known by address while they live (meta/live_buffers.h); GObjects are taken from PyGObjects only.
#pragma once

#include <glib.h>
#include <nanobind/nanobind.h>

#include <cstring>
#include <new>

#include "bindings/root.h"

namespace fluvial::python {

namespace nb = nanobind;

// What is known about one class of pyds, once a process.
struct TypeInfo {
  const char* name = nullptr;
  std::size_t size = 0;
  std::size_t hidden = 0;  // bytes of ours behind the struct
  PyTypeObject* type = nullptr;
  void (*construct)(void*) = nullptr;  // of zeroed memory; nullptr: that is enough
  void (*release)(void*) = nullptr;    // frees what an instance of Python's own points at; nullptr: nothing
  void (*free)(void*) = nullptr;       // releases it and frees the struct itself
  bool is_made_by_elements_only = false;
  // Reached only through the metadata: lists and pointers inside are followed, so no foreign memory may pose as one.
  bool is_trusted_only = false;
  // The class, a list of it and an array of it as the documentation of fields names them. Fields point here before the
  // class is defined, which fills them.
  char text[48] = "";
  char list_text[64] = "";
  char array_text[64] = "";
};

template <typename T>
TypeInfo& info() {
  static TypeInfo of_type;
  return of_type;
}

struct Wrapper {
  PyObject_HEAD void* data;
  Ground ground;  // holds a reference on its root
};

// A new reference to a wrapper, or nullptr with an exception. Borrows the ground's root.
PyObject* wrap(const TypeInfo& type, void* data, const Ground& ground);

// A part of what self is: same buffer, same element.
template <typename M>
PyObject* wrap_part(PyObject* self, M* part) {
  return wrap(info<M>(), part, reinterpret_cast<Wrapper*>(self)->ground);
}

// An element of a pool, which watches its own generation. None for nullptr and for what is back in its pool.
PyObject* wrap_pooled(const TypeInfo& type, void* element, Root* root);

inline const Wrapper* as_wrapper(PyObject* self) { return reinterpret_cast<const Wrapper*>(self); }

// nullptr, with StaleMetadataError set, when the memory means something else by now.
template <typename T>
T* checked(PyObject* self) {
  const auto* wrapper = as_wrapper(self);
  if (__builtin_expect(is_good(wrapper->ground), 1)) return static_cast<T*>(wrapper->data);
  set_stale(info<T>().name, wrapper->ground);
  return nullptr;
}

// The memory of a pyds object while it is read or written: of an owner who frees it at will under the metadata's lock.
// Empty, with StaleMetadataError set, when the memory means something else by now.
template <typename T>
class Access {
 public:
  explicit Access(PyObject* self) : data_(checked<T>(self)) {
    Root* root = as_wrapper(self)->ground.root;
    if (__builtin_expect(!data_ || !root->is_outside, 1)) return;
    locked_ = base_of(root)->batch;
    if (!locked_) return;  // handed to a struct that is still Python's
    lock_meta(locked_);
    data_ = checked<T>(self);  // waiting may have let it go
  }
  ~Access() {
    if (__builtin_expect(locked_ != nullptr, 0)) g_rec_mutex_unlock(&locked_->meta_mutex);
  }
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  T* get() const { return data_; }
  T* operator->() const { return data_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  T* data_;
  NvDsBatchMeta* locked_ = nullptr;  // its arena is held by self's root
};

bool is_wrapper(PyObject* object);
const TypeInfo* type_of(PyObject* wrapper);  // of one of our classes, else nullptr

// Cls.cast(x): capsule, pyds object, None or int. A new reference, or nullptr with an exception.
PyObject* cast_to(const TypeInfo& type, PyObject* from);
template <typename T>
PyObject* cast_method(PyObject* from) {
  return cast_to(info<T>(), from);
}

// A new reference, or the exception that stands.
inline nb::object owned(PyObject* object) {
  if (!object) throw nb::python_error();
  return nb::steal(object);
}

// A struct of Python's own, zeroed: Cls().
PyObject* new_struct(const TypeInfo& type);

// True when memory known as `from` (nullptr: unknown) may be looked at as `to`.
bool can_view_as(const TypeInfo* from, const TypeInfo& to);

// Classes whose first bytes are a NvDsBaseMeta: all that live in pools.
void mark_as_pooled(const TypeInfo& type);

struct TypeSpec {
  PyGetSetDef* fields;
  PyMethodDef* methods = nullptr;
  bool is_cast_static = false;
};
// Makes the Python class and adds it to the module.
void define_class(nb::module_& m, TypeInfo& type, const TypeSpec& spec);

template <typename T>
void free_struct(void* data) {
  if (info<T>().release) info<T>().release(data);
  g_free(data);
}

template <typename T>
TypeInfo& define(nb::module_& m, const char* name, const TypeSpec& spec) {
  TypeInfo& type = info<T>();
  type.name = name;
  type.size = sizeof(T);
  type.free = free_struct<T>;
  define_class(m, type, spec);
  return type;
}

template <typename T>
TypeInfo& define(nb::module_& m, const char* name, PyGetSetDef* fields, PyMethodDef* methods = nullptr) {
  return define<T>(m, name, TypeSpec{fields, methods});
}

// A struct with C++ members, of which Python can make its own.
template <typename T>
void construct_in_place(TypeInfo& type) {
  type.construct = [](void* memory) { new (memory) T(); };
  type.release = [](void* data) { static_cast<T*>(data)->~T(); };
}

// Makes sure that a type exists before another class' table is used; the order of files does not matter at run time,
// because the tables ask for info<T>() only when a field is read.

// --- arguments of functions

// A pyds object as an argument. get() raises StaleMetadataError.
template <typename T>
struct Meta {
  PyObject* object = nullptr;  // borrowed; nullptr for None

  T* get() const {
    T* data = checked<T>(object);
    if (!data) throw nb::python_error();
    return data;
  }
  const Ground& ground() const { return as_wrapper(object)->ground; }
  explicit operator bool() const { return object != nullptr; }
};

// The same where None is allowed.
template <typename T>
struct Maybe : Meta<T> {};

template <typename T>
struct ClassName;  // the name in signatures: see classes.h

}  // namespace fluvial::python

namespace nanobind::detail {

template <typename T>
struct type_caster<fluvial::python::Meta<T>> {
  NB_TYPE_CASTER(fluvial::python::Meta<T>, fluvial::python::ClassName<T>::text)
  bool from_python(handle src, uint32_t, cleanup_list*) noexcept {
    value.object = src.ptr();
    return Py_TYPE(src.ptr()) == fluvial::python::info<T>().type;
  }
};

template <typename T>
struct type_caster<fluvial::python::Maybe<T>> {
  NB_TYPE_CASTER(fluvial::python::Maybe<T>, fluvial::python::ClassName<T>::text + const_name(" | None"))
  bool from_python(handle src, uint32_t, cleanup_list*) noexcept {
    value.object = src.is_none() ? nullptr : src.ptr();
    return src.is_none() || Py_TYPE(src.ptr()) == fluvial::python::info<T>().type;
  }
};

}  // namespace nanobind::detail
