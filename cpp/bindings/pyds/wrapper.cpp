#include "bindings/pyds/wrapper.h"

#include <glib.h>
#include <structmember.h>

#include <vector>

#include "bindings/pyds/capsule.h"
#include "bindings/pyds/classes.h"
#include "bindings/pyds/memory.h"

namespace fluvial::python {
namespace {

// The classes of pyds, filled while the module is made and only read afterwards.
std::vector<TypeInfo*>& classes() {
  static std::vector<TypeInfo*> all;
  return all;
}
std::vector<const TypeInfo*>& pooled() {
  static std::vector<const TypeInfo*> all;
  return all;
}

PyTypeObject* base_type = nullptr;

void dealloc(PyObject* self) {
  Py_DECREF(as_wrapper(self)->ground.root);
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

// Cls(): zeroed memory of Python's own.
PyObject* new_owned(PyTypeObject* cls, PyObject* args, PyObject* kwargs) {
  if (PyTuple_GET_SIZE(args) > 0 || (kwargs && PyDict_GET_SIZE(kwargs) > 0))
    return PyErr_Format(PyExc_TypeError, "%s() takes no arguments", cls->tp_name);
  const TypeInfo* type = nullptr;
  for (const TypeInfo* known : classes())
    if (known->type == cls) type = known;
  if (!type || type->is_made_by_elements_only)
    return PyErr_Format(PyExc_TypeError, "%s: No constructor defined! Elements make it", cls->tp_name);
  return new_struct(*type);
}

PyObject* refuse_cast(const TypeInfo& to, const char* from) {
  return PyErr_Format(PyExc_TypeError, "%s.cast: this is a %s", to.name, from);
}

// Of alloc_buffer and its kind: ours, of known size, but of no class.
bool is_block(const Pointer& pointer) {
  return pointer.ground.root && !pointer.ground.root->lease && pointer.data == pointer.ground.root->owned;
}

PyObject* cast_pointer(const TypeInfo& to, const Pointer& pointer) {
  if (!can_view_as(pointer.type, to))
    return refuse_cast(to, pointer.type ? pointer.type->name : "pointer of unknown kind");
  if (!pointer.type && !is_block(pointer))
    return PyErr_Format(PyExc_ValueError,
                        "%s.cast: pyds does not know whose memory %p is; cast a copy: memdup(get_ptr(x), size)",
                        to.name, pointer.data);
  if (!pointer.type && pointer.bytes < to.size)
    return PyErr_Format(PyExc_ValueError, "%s.cast: %p holds no %zu bytes", to.name, pointer.data, to.size);
  return wrap(to, pointer.data, pointer.ground);
}

PyObject* cast_address(const TypeInfo& to, PyObject* number) {
  const auto address = static_cast<std::uintptr_t>(PyLong_AsUnsignedLongLong(number));
  if (PyErr_Occurred()) {
    PyErr_Clear();
    return PyErr_Format(PyExc_ValueError, "%s.cast: %R is not an address", to.name, number);
  }
  if (address == 0) Py_RETURN_NONE;
  Pointer pointer;
  if (!recall_address(address, pointer))
    return PyErr_Format(PyExc_ValueError, "%s.cast: %p is not an address that pyds gave out", to.name,
                        reinterpret_cast<void*>(address));
  if (!is_good(pointer.ground)) {
    set_stale(to.name, pointer.ground);
    return nullptr;
  }
  return cast_pointer(to, pointer);
}

// --- Cls.cast: a function in the class, so that Cls.cast(x) and instance.cast() both work; called once an object, so
// without a general function's matching of arguments
// ---------------------------------------------------------------------

struct CastObject {
  PyObject_HEAD vectorcallfunc call;
  const TypeInfo* to;
};

PyObject* call_cast(PyObject* self, PyObject* const* args, std::size_t flagged_count, PyObject* names) {
  const TypeInfo& to = *reinterpret_cast<CastObject*>(self)->to;
  const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
  if (PyVectorcall_NARGS(flagged_count) + named != 1)
    return PyErr_Format(PyExc_TypeError, "%s.cast() takes one argument: a capsule, a pyds object, an address or None",
                        to.name);
  return cast_to(to, args[0]);
}

PyObject* bind_cast(PyObject* self, PyObject* instance, PyObject*) {
  return instance && instance != Py_None ? PyMethod_New(self, instance) : Py_NewRef(self);
}

PyObject* bind_static_cast(PyObject* self, PyObject*, PyObject*) { return Py_NewRef(self); }

void dealloc_cast(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyTypeObject* new_cast_type(descrgetfunc bind, unsigned long flags) {
  static PyMemberDef members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(CastObject, call), READONLY, nullptr},
                                  {}};
  PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc_cast)},
                         {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                         {Py_tp_descr_get, reinterpret_cast<void*>(bind)},
                         {Py_tp_members, members},
                         {0, nullptr}};
  PyType_Spec spec = {"pyds._Cast", sizeof(CastObject), 0,
                      static_cast<unsigned>(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                                            Py_TPFLAGS_DISALLOW_INSTANTIATION | flags),
                      slots};
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

// Static: Cls.cast(data=x) alone, as two classes of pyds have it.
nb::object new_cast(const TypeInfo& to, bool is_static) {
  static auto* method_type = new_cast_type(bind_cast, Py_TPFLAGS_METHOD_DESCRIPTOR);
  static auto* static_type = new_cast_type(bind_static_cast, 0);
  auto* cast_type = is_static ? static_type : method_type;
  auto* cast = cast_type ? PyObject_New(CastObject, cast_type) : nullptr;
  if (!cast) throw nb::python_error();
  cast->call = call_cast;
  cast->to = &to;
  return nb::steal(reinterpret_cast<PyObject*>(cast));
}

}  // namespace

PyObject* wrap(const TypeInfo& type, void* data, const Ground& ground) {
  auto* self = PyObject_New(Wrapper, type.type);
  if (!self) return nullptr;
  self->data = data;
  self->ground = ground;
  Py_INCREF(ground.root);
  return reinterpret_cast<PyObject*>(self);
}

PyObject* new_struct(const TypeInfo& type) {
  void* data = g_malloc0(type.size + type.hidden);
  if (type.construct) type.construct(data);
  Root* root = new_owned_root(data, type.free);
  if (!root) {
    type.free(data);
    return nullptr;
  }
  PyObject* self = wrap(type, data, {root, nullptr, 0});
  Py_DECREF(root);
  return self;
}

PyObject* wrap_pooled(const TypeInfo& type, void* element, Root* root) {
  if (!element) Py_RETURN_NONE;
  const auto generation = root->lease ? generation_of(element) : 1;
  if (!is_in_use(generation)) Py_RETURN_NONE;
  return wrap(type, element, {root, root->lease ? element : nullptr, generation});
}

bool is_wrapper(PyObject* object) { return PyObject_TypeCheck(object, base_type); }

const TypeInfo* type_of(PyObject* wrapper) {
  for (const TypeInfo* type : classes())
    if (type->type == Py_TYPE(wrapper)) return type;
  return nullptr;
}

void mark_as_pooled(const TypeInfo& type) { pooled().push_back(&type); }

bool can_view_as(const TypeInfo* from, const TypeInfo& to) {
  if (from == &to) return true;
  if (!from) return !to.is_trusted_only;
  if (&to == &info<NvDsBaseMeta>()) {
    for (const TypeInfo* type : pooled())
      if (type == from) return true;
  }
  // The first member of a struct lies at its address.
  if (&to == &info<NvBbox_Coords>()) return from == &info<NvDsComp_BboxInfo>();
  return false;
}

PyObject* cast_to(const TypeInfo& to, PyObject* from) {
  if (Py_TYPE(from) == to.type) return Py_NewRef(from);
  if (const Node* node = node_of(from); node && node->list->type == &to) {
    const Ground ground = ground_of(node);
    if (__builtin_expect(is_good(ground), 1)) return wrap(to, node->data, ground);
  }
  if (from == Py_None) Py_RETURN_NONE;
  if (PyLong_Check(from)) return cast_address(to, from);
  Pointer pointer;
  if (!pointer_from(from, pointer)) return nullptr;
  return cast_pointer(to, pointer);
}

void define_class(nb::module_& m, TypeInfo& type, const TypeSpec& spec) {
  g_snprintf(type.text, sizeof type.text, "%s", type.name);
  g_snprintf(type.list_text, sizeof type.list_text, "GList[%s] | None", type.name);
  g_snprintf(type.array_text, sizeof type.array_text, "list[%s]", type.name);
  if (!base_type) {
    static PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)}, {0, nullptr}};
    static PyType_Spec base = {"pyds._Struct", sizeof(Wrapper), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    base_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&base));
    if (!base_type) throw nb::python_error();
  }
  std::vector<PyType_Slot> slots = {{Py_tp_getset, spec.fields}, {Py_tp_new, reinterpret_cast<void*>(new_owned)}};
  if (spec.methods) slots.push_back({Py_tp_methods, spec.methods});
  slots.push_back({0, nullptr});
  // The name must live as long as the type.
  const char* name = g_intern_string((std::string("pyds.") + type.name).c_str());
  PyType_Spec of_type = {name, sizeof(Wrapper), 0, Py_TPFLAGS_DEFAULT, slots.data()};
  nb::object bases = nb::steal(PyTuple_Pack(1, base_type));
  type.type = reinterpret_cast<PyTypeObject*>(PyType_FromSpecWithBases(&of_type, bases.ptr()));
  if (!type.type) throw nb::python_error();
  classes().push_back(&type);
  nb::object cls = nb::borrow(reinterpret_cast<PyObject*>(type.type));
  cls.attr("cast") = new_cast(type, spec.is_cast_static);
  m.attr(type.name) = cls;
}

}  // namespace fluvial::python
