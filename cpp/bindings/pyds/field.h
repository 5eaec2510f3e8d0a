// One line a field: each helper makes the getter and setter of one kind of member, so that a class is a table.
//
//   PyGetSetDef fields[] = {field<&NvDsObjectMeta::class_id>("class_id"), ..., {}};
//
// Kinds follow the member's C type: numbers, enums, structs inside the struct, char arrays. Pointers mean different
// things and have a helper each. What pyds rejects is rejected (float for int, int for enum, negative for unsigned:
// TypeError); what would make it crash is rejected too.
//
// The documentation of a field is its type, as `TYPE`, `TYPE: what` or `TYPE, set as TYPE: what`; help() and the stub
// are made from it. A line written by hand says it too.
#pragma once

#include <glib.h>

#include <cstring>
#include <limits>
#include <type_traits>

#include "bindings/pyds/capsule.h"
#include "bindings/pyds/classes.h"
#include "bindings/pyds/enums.h"
#include "bindings/pyds/memory.h"

namespace fluvial::python {

template <auto Member>
struct MemberOf;
template <typename C, typename M, M C::*P>
struct MemberOf<P> {
  using Struct = C;
  using Type = M;
};
template <auto Member>
using StructOf = typename MemberOf<Member>::Struct;
template <auto Member>
using TypeOf = typename MemberOf<Member>::Type;

inline const char* name_in(void* closure) { return static_cast<const char*>(closure); }

// --- values from and to Python

// False with TypeError set, naming the field, for what is no whole number or does not fit.
bool int_from(PyObject* value, long long low, unsigned long long high, const char* type, const char* field,
              unsigned long long& out);
bool float_from(PyObject* value, const char* type, const char* field, double& out);
// Borrowed UTF-8; nullptr with TypeError.
const char* utf8_from(PyObject* value, const char* type, const char* field, Py_ssize_t& size);
int refuse_delete(const char* type, const char* field);
int refuse_more(const char* type, const char* field, PyObject* value, std::uint64_t limit);
int refuse_type(const char* type, const char* field, const char* expected, PyObject* value);

// A struct may hold anything, as a program may cast an address of its own: a load of a bool or an enum as such is
// undefined where the value is none of the type's.
template <typename Number, typename M>
Number raw(const M& value) {
  static_assert(sizeof(Number) == sizeof(M));
  Number number;
  std::memcpy(&number, &value, sizeof number);
  return number;
}

template <typename M>
PyObject* value_to(const M& value) {
  if constexpr (std::is_same_v<M, bool>)
    return PyBool_FromLong(raw<unsigned char>(value));
  else if constexpr (std::is_enum_v<M>)
    return enum_to<M>(static_cast<long long>(raw<std::underlying_type_t<M>>(value)));
  else if constexpr (std::is_floating_point_v<M>)
    return PyFloat_FromDouble(static_cast<double>(value));
  else if constexpr (std::is_signed_v<M>)
    return PyLong_FromLongLong(value);
  else
    return PyLong_FromUnsignedLongLong(value);
}

template <typename M>
bool value_from(PyObject* value, const char* type, const char* field, M& out) {
  if constexpr (std::is_same_v<M, bool>) {
    const int truth = PyObject_IsTrue(value);
    out = truth > 0;
    return truth >= 0;
  } else if constexpr (std::is_enum_v<M>) {
    long long number = 0;
    if (!enum_from<M>(value, number)) return refuse_type(type, field, enum_info<M>().name, value) == 0;
    out = static_cast<M>(number);
    return true;
  } else if constexpr (std::is_floating_point_v<M>) {
    double number = 0;
    if (!float_from(value, type, field, number)) return false;
    out = static_cast<M>(number);
    return true;
  } else {
    unsigned long long number = 0;
    if (!int_from(value, static_cast<long long>(std::numeric_limits<M>::min()),
                  static_cast<unsigned long long>(std::numeric_limits<M>::max()), type, field, number))
      return false;
    out = static_cast<M>(number);
    return true;
  }
}

// Assigning a whole struct copies it, in two steps, as the two may be of batches with a lock each: a copy is made, then
// put in place of the old. Both are specialised where a struct owns memory, which is copied and freed too.
template <typename M>
M duplicate_part(const M& from) {
  return from;
}
template <typename M>
void replace_part(M& to, const M& copy, const Ground&) {
  to = copy;
}
template <>
NvOSD_TextParams duplicate_part(const NvOSD_TextParams& from);
template <>
void replace_part(NvOSD_TextParams& to, const NvOSD_TextParams& copy, const Ground& ground);
template <>
NvOSD_MaskParams duplicate_part(const NvOSD_MaskParams& from);
template <>
void replace_part(NvOSD_MaskParams& to, const NvOSD_MaskParams& copy, const Ground& ground);
template <>
NvDsObjectSignature duplicate_part(const NvDsObjectSignature& from);
template <>
void replace_part(NvDsObjectSignature& to, const NvDsObjectSignature& copy, const Ground& ground);

// A new specialisation of the two goes in here.
template <typename M>
constexpr bool owns_memory = std::is_same_v<M, NvOSD_TextParams> || std::is_same_v<M, NvOSD_MaskParams> ||
                             std::is_same_v<M, NvDsObjectSignature>;

// Not structs that say what the memory is, nor those that own some and could not copy it.
template <typename M>
bool may_assign() {
  return !std::is_same_v<M, NvDsBaseMeta> && (owns_memory<M> || !info<M>().release);
}
int refuse_assignment(const char* type, const char* field);

// Whose lock copying a part needs: what it owns is freed under the metadata's lock. nullptr: none.
template <typename M>
NvDsBatchMeta* lock_for(PyObject* self) {
  Root* root = as_wrapper(self)->ground.root;
  return owns_memory<M> || root->is_outside ? base_of(root)->batch : nullptr;
}

// A string that the metadata pointed at. Elements may still read it, so it goes with the batch.
void free_text(void* text, const Ground& ground);
// An array that NumPy views may still show: it goes when the last wrapper on this ground has gone.
void free_array(void* array, const Ground& ground);

// --- getters and setters

template <auto Member>
PyObject* get_value(PyObject* self, void*) {
  const Access<StructOf<Member>> data(self);
  return data ? value_to(data.get()->*Member) : nullptr;
}

template <auto Member>
int set_value(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  if (!checked<S>(self)) return -1;
  if (!value) return refuse_delete(info<S>().name, name_in(closure));
  TypeOf<Member> converted{};
  if (!value_from(value, info<S>().name, name_in(closure), converted)) return -1;
  // Converting may have run Python code (__index__), and that may have removed the object.
  const Access<S> data(self);
  if (!data) return -1;
  data.get()->*Member = converted;
  return 0;
}

template <auto Member>
PyObject* get_part(PyObject* self, void*) {
  auto* data = checked<StructOf<Member>>(self);
  return data ? wrap_part(self, &(data->*Member)) : nullptr;
}

template <auto Member>
int set_part(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  using M = TypeOf<Member>;
  auto* data = checked<S>(self);
  if (!data) return -1;
  if (!value) return refuse_delete(info<S>().name, name_in(closure));
  if (Py_TYPE(value) != info<M>().type) return refuse_type(info<S>().name, name_in(closure), info<M>().name, value);
  if (as_wrapper(value)->data == &(data->*Member)) return checked<M>(value) ? 0 : -1;  // itself
  if (!may_assign<M>()) return refuse_assignment(info<S>().name, name_in(closure));
  M copy{};
  {
    const LockedMeta lock(lock_for<M>(value));
    const auto* from = checked<M>(value);
    if (!from) return -1;
    copy = duplicate_part(*from);
  }
  const LockedMeta lock(lock_for<M>(self));
  if (!(data = checked<S>(self))) {
    if (info<M>().release) info<M>().release(&copy);
    return -1;
  }
  replace_part(data->*Member, copy, as_wrapper(self)->ground);
  return 0;
}

// char[N]: a str up to the first NUL. Setting cuts at a whole character and clears the rest.
PyObject* chars_to(const char* chars, std::size_t size);
int chars_from(PyObject* value, char* chars, std::size_t size, const char* type, const char* field);

template <auto Member>
PyObject* get_chars(PyObject* self, void*) {
  const Access<StructOf<Member>> data(self);
  return data ? chars_to(data.get()->*Member, sizeof(TypeOf<Member>)) : nullptr;
}

template <auto Member>
int set_chars(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  const Access<S> data(self);
  return data ? chars_from(value, data.get()->*Member, sizeof(TypeOf<Member>), info<S>().name, name_in(closure)) : -1;
}

// gint64[4] and the like: pyds shows them as int32 of the same length, so only the first half of the bytes. A copy
// where the memory does not stay.
PyObject* int_view(void* data, std::size_t length, bool is_unsigned, const Ground& ground);

template <auto Member>
PyObject* get_array(PyObject* self, void*) {
  const Access<StructOf<Member>> data(self);
  using E = std::remove_extent_t<TypeOf<Member>>;
  return data ? int_view(data.get()->*Member, std::extent_v<TypeOf<Member>>, std::is_unsigned_v<E>,
                         as_wrapper(self)->ground)
              : nullptr;
}

// Struct[N]: a fresh list of references into the array.
template <auto Member>
PyObject* get_structs(PyObject* self, void*) {
  auto* data = checked<StructOf<Member>>(self);
  if (!data) return nullptr;
  constexpr auto length = static_cast<Py_ssize_t>(std::extent_v<TypeOf<Member>>);
  PyObject* list = PyList_New(length);
  for (Py_ssize_t i = 0; list && i < length; ++i) {
    PyObject* item = wrap_part(self, &(data->*Member)[i]);
    if (!item) {
      Py_DECREF(list);
      return nullptr;
    }
    PyList_SET_ITEM(list, i, item);
  }
  return list;
}

template <auto Member>
PyObject* get_list(PyObject* self, void* closure) {
  auto* data = checked<StructOf<Member>>(self);
  if (!data) return nullptr;
  const auto& ground = as_wrapper(self)->ground;
  return glist_of(ground.root, ground, static_cast<const TypeInfo*>(closure), &(data->*Member));
}

// char* whose address pyds shows as an int, to be read with get_string.
template <auto Member>
PyObject* get_address(PyObject* self, void*) {
  const Access<StructOf<Member>> data(self);
  return data ? PyLong_FromSize_t(reinterpret_cast<std::size_t>(data.get()->*Member)) : nullptr;
}

// The field owns its string.
template <auto Member>
int set_owned_text(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  if (!checked<S>(self)) return -1;
  if (!value) return refuse_delete(info<S>().name, name_in(closure));
  Py_ssize_t size = 0;
  const char* text = utf8_from(value, info<S>().name, name_in(closure), size);
  if (!text) return -1;
  const auto& ground = as_wrapper(self)->ground;
  LockedMeta lock(ground.root);
  auto* data = checked<S>(self);
  if (!data) return -1;
  void* old = const_cast<char*>(data->*Member);
  data->*Member = g_strdup(text);
  free_text(old, ground);
  return 0;
}

// What an address that is stored in a field turns into: memory for that field to own. A block of alloc_buffer or memdup
// itself, which stays known by its address, else a copy of the string that lies there; nullptr for 0. False with an
// exception.
bool text_at(PyObject* address, const char* type, const char* field, const Ground& ground, char*& out);

// The same, where an address may stand for the string too. The old string is nobody's buffer any more.
template <auto Member>
int set_text_or_address(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  if (!value || !PyLong_Check(value)) return set_owned_text<Member>(self, value, closure);
  if (!checked<S>(self)) return -1;
  const auto& ground = as_wrapper(self)->ground;
  LockedMeta lock(ground.root);
  auto* data = checked<S>(self);
  if (!data) return -1;
  if (data->*Member && PyLong_AsSize_t(value) == reinterpret_cast<std::size_t>(data->*Member)) return 0;
  PyErr_Clear();
  char* text = nullptr;
  if (!text_at(value, info<S>().name, name_in(closure), ground, text)) return -1;
  free_text(data->*Member, ground);
  data->*Member = text;
  return 0;
}

// A char* that pyds shows as str and lets point into the str that was set: here the field owns a copy. None is nullptr.
template <auto Member>
int set_text_or_none(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  if (value != Py_None) return set_owned_text<Member>(self, value, closure);
  if (!checked<S>(self)) return -1;
  const auto& ground = as_wrapper(self)->ground;
  LockedMeta lock(ground.root);
  auto* data = checked<S>(self);
  if (!data) return -1;
  free_text(data->*Member, ground);
  data->*Member = nullptr;
  return 0;
}

// Strings that are never freed: font names, of which there are few.
template <auto Member>
int set_interned_text(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  if (!checked<S>(self)) return -1;
  if (!value) return refuse_delete(info<S>().name, name_in(closure));
  Py_ssize_t size = 0;
  const char* text = utf8_from(value, info<S>().name, name_in(closure), size);
  const Access<S> data(self);
  if (!text || !data) return -1;
  data.get()->*Member = const_cast<char*>(g_intern_string(text));
  return 0;
}

// const char* shown as str or None. The string may be somebody else's, so the kernel looks first.
template <auto Member>
PyObject* get_string_or_none(PyObject* self, void*) {
  const Access<StructOf<Member>> data(self);
  return data ? string_at(reinterpret_cast<std::uintptr_t>(data.get()->*Member)) : nullptr;
}

template <auto Member>
PyObject* get_capsule(PyObject* self, void*) {
  const Access<StructOf<Member>> data(self);
  return data ? capsule_of(static_cast<void*>(data.get()->*Member), as_wrapper(self)->ground, nullptr) : nullptr;
}

// --- the lines of a table

inline void* closure_of(const char* name) { return const_cast<char*>(name); }

// The type of a member as Python sees it. Enums are defined before any class.
template <typename M>
const char* type_text() {
  using E = std::remove_extent_t<M>;
  if constexpr (std::is_same_v<E, char>)
    return "str";
  else if constexpr (std::is_array_v<M> && std::is_class_v<E>)
    return info<E>().array_text;
  else if constexpr (std::is_array_v<M>)
    return std::is_unsigned_v<E> ? "NDArray[uint32]" : "NDArray[int32]";
  else if constexpr (std::is_class_v<M>)
    return info<M>().text;
  else if constexpr (std::is_enum_v<M>)
    return enum_info<M>().name;
  else if constexpr (std::is_same_v<M, bool>)
    return "bool";
  else
    return std::is_floating_point_v<M> ? "float" : "int";
}

template <auto Member>
PyGetSetDef field(const char* name) {
  using M = TypeOf<Member>;
  const char* type = type_text<M>();
  if constexpr (std::is_same_v<std::remove_extent_t<M>, char>)
    return {name, get_chars<Member>, set_chars<Member>, type, closure_of(name)};
  else if constexpr (std::is_array_v<M> && std::is_class_v<std::remove_extent_t<M>>)
    return {name, get_structs<Member>, nullptr, type, closure_of(name)};
  else if constexpr (std::is_array_v<M>)
    return {name, get_array<Member>, nullptr, type, closure_of(name)};
  else if constexpr (std::is_class_v<M>)
    return {name, get_part<Member>, set_part<Member>, type, closure_of(name)};
  else
    return {name, get_value<Member>, set_value<Member>, type, closure_of(name)};
}

template <auto Member>
PyGetSetDef read_only(const char* name) {
  PyGetSetDef line = field<Member>(name);
  line.set = nullptr;
  return line;
}

// A list of pool elements of class T.
template <auto Member, typename T>
PyGetSetDef list_of(const char* name) {
  return {name, get_list<Member>, nullptr, info<T>().list_text, &info<T>()};
}

inline constexpr const char* address_text = "int, set as str: the address of a string, for get_string";

template <auto Member>
PyGetSetDef text(const char* name) {
  return {name, get_address<Member>, set_owned_text<Member>, address_text, closure_of(name)};
}

template <auto Member>
PyGetSetDef text_or_address(const char* name) {
  return {name, get_address<Member>, set_text_or_address<Member>,
          "int, set as str | int: the address of a string, for get_string", closure_of(name)};
}

template <auto Member>
PyGetSetDef text_or_none(const char* name) {
  return {name, get_string_or_none<Member>, set_text_or_none<Member>, "str | None", closure_of(name)};
}

// A count of what lies in an array behind a pointer: it can shrink. Where Python made the struct there is no array, or
// none that the count is for, unless `has_array`.
template <auto Member, bool has_array = false>
int set_count(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  TypeOf<Member> count{};
  if (!checked<S>(self)) return -1;
  if (!value) return refuse_delete(info<S>().name, name_in(closure));
  if (!value_from(value, info<S>().name, name_in(closure), count)) return -1;
  const Access<S> data(self);
  if (!data) return -1;
  const bool may_grow = !has_array && is_pythons(as_wrapper(self)->ground.root);
  auto& known = data.get()->*Member;
  if (count > known && !may_grow) return refuse_more(info<S>().name, name_in(closure), value, known);
  known = count;
  return 0;
}

template <auto Member, bool has_array = false>
PyGetSetDef count_of(const char* name) {
  return {name, get_value<Member>, set_count<Member, has_array>, "int", closure_of(name)};
}

template <auto Member>
PyGetSetDef interned_text(const char* name) {
  return {name, get_address<Member>, set_interned_text<Member>, address_text, closure_of(name)};
}

template <auto Member>
PyGetSetDef string_or_none(const char* name) {
  return {name, get_string_or_none<Member>, nullptr, "str | None", closure_of(name)};
}

template <auto Member>
PyGetSetDef capsule(const char* name) {
  return {name, get_capsule<Member>, nullptr, "capsule | None", closure_of(name)};
}

}  // namespace fluvial::python
