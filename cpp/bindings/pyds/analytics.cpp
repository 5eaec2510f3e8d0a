// What nvdsanalytics found: regions, lines, crowds. Lists and dicts are copies.
#include "bindings/pyds/value.h"

namespace fluvial::python {

void bind_analytics(nb::module_& m) {
  using O = NvDsAnalyticsObjInfo;
  static PyGetSetDef object_fields[] = {
      copied<&O::roiStatus>("roiStatus"),
      copied<&O::ocStatus>("ocStatus"),
      copied<&O::lcStatus>("lcStatus"),
      copied<&O::dirStatus>("dirStatus"),
      copied<&O::objStatus>("objStatus"),
      field<&O::unique_id>("unique_id"),
      {},
  };
  auto& object = define<O>(m, "NvDsAnalyticsObjInfo", TypeSpec{object_fields, nullptr, true});
  object.is_trusted_only = true;
  construct_in_place<O>(object);

  using F = NvDsAnalyticsFrameMeta;
  static PyGetSetDef frame_fields[] = {
      copied<&F::ocStatus>("ocStatus"),
      copied<&F::objInROIcnt>("objInROIcnt"),
      copied<&F::objLCCurrCnt>("objLCCurrCnt"),
      copied<&F::objLCCumCnt>("objLCCumCnt"),
      copied<&F::objCnt>("objCnt"),
      field<&F::unique_id>("unique_id"),
      {},
  };
  auto& frame = define<F>(m, "NvDsAnalyticsFrameMeta", TypeSpec{frame_fields, nullptr, true});
  frame.is_trusted_only = true;
  construct_in_place<F>(frame);
}

}  // namespace fluvial::python
