// glist_get_nvds_...(data): what Cls.cast(data) was called before pyds 1.1. NVIDIA's oldest programs still say it.
#include "bindings/pyds/field.h"

namespace fluvial::python {
namespace {

template <typename T>
void def_old_cast(nb::module_& m, const char* name) {
  m.def(
      name,
      [](nb::handle data) {
        PyObject* object = cast_to(info<T>(), data.ptr());
        if (!object) throw nb::python_error();
        return nb::steal(object);
      },
      nb::arg("data").none(), "The old name of cast().");
}

}  // namespace

void bind_old_casts(nb::module_& m) {
  def_old_cast<NvDsBatchMeta>(m, "glist_get_nvds_batch_meta");
  def_old_cast<NvDsFrameMeta>(m, "glist_get_nvds_frame_meta");
  def_old_cast<NvDsObjectMeta>(m, "glist_get_nvds_object_meta");
  def_old_cast<NvDsUserMeta>(m, "glist_get_nvds_user_meta");
  def_old_cast<NvDsClassifierMeta>(m, "glist_get_nvds_classifier_meta");
  def_old_cast<NvDsDisplayMeta>(m, "glist_get_nvds_display_meta");
  def_old_cast<NvDsLabelInfo>(m, "glist_get_nvds_label_info");
  def_old_cast<NvDsInferTensorMeta>(m, "glist_get_nvds_tensor_meta");
  def_old_cast<NvDsEventMsgMeta>(m, "glist_get_nvds_event_msg_meta");
  def_old_cast<NvDsVehicleObject>(m, "glist_get_nvds_vehicle_object");
  def_old_cast<NvDsPersonObject>(m, "glist_get_nvds_person_object");
  def_old_cast<NvBufSurfaceParams>(m, "glist_get_nvds_Surface_Params");
}

}  // namespace fluvial::python
