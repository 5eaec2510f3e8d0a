// NvDsFrameMeta.
#include "bindings/pyds/pooled.h"

namespace fluvial::python {

void bind_frame(nb::module_& m) {
  using F = NvDsFrameMeta;
  static PyGetSetDef fields[] = {
      field<&F::base_meta>("base_meta"),
      field<&F::pad_index>("pad_index"),
      field<&F::batch_id>("batch_id"),
      field<&F::frame_num>("frame_num"),
      field<&F::buf_pts>("buf_pts"),
      field<&F::ntp_timestamp>("ntp_timestamp"),
      field<&F::source_id>("source_id"),
      field<&F::num_surfaces_per_frame>("num_surfaces_per_frame"),
      field<&F::source_frame_width>("source_frame_width"),
      field<&F::source_frame_height>("source_frame_height"),
      field<&F::surface_type>("surface_type"),
      field<&F::surface_index>("surface_index"),
      field<&F::num_obj_meta>("num_obj_meta"),
      field<&F::bInferDone>("bInferDone"),
      list_of<&F::obj_meta_list, NvDsObjectMeta>("obj_meta_list"),
      list_of<&F::display_meta_list, NvDsDisplayMeta>("display_meta_list"),
      list_of<&F::frame_user_meta_list, NvDsUserMeta>("frame_user_meta_list"),
      field<&F::misc_frame_info>("misc_frame_info"),
      field<&F::reserved>("reserved"),
      {},
  };
  auto& type = define<F>(m, "NvDsFrameMeta", fields);
  type.is_trusted_only = true;
  mark_as_pooled(type);

  using B = NvDsBatchMeta;
  def_add<nvds_add_frame_meta_to_batch, B, F>(m, "nvds_add_frame_meta_to_batch", "batch_meta", "frame_meta");
  def_remove<nvds_remove_frame_meta_from_batch, B, F>(m, "nvds_remove_frame_meta_from_batch", "batch_meta",
                                                      "frame_meta");
  def_clear<nvds_clear_frame_meta_list, B>(m, "nvds_clear_frame_meta_list", "batch_meta");
}

}  // namespace fluvial::python
