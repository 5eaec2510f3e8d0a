// nvds_obj_encode.h: ObjectEncoder without exceptions.
#include "nvds_obj_encode.h"

#include <exception>

#include "surface/jpeg/object_encoder.h"
#include "surface/nvbuf_view.h"

struct _NvDsObjEncCtx {
  fluvial::ObjectEncoder encoder;
};

extern "C" {

FLUVIAL_EXPORT NvDsObjEncCtxHandle nvds_obj_enc_create_context(int) { return new _NvDsObjEncCtx; }

FLUVIAL_EXPORT bool nvds_obj_enc_process(NvDsObjEncCtxHandle ctx, NvDsObjEncUsrArgs* args, NvBufSurface* surface,
                                         NvDsObjectMeta* obj_meta, NvDsFrameMeta* frame_meta) {
  const char* missing = !ctx          ? "the context"
                        : !args       ? "args"
                        : !surface    ? "surface"
                        : !frame_meta ? "frame_meta"
                                      : nullptr;
  if (missing) {
    g_printerr("nvds_obj_enc_process: %s is NULL\n", missing);
    return false;
  }
  try {
    return ctx->encoder.add(*args, fluvial::view_in(*surface, frame_meta->batch_id), obj_meta, frame_meta);
  } catch (const std::exception& e) {
    g_printerr("nvds_obj_enc_process: %s\n", e.what());
    return false;
  }
}

FLUVIAL_EXPORT void nvds_obj_enc_finish(NvDsObjEncCtxHandle ctx) {
  if (!ctx) return;
  try {
    ctx->encoder.finish();
  } catch (const std::exception& e) {
    g_printerr("nvds_obj_enc_finish: %s\n", e.what());
  }
}

FLUVIAL_EXPORT void nvds_obj_enc_destroy_context(NvDsObjEncCtxHandle ctx) {
  if (ctx && !ctx->encoder.is_forked()) delete ctx;
}

}  // extern "C"
