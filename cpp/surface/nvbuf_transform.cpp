// nvbufsurftransform.h: the surfaces' own transforms, on the CPU and at once.
#include <gst/gst.h>

#include <algorithm>
#include <exception>

#include "nvbufsurftransform.h"
#include "surface/batch.h"
#include "surface/nvbuf_view.h"
#include "surface/view_surface.h"

struct NvBufSurfTransformSyncObj {};  // the work is done when a program gets one

namespace fluvial {
namespace {

using Error = NvBufSurfTransform_Error;

Error fail(Error error, const char* why) {
  GST_WARNING("NvBufSurfTransform: %s", why);
  return error;
}

Flip flip_of(NvBufSurfTransform_Flip flip) {
  switch (flip) {
    case NvBufSurfTransform_Rotate90: return Flip::cw90;
    case NvBufSurfTransform_Rotate180: return Flip::rotate180;
    case NvBufSurfTransform_Rotate270: return Flip::ccw90;
    case NvBufSurfTransform_FlipX: return Flip::vertical;  // about the X axis
    case NvBufSurfTransform_FlipY: return Flip::horizontal;
    case NvBufSurfTransform_Transpose: return Flip::diagonal;
    case NvBufSurfTransform_InvTranspose: return Flip::anti_diagonal;
    default: return Flip::none;
  }
}

Filter filter_of(NvBufSurfTransform_Inter inter) {
  switch (inter) {
    case NvBufSurfTransformInter_Bilinear: return Filter::bilinear;
    case NvBufSurfTransformInter_Algo1:
    case NvBufSurfTransformInter_Algo2:
    case NvBufSurfTransformInter_Algo3:
    case NvBufSurfTransformInter_Algo4: return Filter::box;
    default: return Filter::nearest;
  }
}

bool is_inside(const NvBufSurfTransformRect& rect, const NvBufSurfaceParams& params) {
  return rect.width > 0 && rect.height > 0 && rect.left <= params.width && rect.top <= params.height &&
         rect.width <= params.width - rect.left && rect.height <= params.height - rect.top;
}

Box box_of(const NvBufSurfTransformRect& rect) {
  return {static_cast<float>(rect.left), static_cast<float>(rect.top), static_cast<float>(rect.width),
          static_cast<float>(rect.height)};
}

// One surface to another. Null rectangles are whole surfaces.
Error transform_one(const NvBufSurfaceParams& from, NvBufSurfaceParams& to, const NvBufSurfTransformRect* from_rect,
                    const NvBufSurfTransformRect* to_rect, Transform how) {
  if (from_rect && !is_inside(*from_rect, from))
    return fail(NvBufSurfTransformError_ROI_Error, "src_rect leaves the surface");
  if (to_rect && !is_inside(*to_rect, to))
    return fail(NvBufSurfTransformError_ROI_Error, "dst_rect leaves the surface");
  if (from_rect) how.from = box_of(*from_rect);
  if (to_rect) how.to = box_of(*to_rect);
  ViewSurface target(view_of(to));
  make_system_allocator()->transform(ViewSurface(view_of(from)), target, how);
  return NvBufSurfTransformError_Success;
}

bool is_usable(const NvBufSurface* batch) { return batch && batch->surfaceList && batch->batchSize > 0; }

// What C++ throws becomes the error that says so.
template <typename Work>
Error guarded(Work work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return fail(NvBufSurfTransformError_Unsupported, e.what());
  }
}

Error transform(NvBufSurface* from, NvBufSurface* to, const NvBufSurfTransformParams& params) {
  const uint32_t count = std::max(from->numFilled, 1U);
  if (count > from->batchSize || to->batchSize < count)
    return fail(NvBufSurfTransformError_Invalid_Params, "the destination has too few surfaces");
  if (params.transform_flag & NVBUFSURF_TRANSFORM_NORMALIZE)
    return fail(NvBufSurfTransformError_Unsupported, "NVBUFSURF_TRANSFORM_NORMALIZE is not done here");
  Transform how;
  how.filter =
      params.transform_flag & NVBUFSURF_TRANSFORM_FILTER ? filter_of(params.transform_filter) : Filter::bilinear;
  how.flip = params.transform_flag & NVBUFSURF_TRANSFORM_FLIP ? flip_of(params.transform_flip) : Flip::none;
  const bool crops = params.transform_flag & NVBUFSURF_TRANSFORM_CROP_SRC && params.src_rect;
  const bool places = params.transform_flag & NVBUFSURF_TRANSFORM_CROP_DST && params.dst_rect;
  for (uint32_t i = 0; i < count; ++i) {
    make_private(*to, i);
    const Error error = transform_one(from->surfaceList[i], to->surfaceList[i], crops ? &params.src_rect[i] : nullptr,
                                      places ? &params.dst_rect[i] : nullptr, how);
    if (error != NvBufSurfTransformError_Success) return error;
  }
  to->numFilled = std::max(to->numFilled, count);
  return NvBufSurfTransformError_Success;
}

Error composite(NvBufSurface* from, NvBufSurface* to, const NvBufSurfTransformCompositeParams& params) {
  if (params.input_buf_count > from->batchSize || !params.src_comp_rect || !params.dst_comp_rect)
    return fail(NvBufSurfTransformError_Invalid_Params, "input_buf_count, src_comp_rect or dst_comp_rect");
  Transform how;
  how.filter = params.composite_flag & NVBUFSURF_TRANSFORM_COMPOSITE_FILTER ? filter_of(params.composite_filter)
                                                                            : Filter::bilinear;
  make_private(*to, 0);
  for (uint32_t i = 0; i < params.input_buf_count; ++i) {
    const Error error = transform_one(from->surfaceList[i], to->surfaceList[0], &params.src_comp_rect[i],
                                      &params.dst_comp_rect[i], how);
    if (error != NvBufSurfTransformError_Success) return error;
  }
  to->numFilled = std::max(to->numFilled, 1U);
  return NvBufSurfTransformError_Success;
}

// A thread's session, as in DeepStream. Nothing here depends on it: it is what Get gives back.
NvBufSurfTransformConfigParams& session() {
  thread_local NvBufSurfTransformConfigParams of_thread = {};
  return of_thread;
}

}  // namespace
}  // namespace fluvial

using namespace fluvial;  // NOLINT: everything below is C with DeepStream's names

extern "C" {

FLUVIAL_EXPORT Error NvBufSurfTransform(NvBufSurface* from, NvBufSurface* to, NvBufSurfTransformParams* params) {
  if (!is_usable(from) || !is_usable(to) || !params)
    return fail(NvBufSurfTransformError_Invalid_Params, "src, dst and transform_params are needed");
  return guarded([&] { return transform(from, to, *params); });
}

FLUVIAL_EXPORT Error NvBufSurfTransformComposite(NvBufSurface* from, NvBufSurface* to,
                                                 NvBufSurfTransformCompositeParams* params) {
  if (!is_usable(from) || !is_usable(to) || !params)
    return fail(NvBufSurfTransformError_Invalid_Params, "src, dst and composite_params are needed");
  return guarded([&] { return composite(from, to, *params); });
}

FLUVIAL_EXPORT Error NvBufSurfTransformAsync(NvBufSurface* from, NvBufSurface* to, NvBufSurfTransformParams* params,
                                             NvBufSurfTransformSyncObj_t* sync) {
  const Error error = NvBufSurfTransform(from, to, params);
  if (sync) *sync = error == NvBufSurfTransformError_Success ? new NvBufSurfTransformSyncObj : nullptr;
  return error;
}

FLUVIAL_EXPORT Error NvBufSurfTransformCompositeAsync(NvBufSurface* from, NvBufSurface* to,
                                                      NvBufSurfTransformCompositeParams* params,
                                                      NvBufSurfTransformSyncObj_t* sync) {
  const Error error = NvBufSurfTransformComposite(from, to, params);
  if (sync) *sync = error == NvBufSurfTransformError_Success ? new NvBufSurfTransformSyncObj : nullptr;
  return error;
}

FLUVIAL_EXPORT Error NvBufSurfTransformSyncObjWait(NvBufSurfTransformSyncObj_t sync, uint32_t) {
  return sync ? NvBufSurfTransformError_Success : NvBufSurfTransformError_Invalid_Params;
}

FLUVIAL_EXPORT Error NvBufSurfTransformSyncObjDestroy(NvBufSurfTransformSyncObj_t* sync) {
  if (!sync || !*sync) return NvBufSurfTransformError_Invalid_Params;
  delete *sync;
  *sync = nullptr;
  return NvBufSurfTransformError_Success;
}

FLUVIAL_EXPORT Error NvBufSurfTransformSetSessionParams(NvBufSurfTransformConfigParams* params) {
  if (!params) return NvBufSurfTransformError_Invalid_Params;
  session() = *params;
  return NvBufSurfTransformError_Success;
}

FLUVIAL_EXPORT Error NvBufSurfTransformGetSessionParams(NvBufSurfTransformConfigParams* params) {
  if (!params) return NvBufSurfTransformError_Invalid_Params;
  *params = session();
  return NvBufSurfTransformError_Success;
}

FLUVIAL_EXPORT Error NvBufSurfTransformSetDefaultSession(void) {
  session() = {};
  return NvBufSurfTransformError_Success;
}

}  // extern "C"
