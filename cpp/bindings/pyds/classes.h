// The structs that pyds shows, and their names in signatures.
#pragma once

#include "bindings/pyds/wrapper.h"
#include "gstnvdsinfer.h"
#include "gstnvdsmeta.h"
#include "nvbufsurface.h"
#include "nvds_analytics_meta.h"
#include "nvds_obj_encode.h"
#include "nvds_opticalflow_meta.h"
#include "nvds_roi_meta.h"
#include "nvds_tracker_meta.h"
#include "nvdsinfer.h"
#include "nvdsmeta_schema.h"
#include "nvdspreprocess_meta.h"
#include "nvll_osd_struct.h"

// The example of a user's own struct that NVIDIA's bindings carry. Strings are g_malloc'ed.
struct CustomDataStruct {
  int structId;
  char* message;
  int sampleInt;
};

namespace fluvial::python {

#define FLUVIAL_CLASS(T)                                                   \
  template <>                                                              \
  struct ClassName<T> {                                                    \
    static constexpr auto text = nanobind::detail::const_name("pyds." #T); \
  };

FLUVIAL_CLASS(NvDsBatchMeta)
FLUVIAL_CLASS(NvDsFrameMeta)
FLUVIAL_CLASS(NvDsObjectMeta)
FLUVIAL_CLASS(NvDsClassifierMeta)
FLUVIAL_CLASS(NvDsLabelInfo)
FLUVIAL_CLASS(NvDsDisplayMeta)
FLUVIAL_CLASS(NvDsUserMeta)
FLUVIAL_CLASS(NvDsMetaPool)
FLUVIAL_CLASS(NvDsTargetMiscDataBatch)
FLUVIAL_CLASS(NvDsTargetMiscDataStream)
FLUVIAL_CLASS(NvDsTargetMiscDataObject)
FLUVIAL_CLASS(NvDsInferTensorMeta)
FLUVIAL_CLASS(NvDsInferSegmentationMeta)
FLUVIAL_CLASS(NvDsObjEncUsrArgs)
FLUVIAL_CLASS(NvBufSurface)
FLUVIAL_CLASS(NvBufSurfaceCreateParams)
FLUVIAL_CLASS(NvDsVehicleObject)
FLUVIAL_CLASS(NvDsPersonObject)
FLUVIAL_CLASS(NvDsEventMsgMeta)

#undef FLUVIAL_CLASS

// One function a file: adds its classes or functions to pyds.
void bind_enums(nb::module_& m);
void bind_glist(nb::module_& m);
void bind_base(nb::module_& m);
void bind_batch(nb::module_& m);
void bind_own_batch(nb::module_& m);
void bind_lists(nb::module_& m);
void bind_old_casts(nb::module_& m);
void bind_frame(nb::module_& m);
void bind_object(nb::module_& m);
void bind_classifier(nb::module_& m);
void bind_display(nb::module_& m);
void bind_osd(nb::module_& m);
void bind_osd_frame(nb::module_& m);
void bind_user(nb::module_& m);
void bind_custom(nb::module_& m);
void bind_gst_meta(nb::module_& m);
void bind_meta_360d(nb::module_& m);
void bind_schema(nb::module_& m);
void bind_event(nb::module_& m);
void bind_payload(nb::module_& m);
void bind_analytics(nb::module_& m);
void bind_optical_flow(nb::module_& m);
void bind_preprocess(nb::module_& m);
void bind_tracker(nb::module_& m);
void bind_infer(nb::module_& m);
void bind_buf_surface(nb::module_& m);
void bind_surface(nb::module_& m);
void bind_encode(nb::module_& m);
void bind_elements(nb::module_& m);
void bind_latency(nb::module_& m);
void bind_strings(nb::module_& m);

}  // namespace fluvial::python
