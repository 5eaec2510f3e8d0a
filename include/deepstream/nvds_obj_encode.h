// SPDX-License-Identifier: Apache-2.0
// Objects and whole frames as JPEG pictures: queued, encoded beside the stream, saved or hung on the metadata.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <sys/time.h>

#include "nvbufsurface.h"
#include "nvdsmeta.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FILE_NAME_SIZE (1024)

typedef struct _NvDsObjEncCtx *NvDsObjEncCtxHandle;

// What a user meta of NVDS_CROP_IMAGE_META holds.
typedef struct _NvDsObjEncOutParams {
  uint8_t *outBuffer;
  uint64_t outLen;
} NvDsObjEncOutParams;

typedef struct _NvDsObjEncUsrArgs {
  bool saveImg;
  bool attachUsrMeta;
  bool scaleImg;
  int scaledWidth;
  int scaledHeight;
  // Empty: frame-N_stream-N_object-N_LABEL_WxH.jpg in the working directory.
  char fileNameImg[FILE_NAME_SIZE];
  int objNum;
  int quality;  // 1..100; 0: 80
  bool isFrame;
  bool calcEncodeTime;
} NvDsObjEncUsrArgs;

NvDsObjEncCtxHandle nvds_obj_enc_create_context(int gpu_id);
// False when nothing was queued; why stands on stderr. frame_meta says which surface, obj_meta (not for isFrame) which part.
bool nvds_obj_enc_process(NvDsObjEncCtxHandle ctx, NvDsObjEncUsrArgs *args, NvBufSurface *surface, NvDsObjectMeta *obj_meta, NvDsFrameMeta *frame_meta);
// Waits for all that is queued; then the files are written and the metadata is attached.
void nvds_obj_enc_finish(NvDsObjEncCtxHandle ctx);
void nvds_obj_enc_destroy_context(NvDsObjEncCtxHandle ctx);

#ifdef __cplusplus
}
#endif
