// NvDsBaseMeta, which every pooled element begins with, and NvDsComp_BboxInfo.
#include "bindings/pyds/field.h"
#include "bindings/pyds/user.h"

namespace fluvial::python {
namespace {

PyObject* get_batch(PyObject* self, void*) {
  auto* base = checked<NvDsBaseMeta>(self);
  if (!base) return nullptr;
  if (!base->batch_meta) Py_RETURN_NONE;
  Root* root = as_wrapper(self)->ground.root;
  return wrap(info<NvDsBatchMeta>(), base->batch_meta, {root, nullptr, 0});
}

PyObject* get_context(PyObject* self, void*) {
  auto* base = checked<NvDsBaseMeta>(self);
  if (!base) return nullptr;
  // A batch's and a user meta's may be ours; neither is for Python.
  Py_RETURN_NONE;
}

// Types of a user's own are plain numbers (nvds_get_user_meta_type), so those are taken too.
int set_meta_type(PyObject* self, PyObject* value, void* name) {
  if (value && PyLong_Check(value)) {
    long long number = PyLong_AsLongLong(value);
    if (PyErr_Occurred()) PyErr_Clear();
    if (number >= NVDS_START_USER_META && number <= NVDS_FORCE32_META) {
      auto* base = checked<NvDsBaseMeta>(self);
      if (!base || !may_retype(self)) return -1;
      base->meta_type = static_cast<NvDsMetaType>(number);
      return 0;
    }
  }
  if (!checked<NvDsBaseMeta>(self) || !may_retype(self)) return -1;
  return set_value<&NvDsBaseMeta::meta_type>(self, value, name);
}

}  // namespace

void bind_base(nb::module_& m) {
  using B = NvDsBaseMeta;
  static PyGetSetDef fields[] = {
      {"batch_meta", get_batch, nullptr, "NvDsBatchMeta | None", nullptr},
      {"meta_type", get_value<&B::meta_type>, set_meta_type, "NvDsMetaType, set as NvDsMetaType | int",
       closure_of("meta_type")},
      {"uContext", get_context, nullptr, "capsule | None: always None", nullptr},
      {},
  };
  define<B>(m, "NvDsBaseMeta", fields).is_trusted_only = true;

  static PyGetSetDef box_fields[] = {field<&NvDsComp_BboxInfo::org_bbox_coords>("org_bbox_coords"), {}};
  define<NvDsComp_BboxInfo>(m, "NvDsComp_BboxInfo", box_fields);
}

}  // namespace fluvial::python
