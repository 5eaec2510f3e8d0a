// The structs that DeepStream's users compile against have DeepStream 9.1's sizes and offsets (x86-64).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstddef>

#include "gstnvdsinfer.h"
#include "gstnvdsmeta.h"
#include "nvbufsurface.h"
#include "nvds_tracker_meta.h"

TEST_CASE("metadata structs have DeepStream's layout") {
  CHECK(sizeof(NvDsBaseMeta) == 40);
  CHECK(sizeof(NvDsMetaPool) == 56);
  CHECK(sizeof(NvDsBatchMeta) == 192);
  CHECK(offsetof(NvDsBatchMeta, meta_mutex) == 112);
  CHECK(sizeof(NvDsFrameMeta) == 232);
  CHECK(offsetof(NvDsFrameMeta, obj_meta_list) == 104);
  CHECK(offsetof(NvDsFrameMeta, pipeline_width) == 160);
  CHECK(sizeof(NvDsObjectMeta) == 552);
  CHECK(offsetof(NvDsObjectMeta, rect_params) == 104);
  CHECK(offsetof(NvDsObjectMeta, mask_params) == 216);
  CHECK(offsetof(NvDsObjectMeta, text_params) == 240);
  CHECK(offsetof(NvDsObjectMeta, obj_label) == 344);
  CHECK(sizeof(NvOSD_RectParams) == 112);
  CHECK(sizeof(NvDsDisplayMeta) == 7040);
  CHECK(offsetof(NvDsDisplayMeta, circle_params) == 5440);
  CHECK(sizeof(NvDsMeta) == 72);
}

TEST_CASE("surface and inference structs have DeepStream's layout") {
  CHECK(sizeof(NvBufSurface) == 72);
  CHECK(offsetof(NvBufSurface, surfaceList) == 24);
  CHECK(sizeof(NvBufSurfaceParams) == 416);
  CHECK(offsetof(NvBufSurfaceParams, dataPtr) == 40);
  CHECK(offsetof(NvBufSurfaceParams, mappedAddr) == 280);
  CHECK(sizeof(NvDsInferLayerInfo) == 72);
  CHECK(offsetof(NvDsInferLayerInfo, buffer) == 56);
  CHECK(sizeof(NvDsInferObjectDetectionInfo) == 28);
  CHECK(sizeof(NvDsInferTensorMeta) == 72);
  CHECK(sizeof(NvDsTargetMiscDataFrame) == 144);
}
