// NvDsObjectMeta.
#include "bindings/pyds/pooled.h"

namespace fluvial::python {
namespace {

PyObject* get_parent(PyObject* self, void*) {
  auto* object = checked<NvDsObjectMeta>(self);
  return object ? wrap_pooled(info<NvDsObjectMeta>(), object->parent, as_wrapper(self)->ground.root) : nullptr;
}

int set_parent(PyObject* self, PyObject* value, void*) {
  auto* object = checked<NvDsObjectMeta>(self);
  if (!object) return -1;
  if (!value) return refuse_delete("NvDsObjectMeta", "parent");
  if (value == Py_None) {
    object->parent = nullptr;
    return 0;
  }
  if (Py_TYPE(value) != info<NvDsObjectMeta>().type)
    return refuse_type("NvDsObjectMeta", "parent", "NvDsObjectMeta or None", value);
  auto* parent = checked<NvDsObjectMeta>(value);
  if (!parent) return -1;
  if (!parent->base_meta.batch_meta || parent->base_meta.batch_meta != object->base_meta.batch_meta) {
    PyErr_SetString(PyExc_ValueError, "NvDsObjectMeta.parent: both must come from the same batch's pool");
    return -1;
  }
  object->parent = parent;
  return 0;
}

void release(void* data) {
  auto* object = static_cast<NvDsObjectMeta*>(data);
  g_free(object->text_params.display_text);
  if (object->mask_params.size > 0) g_free(object->mask_params.data);
}

void add(Meta<NvDsFrameMeta> frame, Meta<NvDsObjectMeta> object, Maybe<NvDsObjectMeta> parent) {
  NvDsBatchMeta* batch = batch_of(frame);
  LockedMeta lock(batch);
  expect_of(object, batch, true);
  if (parent) expect_of(parent, batch, false);
  nvds_add_obj_meta_to_frame(frame.get(), object.get(), parent ? parent.get() : nullptr);
}

}  // namespace

void bind_object(nb::module_& m) {
  using O = NvDsObjectMeta;
  static PyGetSetDef fields[] = {
      field<&O::base_meta>("base_meta"),
      {"parent", get_parent, set_parent, "NvDsObjectMeta | None", nullptr},
      field<&O::unique_component_id>("unique_component_id"),
      field<&O::class_id>("class_id"),
      field<&O::object_id>("object_id"),
      field<&O::detector_bbox_info>("detector_bbox_info"),
      field<&O::tracker_bbox_info>("tracker_bbox_info"),
      field<&O::confidence>("confidence"),
      field<&O::tracker_confidence>("tracker_confidence"),
      field<&O::rect_params>("rect_params"),
      field<&O::mask_params>("mask_params"),
      field<&O::text_params>("text_params"),
      field<&O::obj_label>("obj_label"),
      list_of<&O::classifier_meta_list, NvDsClassifierMeta>("classifier_meta_list"),
      list_of<&O::obj_user_meta_list, NvDsUserMeta>("obj_user_meta_list"),
      field<&O::misc_obj_info>("misc_obj_info"),
      field<&O::reserved>("reserved"),
      {},
  };
  auto& type = define<O>(m, "NvDsObjectMeta", fields);
  type.is_trusted_only = true;
  type.release = release;
  mark_as_pooled(type);

  using F = NvDsFrameMeta;
  m.def("nvds_add_obj_meta_to_frame", add, nb::arg("frame_meta"), nb::arg("obj_meta"), nb::arg("obj_parent").none());
  def_remove<nvds_remove_obj_meta_from_frame, F, O>(m, "nvds_remove_obj_meta_from_frame", "frame_meta", "obj_meta");
  def_clear<nvds_clear_obj_meta_list, F>(m, "nvds_clear_obj_meta_list", "frame_meta");
}

}  // namespace fluvial::python
