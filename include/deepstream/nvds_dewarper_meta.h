// SPDX-License-Identifier: Apache-2.0
// Views dewarped from a fish-eye or 360-degree camera.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <gst/gst.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MAX_DEWARPED_VIEWS 4

// From which lens to which projection: NvDsFrameMeta.surface_type.
typedef enum NvDsSurfaceType {
  NVDS_META_SURFACE_NONE = 0,
  NVDS_META_SURFACE_FISH_PUSHBROOM = 1,
  NVDS_META_SURFACE_FISH_VERTCYL = 2,
  NVDS_META_SURFACE_PERSPECTIVE_PERSPECTIVE = 3,
  NVDS_META_SURFACE_FISH_PERSPECTIVE = 4,
  NVDS_META_SURFACE_FISH_FISH = 5,
  NVDS_META_SURFACE_FISH_CYL = 6,
  NVDS_META_SURFACE_FISH_EQUIRECT = 7,
  NVDS_META_SURFACE_FISH_PANINI = 8,
  NVDS_META_SURFACE_PERSPECTIVE_EQUIRECT = 9,
  NVDS_META_SURFACE_PERSPECTIVE_PANINI = 10,
  NVDS_META_SURFACE_EQUIRECT_CYLINDER = 11,
  NVDS_META_SURFACE_EQUIRECT_EQUIRECT = 12,
  NVDS_META_SURFACE_EQUIRECT_FISHEYE = 13,
  NVDS_META_SURFACE_EQUIRECT_PANINI = 14,
  NVDS_META_SURFACE_EQUIRECT_PERSPECTIVE = 15,
  NVDS_META_SURFACE_EQUIRECT_PUSHBROOM = 16,
  NVDS_META_SURFACE_EQUIRECT_STEREOGRAPHIC = 17,
  NVDS_META_SURFACE_EQUIRECT_VERTCYLINDER = 18,
} NvDsSurfaceType;

// The views that were made of one frame.
typedef struct _NvDewarperSurfaceMeta {
  guint type[MAX_DEWARPED_VIEWS];
  guint index[MAX_DEWARPED_VIEWS];
  guint source_id;
  guint num_filled_surfaces;
} NvDewarperSurfaceMeta;

#ifdef __cplusplus
}
#endif
