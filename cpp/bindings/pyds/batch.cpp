// NvDsBatchMeta, its pools, its lock; and how it is found on a buffer.
#include <map>
#include <thread>

#include "bindings/buffers.h"
#include "bindings/gate.h"
#include "bindings/pyds/field.h"
#include "bindings/pyds/pooled.h"

namespace fluvial::python {
namespace {

template <NvDsMetaPool* NvDsBatchMeta::*Member>
PyGetSetDef pool(const char* name) {
  const getter get = [](PyObject* self, void*) -> PyObject* {
    auto* batch = checked<NvDsBatchMeta>(self);
    if (!batch) return nullptr;
    if (!(batch->*Member)) Py_RETURN_NONE;
    return wrap_part(self, batch->*Member);
  };
  return {name, get, nullptr, "NvDsMetaPool | None", nullptr};
}

PyObject* refuse_read(PyObject*, void* name) {
  return PyErr_Format(PyExc_TypeError, "%s cannot be read from Python", name_in(name));
}

template <NvDsMetaList* NvDsMetaPool::*Member>
PyObject* get_pool_list(PyObject* self, void*) {
  auto* pool = checked<NvDsMetaPool>(self);
  if (!pool) return nullptr;
  const auto& ground = as_wrapper(self)->ground;
  return glist_of(ground.root, ground, type_in(pool), &(pool->*Member));
}

template <auto Acquire, typename T>
nb::object acquire(Meta<NvDsBatchMeta> batch) {
  NvDsBatchMeta* meta = arena_batch(batch);
  LockedMeta lock(meta);
  batch.get();  // waiting may have let it go
  return nb::steal(wrap_pooled(info<T>(), Acquire(meta), batch.ground().root));
}

nb::object batch_on(nb::handle buffer) {
  keep_thread_state();  // a PyGObject probe's first call: the next buffers find this thread's state made
  const HeldBuffer held = buffer_at(buffer);
  auto* meta = held ? gst_buffer_get_nvds_batch_meta(held.get()) : nullptr;
  if (!meta) return nb::none();
  return nb::steal(wrap_batch(meta));
}

// --- locks that Python holds, by batch and thread. Guarded by the GIL; an entry lives as long as its lock is held.
// Giving back what was not taken here would unlock the metadata under an element, or under a function of ours.

struct Taken {
  Lease lease;  // the batch may be destroyed meanwhile, and its lock must be given back all the same
  int times = 0;
};
std::map<std::pair<const NvDsBatchMeta*, std::thread::id>, Taken>& taken() {
  static std::map<std::pair<const NvDsBatchMeta*, std::thread::id>, Taken> all;
  return all;
}

void take_lock(Meta<NvDsBatchMeta> batch) {
  NvDsBatchMeta* meta = arena_batch(batch);
  lock_meta(meta);
  Taken& here = taken()[{meta, std::this_thread::get_id()}];
  if (here.times++ == 0) here.lease = Lease::of(meta);
}

void give_lock_back(Meta<NvDsBatchMeta> batch) {
  NvDsBatchMeta* meta = batch.ground().root->batch;
  const auto here = taken().find({meta, std::this_thread::get_id()});
  if (here == taken().end()) {
    arena_batch(batch);  // says so where it is gone
    return;
  }
  nvds_release_meta_lock(meta);
  if (--here->second.times == 0) taken().erase(here);
}

}  // namespace

const TypeInfo* type_in(const NvDsMetaPool* pool) {
  switch (pool->meta_type) {
    case NVDS_FRAME_META: return &info<NvDsFrameMeta>();
    case NVDS_OBJ_META: return &info<NvDsObjectMeta>();
    case NVDS_CLASSIFIER_META: return &info<NvDsClassifierMeta>();
    case NVDS_LABEL_INFO_META: return &info<NvDsLabelInfo>();
    case NVDS_DISPLAY_META: return &info<NvDsDisplayMeta>();
    case NVDS_USER_META: return &info<NvDsUserMeta>();
    default: return nullptr;
  }
}

NvDsBatchMeta* arena_batch(const Meta<NvDsBatchMeta>& batch) {
  NvDsBatchMeta* meta = batch.get();
  if (!batch.ground().root->lease)
    throw nb::value_error(
        "this NvDsBatchMeta was made as NvDsBatchMeta() and has no pools; take the one on a buffer, or "
        "nvds_create_batch_meta()");
  return meta;
}

PyObject* wrap_batch(NvDsBatchMeta* batch) {
  Root* root = new_batch_root(batch);
  if (!root) return nullptr;
  PyObject* self = nullptr;
  if (root->lease)
    self = wrap(info<NvDsBatchMeta>(), batch, {root, nullptr, 0});
  else
    PyErr_SetString(PyExc_RuntimeError, "the buffer's metadata was made by another library than Fluvial's");
  Py_DECREF(root);
  return self;
}

void bind_batch(nb::module_& m) {
  using B = NvDsBatchMeta;
  static PyGetSetDef fields[] = {
      field<&B::base_meta>("base_meta"),
      field<&B::max_frames_in_batch>("max_frames_in_batch"),
      field<&B::num_frames_in_batch>("num_frames_in_batch"),
      pool<&B::frame_meta_pool>("frame_meta_pool"),
      pool<&B::obj_meta_pool>("obj_meta_pool"),
      pool<&B::classifier_meta_pool>("classifier_meta_pool"),
      pool<&B::display_meta_pool>("display_meta_pool"),
      pool<&B::user_meta_pool>("user_meta_pool"),
      pool<&B::label_info_meta_pool>("label_info_meta_pool"),
      list_of<&B::frame_meta_list, NvDsFrameMeta>("frame_meta_list"),
      list_of<&B::batch_user_meta_list, NvDsUserMeta>("batch_user_meta_list"),
      {"meta_mutex", refuse_read, nullptr, "Never: cannot be read from Python", closure_of("meta_mutex")},
      field<&B::misc_batch_info>("misc_batch_info"),
      field<&B::reserved>("reserved"),
      {},
  };
  define<B>(m, "NvDsBatchMeta", fields).is_trusted_only = true;

  using P = NvDsMetaPool;
  static PyGetSetDef pool_fields[] = {
      read_only<&P::meta_type>("meta_type"),
      read_only<&P::max_elements_in_pool>("max_elements_in_pool"),
      read_only<&P::element_size>("element_size"),
      read_only<&P::num_empty_elements>("num_empty_elements"),
      read_only<&P::num_full_elements>("num_full_elements"),
      {"empty_list", get_pool_list<&P::empty_list>, nullptr, "GList[Any] | None", nullptr},
      {"full_list", get_pool_list<&P::full_list>, nullptr, "GList[Any] | None", nullptr},
      {},
  };
  define<P>(m, "NvDsMetaPool", pool_fields).is_trusted_only = true;

  m.def("gst_buffer_get_nvds_batch_meta", batch_on, nb::arg("buffer"),
        "The batch meta on a buffer, given as hash(gst_buffer); None if there is none.");
  m.def("nvds_acquire_meta_lock", take_lock, nb::arg("batch_meta"));
  m.def("nvds_release_meta_lock", give_lock_back, nb::arg("batch_meta"));
  const auto def_acquire = [&m](const char* name, auto function) { m.def(name, function, nb::arg("batch_meta")); };
  def_acquire("nvds_acquire_frame_meta_from_pool", acquire<nvds_acquire_frame_meta_from_pool, NvDsFrameMeta>);
  def_acquire("nvds_acquire_obj_meta_from_pool", acquire<nvds_acquire_obj_meta_from_pool, NvDsObjectMeta>);
  def_acquire("nvds_acquire_classifier_meta_from_pool",
              acquire<nvds_acquire_classifier_meta_from_pool, NvDsClassifierMeta>);
  def_acquire("nvds_acquire_display_meta_from_pool", acquire<nvds_acquire_display_meta_from_pool, NvDsDisplayMeta>);
  def_acquire("nvds_acquire_label_info_meta_from_pool", acquire<nvds_acquire_label_info_meta_from_pool, NvDsLabelInfo>);
  def_acquire("nvds_acquire_user_meta_from_pool", acquire<nvds_acquire_user_meta_from_pool, NvDsUserMeta>);
}

}  // namespace fluvial::python
