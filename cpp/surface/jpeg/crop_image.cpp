#include "surface/jpeg/crop_image.h"

#include <stdexcept>
#include <string>

#include "meta/batch_buffer.h"
#include "nvds_obj_encode.h"

namespace fluvial {
namespace {

gpointer copy_picture(gpointer data, gpointer) {
  const auto* from = static_cast<NvDsObjEncOutParams*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  auto* to = g_new0(NvDsObjEncOutParams, 1);
  to->outBuffer = static_cast<std::uint8_t*>(g_memdup2(from->outBuffer, from->outLen));
  to->outLen = from->outLen;
  return to;
}

void release_picture(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  auto* picture = static_cast<NvDsObjEncOutParams*>(user->user_meta_data);
  // Python may show the bytes as an array: they go with the batch's memory.
  if (const Lease lease = Lease::of(user->base_meta.batch_meta))
    lease.free_array_later(picture->outBuffer);
  else
    g_free(picture->outBuffer);
  g_free(picture);
  user->user_meta_data = nullptr;
}

}  // namespace

void CropImageTarget::hold(const char* what, NvDsBaseMeta& base) {
  lease_ = Lease::of(base.batch_meta);
  if (!lease_)
    throw std::invalid_argument(std::string(what) + " is not of a batch's metadata: a picture cannot be attached");
  batch_ = base.batch_meta;
  element_ = &base;
  generation_ = generation_of(element_);
}

CropImageTarget::CropImageTarget(NvDsObjectMeta* object) { hold("obj_meta", object->base_meta); }

CropImageTarget::CropImageTarget(NvDsFrameMeta* frame) : is_frame_(true) { hold("frame_meta", frame->base_meta); }

bool CropImageTarget::attach(JpegBytes picture) const {
  MetaLock lock(batch_);
  // A batch that is being destroyed is marked first and waits for this lock then, and frees what was attached.
  if (!lease_.is_alive() || generation_of(element_) != generation_) return false;
  auto* params = g_new0(NvDsObjEncOutParams, 1);
  params->outLen = picture.size;
  params->outBuffer = picture.data.release();
  auto* user = nvds_acquire_user_meta_from_pool(batch_);
  user->user_meta_data = params;
  user->base_meta.meta_type = NVDS_CROP_IMAGE_META;
  user->base_meta.copy_func = copy_picture;
  user->base_meta.release_func = release_picture;
  is_frame_ ? nvds_add_user_meta_to_frame(static_cast<NvDsFrameMeta*>(element_), user)
            : nvds_add_user_meta_to_obj(static_cast<NvDsObjectMeta*>(element_), user);
  return true;
}

}  // namespace fluvial
