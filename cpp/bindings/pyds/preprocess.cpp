// What nvdspreprocess leaves: tensors that are ready for a model, and the regions in them. Elements make them.
#include "bindings/pyds/pointer.h"
#include "bindings/pyds/value.h"

namespace fluvial::python {
namespace {

// References into the vector, which nobody resizes while the metadata lives.
PyObject* get_rois(PyObject* self, void*) {
  const Access<GstNvDsPreProcessBatchMeta> batch(self);
  PyObject* list = batch ? PyList_New(static_cast<Py_ssize_t>(batch->roi_vector.size())) : nullptr;
  for (std::size_t i = 0; list && i < batch->roi_vector.size(); ++i) {
    PyObject* item = wrap_part(self, &batch->roi_vector[i]);
    if (!item) {
      Py_DECREF(list);
      return nullptr;
    }
    PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), item);
  }
  return list;
}

int refuse_rois(PyObject* self, PyObject* value, void*) {
  if (!checked<GstNvDsPreProcessBatchMeta>(self)) return -1;
  if (!value) return refuse_delete("GstNvDsPreProcessBatchMeta", "roi_vector");
  PyErr_SetString(PyExc_ValueError,
                  "GstNvDsPreProcessBatchMeta.roi_vector: elements make the regions; change those in the list");
  return -1;
}

PyObject* get_tensor_buffer(PyObject* self, void*) {
  const Access<NvDsPreProcessTensorMeta> tensor(self);
  if (!tensor) return nullptr;
  return get_pointer(self, tensor->raw_tensor_buffer, &tensor->raw_tensor_buffer, nullptr, tensor->buffer_size);
}

void bind_roi(nb::module_& m) {
  using R = NvDsRoiMeta;
  static PyGetSetDef fields[] = {
      field<&R::roi>("roi"),
      reference<&R::converted_buffer>("converted_buffer", "NvBufSurfaceParams | None"),
      reference<&R::frame_meta>("frame_meta", "NvDsFrameMeta | None"),
      reference<&R::object_meta>("object_meta", "NvDsObjectMeta | None"),
      field<&R::scale_ratio_x>("scale_ratio_x"),
      field<&R::scale_ratio_y>("scale_ratio_y"),
      field<&R::offset_left>("offset_left"),
      field<&R::offset_top>("offset_top"),
      list_of<&R::classifier_meta_list, NvDsClassifierMeta>("classifier_meta_list"),
      list_of<&R::roi_user_meta_list, NvDsUserMeta>("roi_user_meta_list"),
      {},
  };
  define<R>(m, "NvDsRoiMeta", fields).is_trusted_only = true;
}

}  // namespace

void bind_preprocess(nb::module_& m) {
  bind_roi(m);

  using T = NvDsPreProcessTensorMeta;
  static PyGetSetDef tensor_fields[] = {
      {"raw_tensor_buffer", get_tensor_buffer, set_void<&T::raw_tensor_buffer>,
       "capsule | None, set as object: a capsule, a pyds object or None", closure_of("raw_tensor_buffer")},
      count_of<&T::buffer_size>("buffer_size"),
      copied<&T::tensor_shape>("tensor_shape"),
      field<&T::data_type>("data_type"),
      copied<&T::tensor_name>("tensor_name"),
      field<&T::gpu_id>("gpu_id"),
      pointer<&T::private_data>("private_data"),
      field<&T::meta_id>("meta_id"),
      field<&T::maintain_aspect_ratio>("maintain_aspect_ratio"),
      {},
  };
  auto& tensor = define<T>(m, "NvDsPreProcessTensorMeta", tensor_fields);
  tensor.is_trusted_only = true;
  construct_in_place<T>(tensor);

  using B = GstNvDsPreProcessBatchMeta;
  static PyGetSetDef batch_fields[] = {
      copied<&B::target_unique_ids>("target_unique_ids"),
      reference<&B::tensor_meta>("tensor_meta", "NvDsPreProcessTensorMeta | None"),
      {"roi_vector", get_rois, refuse_rois, "list[NvDsRoiMeta]", nullptr},
      pointer<&B::private_data>("private_data"),
      {},
  };
  auto& batch = define<B>(m, "GstNvDsPreProcessBatchMeta", batch_fields);
  batch.is_trusted_only = true;
  construct_in_place<B>(batch);
}

}  // namespace fluvial::python
