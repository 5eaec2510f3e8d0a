// Batches of metadata without a buffer: made, copied and destroyed by the program. Destroyed with their last wrapper
// too, where pyds leaks them.
#include "bindings/buffers.h"
#include "bindings/pyds/capsule.h"

namespace fluvial::python {
namespace {

void destroy(void* batch) {
  // Release functions of user metas want the metadata's lock first and the GIL then.
  Py_BEGIN_ALLOW_THREADS;
  nvds_destroy_batch_meta(static_cast<NvDsBatchMeta*>(batch));
  Py_END_ALLOW_THREADS;
}

void keep(void*) {}  // destroyed already

// Takes the batch.
nb::object own(NvDsBatchMeta* batch) {
  Root* root = new_batch_root(batch);
  if (!root) {
    destroy(batch);
    throw nb::python_error();
  }
  root->owned = batch;
  root->free_owned = destroy;
  return nb::steal(reinterpret_cast<PyObject*>(root));
}

Ground ground_on(nb::handle root) { return {reinterpret_cast<Root*>(root.ptr()), nullptr, 0}; }

nb::object create(unsigned max_batch_size) {
  constexpr unsigned most = 1024;  // frames, as of nvstreammux
  if (max_batch_size > most)
    throw nb::value_error(("max_batch_size=" + std::to_string(max_batch_size) + " is not in 0..1024").c_str());
  auto* batch = nvds_create_batch_meta(max_batch_size);
  nb::object root = own(batch);
  return nb::steal(wrap(info<NvDsBatchMeta>(), batch, ground_on(root)));
}

void destroy_owned(Meta<NvDsBatchMeta> batch) {
  NvDsBatchMeta* meta = arena_batch(batch);
  Root* root = batch.ground().root;
  if (root->owned != meta)
    throw nb::value_error("a buffer owns this batch and destroys it; yours come from nvds_create_batch_meta()");
  root->free_owned = keep;
  close_root(root);
  destroy(meta);
}

nb::object batch_from(nb::handle data) {
  nb::object batch = nb::steal(cast_to(info<NvDsBatchMeta>(), data.ptr()));
  if (!batch) throw nb::python_error();
  if (batch.is_none()) throw nb::type_error("expected a NvDsBatchMeta or its capsule, not None");
  return batch;
}

nb::object copy(nb::handle data, nb::handle) {
  const nb::object from = batch_from(data);
  auto* batch = arena_batch(Meta<NvDsBatchMeta>{from.ptr()});
  NvDsBatchMeta* copied = nullptr;
  {
    nb::gil_scoped_release release;
    copied = static_cast<NvDsBatchMeta*>(nvds_batch_meta_copy_func(batch, nullptr));
  }
  const nb::object root = own(copied);
  return nb::steal(capsule_of(copied, ground_on(root), &info<NvDsBatchMeta>()));
}

// NVIDIA's takes a type that Python never has, so every call is a TypeError there; no program calls it.
void refuse_gst_meta(nb::handle, nb::handle, nb::handle, nb::handle, nb::handle) {
  throw nb::type_error(
      "gst_buffer_add_nvds_meta cannot be called from Python, in NVIDIA's pyds neither: hang data on a batch, a frame "
      "or "
      "an object (nvds_acquire_user_meta_from_pool, nvds_add_user_meta_to_...)");
}

}  // namespace

void bind_own_batch(nb::module_& m) {
  m.def("nvds_create_batch_meta", create, nb::arg("max_batch_size"),
        "A batch without a buffer, with pools for this many frames.");
  m.def(
      "nvds_destroy_batch_meta",
      [](Meta<NvDsBatchMeta> batch) {
        destroy_owned(batch);
        return 1;
      },
      nb::arg("batch_meta"), "Destroys a batch of nvds_create_batch_meta(); ValueError for a buffer's.");
  m.def("nvds_batch_meta_copy_func", copy, nb::arg("data"), nb::arg("user_meta").none(),
        "Capsule of a deep copy, which belongs to the program.");
  m.def(
      "nvds_batch_meta_release_func",
      [](nb::handle data, nb::handle) {
        const nb::object batch = batch_from(data);
        destroy_owned(Meta<NvDsBatchMeta>{batch.ptr()});
      },
      nb::arg("data"), nb::arg("user_data").none(), "nvds_destroy_batch_meta, for a capsule.");
  m.def("gst_buffer_add_nvds_meta", refuse_gst_meta, nb::arg("buffer").none(), nb::arg("meta_data").none(),
        nb::arg("user_data").none(), nb::arg("copy_func").none(), nb::arg("release_func").none(),
        nb::sig("def gst_buffer_add_nvds_meta(buffer: Any, meta_data: Any, user_data: Any, copy_func: Any, "
                "release_func: Any) -> NoReturn"),
        "Always TypeError, as in NVIDIA's pyds.");
  m.def(
      "nvds_get_current_metadata_info",
      [](Meta<NvDsBatchMeta> batch) {
        auto* meta = arena_batch(batch);
        LockedMeta lock(meta);
        batch.get();
        return nvds_get_current_metadata_info(meta);
      },
      nb::arg("batch_meta"), "Prints how many elements of each pool are in use.");
}

}  // namespace fluvial::python
