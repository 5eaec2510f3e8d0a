// NvDsUserMeta, and the copy and release functions in Python.
#include "bindings/pyds/user.h"

#include <nanobind/stl/string.h>

#include <mutex>
#include <unordered_map>

#include "bindings/gate.h"
#include "bindings/pyds/field.h"
#include "bindings/pyds/pooled.h"

namespace fluvial::python {
namespace {

std::vector<const NativeKind*>& kinds() {
  static std::vector<const NativeKind*> all;  // filled while the module is made
  return all;
}

const NativeKind* kind_of(const NvDsUserMeta* user) {
  for (const NativeKind* kind : kinds())
    if (user->base_meta.uContext == kind) return kind;
  return nullptr;
}

// What user metas own natively, by address: their mark alone does not tell, as a copy bears its original's, whatever
// Python's copy function returned. Any thread.
class NativeData {
 public:
  void add(void* data, const NativeKind* kind) {
    std::lock_guard lock(mutex_);
    owned_[data] = kind;
  }
  // False where nobody owns it as that.
  bool take(void* data, const NativeKind* kind) {
    std::lock_guard lock(mutex_);
    const auto found = owned_.find(data);
    if (found == owned_.end() || found->second != kind) return false;
    owned_.erase(found);
    return true;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<void*, const NativeKind*> owned_;
};

NativeData& native_data() {
  static auto* all = new NativeData();  // buffers may be freed after static destructors have run
  return *all;
}

// A copy that a user meta is to own.
void* copy_owned(const NativeKind* kind, const void* data) {
  void* copy = kind->copy(data);
  native_data().add(copy, kind);
  return copy;
}

bool free_owned(const NvDsUserMeta* user) {
  const NativeKind* kind = kind_of(user);
  if (!kind || !native_data().take(user->user_meta_data, kind)) return false;
  kind->free(user->user_meta_data, Later(Lease::of(user->base_meta.batch_meta)));
  return true;
}

// pyds has one copy and one release function for the whole process: the last one wins, for every meta.
struct Callbacks {
  PyObject* copy = nullptr;
  PyObject* release = nullptr;
  bool is_unset = false;
};
Callbacks& callbacks() {
  static Callbacks all;
  return all;
}

// --- objects that stay alive for a user meta; guarded by the GIL

struct Held {
  PyObject* object;
  const TypeInfo* type;  // nullptr: a capsule of the user's own
};
std::unordered_multimap<void*, Held>& held() {
  static std::unordered_multimap<void*, Held> all;
  return all;
}

// A capsule of held data does not keep it: the object that does is held once more.
void hold(void* data, PyObject* object, const TypeInfo* type) {
  if (const auto known = held().find(data); known != held().end()) {
    object = known->second.object;
    type = known->second.type;
  }
  Py_INCREF(object);
  held().emplace(data, Held{object, type});
}

bool drop_held(void* data) {
  const auto found = held().find(data);
  if (found == held().end()) return false;
  PyObject* object = found->second.object;
  held().erase(found);
  Py_DECREF(object);
  return true;
}

// --- called by the metadata library, with the metadata locked, from any thread

// The argument of a callback, open only as long as the callback runs.
class Argument {
 public:
  explicit Argument(NvDsUserMeta* user) : root_(new_scoped_root(user->base_meta.batch_meta)) {
    if (root_) capsule_ = capsule_of(user, {root_, user, generation_of(user)}, &info<NvDsUserMeta>());
  }
  ~Argument() {
    if (root_) root_->is_open = false;
    Py_XDECREF(capsule_);
    Py_XDECREF(root_);
  }
  Argument(const Argument&) = delete;
  Argument& operator=(const Argument&) = delete;

  // callback(capsule of the user meta, None). A new reference; nullptr after an exception, which was reported.
  PyObject* pass_to(PyObject* callback) {
    PyObject* result = capsule_ ? PyObject_CallFunctionObjArgs(callback, capsule_, Py_None, nullptr) : nullptr;
    if (!result) PyErr_WriteUnraisable(callback);
    return result;
  }

 private:
  Root* root_;
  PyObject* capsule_ = nullptr;
};

// Ends what the user meta holds: in our hand or, of a native kind, in its own.
void drop_data(NvDsUserMeta* user) {
  if (!free_owned(user)) drop_held(user->user_meta_data);
  user->user_meta_data = nullptr;
}

// The release function of data that Python may have to do with: held objects, and copies that a Python function made.
void release_data(gpointer data, gpointer) {
  if (InPython python; python) drop_data(static_cast<NvDsUserMeta*>(data));
}

void release_by_python(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  InPython python;
  if (!python) return;
  if (PyObject* callback = callbacks().release) {
    Py_INCREF(callback);
    Argument argument(user);
    Py_XDECREF(argument.pass_to(callback));
    Py_DECREF(callback);
  }
  drop_data(user);
}

// Both need no Python, which may be gone, and no GIL.
void release_natively(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  free_owned(user);
  user->user_meta_data = nullptr;
}

gpointer copy_natively(gpointer data, gpointer) {
  const auto* user = static_cast<NvDsUserMeta*>(data);
  const NativeKind* kind = kind_of(user);
  return kind && user->user_meta_data ? copy_owned(kind, user->user_meta_data) : nullptr;
}

// What the copy's user_meta_data becomes.
gpointer adopt(PyObject* result, NvDsUserMeta* from) {
  Pointer pointer;
  if (!pointer_from(result, pointer)) {
    PyErr_WriteUnraisable(callbacks().copy);
    return nullptr;
  }
  if (!pointer.data) return nullptr;
  if (const NativeKind* kind = kind_of(from)) {
    // The copy bears the same mark. Two owners of one struct would free it twice, so it gets one of its own.
    if (kind_at(pointer) == kind) {
      gpointer copy = copy_owned(kind, pointer.data);
      free_block(reinterpret_cast<std::uintptr_t>(pointer.data));  // if it came from memdup
      return copy;
    }
  }
  // What a user meta owns natively is freed by it: a second owner would be taken for the first.
  if (pointer.ground.root && pointer.ground.root->owner && held().count(pointer.data) == 0) {
    PyErr_SetString(PyExc_ValueError, "the copy function returned what another user meta owns; return a new one");
    PyErr_WriteUnraisable(callbacks().copy);
    return nullptr;
  }
  hold(pointer.data, result, pointer.type);
  return pointer.data;
}

gpointer copy_by_python(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  InPython python;
  PyObject* callback = python ? callbacks().copy : nullptr;
  if (!callback) return nullptr;
  Py_INCREF(callback);
  Argument argument(user);
  PyObject* result = argument.pass_to(callback);
  gpointer copied = result ? adopt(result, user) : nullptr;
  Py_XDECREF(result);
  Py_DECREF(callback);
  return copied;
}

bool is_ours(NvDsMetaReleaseFunc release) {
  return !release || release == release_by_python || release == release_data || release == release_natively;
}

// --- the field

// Of data that does not come from Python.
const TypeInfo* type_of_data(const NvDsUserMeta* user) {
  if (const NativeKind* kind = kind_of(user)) return kind->type;
  switch (user->base_meta.meta_type) {
    case NVDSINFER_TENSOR_OUTPUT_META: return &info<NvDsInferTensorMeta>();
    case NVDSINFER_SEGMENTATION_META: return &info<NvDsInferSegmentationMeta>();
    case NVDS_CROP_IMAGE_META: return &info<NvDsObjEncOutParams>();
    case NVDS_TRACKER_PAST_FRAME_META:
    case NVDS_TRACKER_TERMINATED_LIST_META:
    case NVDS_TRACKER_SHADOW_LIST_META: return &info<NvDsTargetMiscDataBatch>();
    case NVDS_TRACKER_OBJ_REID_META: return &info<NvDsObjReid>();
    case NVDS_EVENT_MSG_META: return &info<NvDsEventMsgMeta>();
    case NVDS_PAYLOAD_META: return &info<NvDsPayload>();
    case NVDS_OPTICAL_FLOW_META: return &info<NvDsOpticalFlowMeta>();
    case NVDS_FRAME_META_NVDSANALYTICS: return &info<NvDsAnalyticsFrameMeta>();
    case NVDS_OBJ_META_NVDSANALYTICS: return &info<NvDsAnalyticsObjInfo>();
    case NVDS_PREPROCESS_BATCH_META: return &info<GstNvDsPreProcessBatchMeta>();
    case NVDS_ROI_META: return &info<NvDsRoiMeta>();
    default: return nullptr;
  }
}

// Of Python's own data: it stands on what the held object stands on.
PyObject* capsule_of_held(void* data, const Held& known, const Ground& user) {
  Pointer pointer;
  if (!pointer_from(known.object, pointer)) PyErr_Clear();  // gone: the address is all that can be given
  if (!pointer.ground.root || pointer.data != data) return capsule_of(data, user, nullptr);
  return capsule_of(data, pointer.ground, pointer.type, pointer.bytes);
}

PyObject* get_data(PyObject* self, void*) {
  auto* user = checked<NvDsUserMeta>(self);
  if (!user) return nullptr;
  void* data = user->user_meta_data;
  const auto& ground = as_wrapper(self)->ground;
  if (const auto known = held().find(data); known != held().end()) return capsule_of_held(data, known->second, ground);
  Root* root = new_outside_root(ground);
  if (!root) return nullptr;
  PyObject* capsule = capsule_of(data, {root, ground.element, ground.generation}, type_of_data(user));
  Py_DECREF(root);
  return capsule;
}

// The functions that fit data of a native kind, or (nullptr) held data. Python's own stay, whatever the data.
void set_functions(NvDsBaseMeta& base, const NativeKind* kind) {
  base.uContext = const_cast<NativeKind*>(kind);
  if (base.copy_func != copy_by_python) base.copy_func = kind ? copy_natively : nullptr;
  if (base.release_func == release_by_python) return;
  // A copy that Python's function made may be held, which a native kind's function does not know.
  const bool is_native = kind && base.copy_func != copy_by_python;
  base.release_func = is_native ? release_natively : release_data;
}

// The user meta owns the struct from now on; wrappers of it are good as long as the meta is.
void give_to(NvDsUserMeta* user, Root* root, const NativeKind* kind, const Ground& ground) {
  user->user_meta_data = root->owned;
  native_data().add(root->owned, kind);
  set_functions(user->base_meta, kind);
  hand_over(root, ground);
}

// Its Python object stays alive for it.
void give_to(NvDsUserMeta* user, PyObject* value, const Pointer& pointer) {
  hold(pointer.data, value, pointer.type);
  user->user_meta_data = pointer.data;
  set_functions(user->base_meta, nullptr);
}

int set_data(PyObject* self, PyObject* value, void*) {
  auto* user = checked<NvDsUserMeta>(self);
  if (!user) return -1;
  if (!value) return refuse_delete("NvDsUserMeta", "user_meta_data");
  Pointer pointer;
  if (!pointer_from(value, pointer)) return -1;
  if (pointer.data == user->user_meta_data) return 0;
  if (user->user_meta_data && (kind_of(user) || is_made_by_element(user) || !is_ours(user->base_meta.release_func))) {
    PyErr_SetString(PyExc_ValueError, "NvDsUserMeta.user_meta_data: it holds data already; take another user meta");
    return -1;
  }
  const auto& ground = as_wrapper(self)->ground;
  if (pointer.ground.element && held().count(pointer.data) == 0) {
    PyErr_SetString(PyExc_ValueError, "NvDsUserMeta.user_meta_data: this lives in the metadata and goes with it");
    return -1;
  }
  if (pointer.ground.root && pointer.ground.root->owner) {
    PyErr_SetString(PyExc_ValueError, "NvDsUserMeta.user_meta_data: another user meta owns this");
    return -1;
  }
  if (user->user_meta_data) drop_held(user->user_meta_data);
  user->user_meta_data = nullptr;
  if (!pointer.data) return 0;
  // What is held for a user meta already is held for this one too: whoever goes first must not free it natively.
  const bool is_held = held().count(pointer.data) > 0;
  const NativeKind* kind = ground.element && !is_held ? kind_owned(pointer) : nullptr;
  kind ? give_to(user, pointer.ground.root, kind, ground) : give_to(user, value, pointer);
  return 0;
}

// Of Python's own NvDsUserMeta: nobody else will drop what it holds.
void release_owned(void* data) {
  const auto* user = static_cast<NvDsUserMeta*>(data);
  if (user->user_meta_data) drop_held(user->user_meta_data);
}

template <PyObject* Callbacks::*Slot>
void set_callback(Meta<NvDsUserMeta> meta, nb::callable function) {
  NvDsUserMeta* user = meta.get();
  if (callbacks().is_unset) return;
  if (is_made_by_element(user) && !is_ours(user->base_meta.release_func))
    throw nb::value_error("an element made this user meta and frees it itself");
  PyObject* old = callbacks().*Slot;
  callbacks().*Slot = function.release().ptr();
  Py_XDECREF(old);
  auto& base = user->base_meta;
  if constexpr (Slot == &Callbacks::copy) {
    base.copy_func = copy_by_python;
    if (base.release_func != release_by_python) base.release_func = release_data;
  } else {
    base.release_func = release_by_python;
  }
}

void unset_callbacks() {
  auto& all = callbacks();
  all.is_unset = true;
  Py_CLEAR(all.copy);
  Py_CLEAR(all.release);
}

}  // namespace

void add_native_kind(const NativeKind* kind) { kinds().push_back(kind); }

const NativeKind* kind_owned(const Pointer& pointer) {
  const Root* root = pointer.ground.root;
  for (const NativeKind* kind : kinds())
    if (root && root->owned == pointer.data && root->free_owned == kind->type->free) return kind;
  return nullptr;
}

bool is_made_by_element(const NvDsUserMeta* user) {
  return user->user_meta_data && !kind_of(user) && held().count(user->user_meta_data) == 0;
}

const NativeKind* kind_at(const Pointer& pointer) {
  if (const NativeKind* kind = kind_owned(pointer)) return kind;
  const Root* root = pointer.ground.root;
  const void* element = pointer.ground.element || !root ? pointer.ground.element : root->element;
  const auto* user = static_cast<const NvDsUserMeta*>(element);
  const NativeKind* kind = user ? kind_of(user) : nullptr;  // other elements have no such mark
  // A copy bears the mark even where a function in Python made it, of whatever.
  const bool is_it = kind && user->user_meta_data == pointer.data && held().count(pointer.data) == 0;
  return is_it ? kind : nullptr;
}

bool may_retype(PyObject* base_meta) {
  const auto* wrapper = as_wrapper(base_meta);
  if (!wrapper->ground.element)
    return !wrapper->ground.root->lease ||
           (PyErr_SetString(PyExc_ValueError, "NvDsBaseMeta.meta_type: a batch stays a batch"), false);
  const auto* base = static_cast<const NvDsBaseMeta*>(wrapper->data);
  if (base->meta_type >= NVDS_BATCH_META && base->meta_type <= NVDS_LABEL_INFO_META) {
    PyErr_SetString(PyExc_ValueError, "NvDsBaseMeta.meta_type: only a user meta's can be set");
    return false;
  }
  if (is_made_by_element(static_cast<const NvDsUserMeta*>(wrapper->data))) {
    PyErr_SetString(PyExc_ValueError, "NvDsBaseMeta.meta_type: an element made this user meta's data, of this type");
    return false;
  }
  return true;
}

void bind_user(nb::module_& m) {
  using U = NvDsUserMeta;
  static PyGetSetDef fields[] = {field<&U::base_meta>("base_meta"),
                                 {"user_meta_data", get_data, set_data,
                                  "capsule | None, set as object: a capsule, a pyds object or None", nullptr},
                                 {}};
  auto& type = define<U>(m, "NvDsUserMeta", fields);
  type.is_trusted_only = true;
  type.release = release_owned;
  mark_as_pooled(type);

  using B = NvDsBatchMeta;
  using F = NvDsFrameMeta;
  using O = NvDsObjectMeta;
  def_add<nvds_add_user_meta_to_batch, B, U>(m, "nvds_add_user_meta_to_batch", "batch_meta", "user_meta");
  def_add<nvds_add_user_meta_to_frame, F, U>(m, "nvds_add_user_meta_to_frame", "frame_meta", "user_meta");
  def_add<nvds_add_user_meta_to_obj, O, U>(m, "nvds_add_user_meta_to_obj", "obj_meta", "user_meta");
  def_remove<nvds_remove_user_meta_from_batch, B, U>(m, "nvds_remove_user_meta_from_batch", "batch_meta", "user_meta");
  def_remove<nvds_remove_user_meta_from_frame, F, U>(m, "nvds_remove_user_meta_from_frame", "frame_meta", "user_meta");
  def_remove<nvds_remove_user_meta_from_object, O, U>(m, "nvds_remove_user_meta_from_object", "obj_meta", "user_meta");
  def_clear<nvds_clear_batch_user_meta_list, B>(m, "nvds_clear_batch_user_meta_list", "batch_meta");
  def_clear<nvds_clear_frame_user_meta_list, F>(m, "nvds_clear_frame_user_meta_list", "frame_meta");
  def_clear<nvds_clear_obj_user_meta_list, O>(m, "nvds_clear_obj_user_meta_list", "object_meta");

  m.def("user_copyfunc", set_callback<&Callbacks::copy>, nb::arg("meta"), nb::arg("func"),
        "The function that copies user metas: called with (capsule of the NvDsUserMeta, None), returns the new data.");
  m.def("user_releasefunc", set_callback<&Callbacks::release>, nb::arg("meta"), nb::arg("func"),
        "The function called with (capsule of the NvDsUserMeta, None) before a user meta goes.");
  m.def("set_user_copyfunc", set_callback<&Callbacks::copy>);
  m.def("set_user_releasefunc", set_callback<&Callbacks::release>);
  m.def(
      "register_user_copyfunc", [](nb::callable) {}, "Does nothing, as in pyds since 1.1.");
  m.def(
      "register_user_releasefunc", [](nb::callable) {}, "Does nothing, as in pyds since 1.1.");
  m.def("unset_callback_funcs", unset_callbacks, "Drops both functions for good.");
  m.def(
      "nvds_get_user_meta_type",
      [](const std::string& name) {
        return static_cast<int>(nvds_get_user_meta_type(const_cast<char*>(name.c_str())));
      },
      nb::arg("meta_descriptor"));
}

}  // namespace fluvial::python
