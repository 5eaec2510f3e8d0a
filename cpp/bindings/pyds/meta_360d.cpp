// RectDim: a box on a dewarped picture.
#include "bindings/pyds/pointer.h"
#include "nvds_360d_meta.h"

namespace fluvial::python {

void bind_meta_360d(nb::module_& m) {
  define_enum(m, enum_info<ROI_STATUS_360D>(), "ROI_STATUS_360D",
              {
                  {"ROI_ENTRY_360D", ROI_ENTRY_360D},
                  {"ROI_EXIT_360D", ROI_EXIT_360D},
                  {"INSIDE_AISLE_360D", INSIDE_AISLE_360D},
              });
  using R = RectDim;
  static PyGetSetDef fields[] = {
      field<&R::left>("left"),
      field<&R::top>("top"),
      field<&R::width>("width"),
      field<&R::height>("height"),
      field<&R::class_id>("class_id"),
      field<&R::tracking_id>("tracking_id"),
      field<&R::gie_unique_id>("gie_unique_id"),
      field<&R::roi_status>("roi_status"),
      pointer<&R::text>("text"),
      {},
  };
  define<R>(m, "RectDim", fields);
}

}  // namespace fluvial::python
