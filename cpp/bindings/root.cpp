#include "bindings/root.h"

#include <gst/gst.h>

#include <cstring>
#include <new>
#include <string>

namespace fluvial::python {

PyTypeObject* root_type = nullptr;

namespace {

void dealloc(PyObject* self) {
  auto* root = reinterpret_cast<Root*>(self);
  give_back_buffer(root);
  if (root->owned) root->free_owned(root->owned);
  g_slist_free_full(root->retired, g_free);
  Py_XDECREF(root->kept);
  Py_XDECREF(root->sources);
  Py_XDECREF(root->converted);
  Py_XDECREF(root->place);
  Py_XDECREF(root->owner);
  root->lease.~Lease();
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyTypeObject* make_type() {
  static PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)}, {0, nullptr}};
  static PyType_Spec spec = {"fluvial._core._Root", sizeof(Root), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

std::string& package_folder() {
  static std::string folder;  // set while the module is made
  return folder;
}

bool is_ours(PyCodeObject* code) {
  const auto& folder = package_folder();
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  if (!file) PyErr_Clear();
  return file && !folder.empty() && std::strncmp(file, folder.c_str(), folder.size()) == 0;
}

// The code of the nearest function that is not fluvial's own. A new reference or nullptr.
PyObject* calling_code() {
  auto* frame = PyEval_GetFrame();
  Py_XINCREF(frame);
  PyCodeObject* code = nullptr;
  while (frame) {
    Py_XDECREF(code);
    code = PyFrame_GetCode(frame);
    if (!is_ours(code)) break;
    auto* caller = PyFrame_GetBack(frame);
    Py_DECREF(frame);
    frame = caller;
  }
  Py_XDECREF(frame);
  return reinterpret_cast<PyObject*>(code);
}

Root* new_root() {
  if (!root_type) root_type = make_type();
  if (!root_type) return nullptr;
  auto* root = PyObject_New(Root, root_type);
  if (!root) return nullptr;
  new (&root->lease) Lease();
  root->batch = nullptr;
  root->buffer = nullptr;
  root->holds_buffer = false;
  root->is_kept = false;
  root->owner = nullptr;
  root->kept = nullptr;
  root->sources = nullptr;
  root->converted = nullptr;
  root->owned = nullptr;
  root->free_owned = nullptr;
  root->retired = nullptr;
  root->element = nullptr;
  root->generation = 0;
  root->place = calling_code();
  root->is_open = true;
  root->is_scoped = false;
  root->is_outside = false;
  return root;
}

// "in on_batch (app.py:12)", or nothing where no Python function was running.
PyObject* describe_place(PyObject* place) {
  if (!place) return PyUnicode_FromString("");
  auto* code = reinterpret_cast<PyCodeObject*>(place);
  return PyUnicode_FromFormat(", obtained in %U (%U:%d)", code->co_name, code->co_filename, code->co_firstlineno);
}

}  // namespace

Root* new_batch_root(NvDsBatchMeta* batch) {
  Root* root = new_root();
  if (!root) return nullptr;
  root->lease = Lease::of(batch);
  root->batch = batch;
  return root;
}

Root* new_scoped_root(NvDsBatchMeta* batch) {
  Root* root = new_batch_root(batch);
  if (root) root->is_scoped = true;
  return root;
}

Root* new_outside_root(const Ground& user) {
  Root* root = new_root();
  if (!root) return nullptr;
  root->lease = user.root->lease;
  root->batch = user.root->batch;
  root->element = user.element;
  root->generation = user.generation;
  root->is_scoped = user.root->is_scoped;
  root->is_outside = true;
  return root;
}

Root* new_owned_root(void* owned, void (*free_owned)(void*)) {
  Root* root = new_root();
  if (!root) return nullptr;
  root->owned = owned;
  root->free_owned = free_owned;
  return root;
}

void set_place(Root* root, PyObject* callable) {
  PyObject* function = Py_NewRef(callable);
  while (PyObject* wrapped = PyObject_GetAttrString(function, "__wrapped__")) {  // functools.wraps leaves it
    Py_DECREF(function);
    function = wrapped;
  }
  PyErr_Clear();
  PyObject* code = PyObject_GetAttrString(function, "__code__");
  PyErr_Clear();
  Py_DECREF(function);
  if (code && !PyCode_Check(code)) Py_CLEAR(code);
  Py_XSETREF(root->place, code);
}

void hand_over(Root* root, const Ground& to) {
  root->owned = nullptr;
  root->is_outside = true;
  root->owner = to.root;
  Py_INCREF(to.root);
  root->element = to.element;
  root->generation = to.generation;
}

void give_back_buffer(Root* root) {
  auto* buffer = static_cast<GstBuffer*>(root->buffer);
  root->buffer = nullptr;
  if (!root->holds_buffer) return;
  root->holds_buffer = false;
  // The last reference frees metadata and pixels: callbacks of user metas want the GIL, device memory takes time.
  Py_BEGIN_ALLOW_THREADS;
  gst_buffer_unref(buffer);
  Py_END_ALLOW_THREADS;
}

void close_root(Root* root) {
  root->is_open = false;
  Py_CLEAR(root->converted);
  give_back_buffer(root);
}

void set_package_folder(const char* folder) { package_folder() = folder; }

PyObject* stale_error() {
  // fluvial.errors draws the tree of errors and needs no compiled part; looked up late, so that it may import us.
  static PyObject* error = nullptr;
  if (error) return error;
  if (PyObject* errors = PyImport_ImportModule("fluvial.errors")) {
    error = PyObject_GetAttrString(errors, "StaleMetadataError");
    Py_DECREF(errors);
  }
  if (!error) {
    PyErr_Clear();
    error = PyErr_NewException("fluvial.errors.StaleMetadataError", PyExc_RuntimeError, nullptr);
  }
  return error;
}

void set_stale(const char* type, const Ground& ground) {
  const Root* root = base_of(ground.root);
  if (!ground.root->is_open) root = ground.root;
  const char* what = "its buffer is gone: copy what you need while the probe or the loop body runs";
  if (!root->is_open)
    what = root->is_scoped ? "the callback it was given to is over"
           : root->owned   ? "its memory was freed"
                           : "its batch was closed: copy what you need, or call batch.keep()";
  else if (root->is_scoped || !root->lease || root->lease.is_alive())
    what = "it was removed";
  PyObject* place = describe_place(ground.root->place);
  PyObject* error = place ? stale_error() : nullptr;
  if (error) PyErr_Format(error, "%s: %s%U", type, what, place);
  Py_XDECREF(place);
}

void lock_meta(NvDsBatchMeta* batch) {
  if (g_rec_mutex_trylock(&batch->meta_mutex)) return;
  Py_BEGIN_ALLOW_THREADS;
  nvds_acquire_meta_lock(batch);
  Py_END_ALLOW_THREADS;
}

LockedMeta::LockedMeta(NvDsBatchMeta* batch) : batch_(batch) {
  if (batch_) lock_meta(batch_);
}

LockedMeta::~LockedMeta() {
  if (batch_) g_rec_mutex_unlock(&batch_->meta_mutex);
}

}  // namespace fluvial::python
