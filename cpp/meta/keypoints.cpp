#include "meta/keypoints.h"

#include "meta/array_meta.h"
#include "meta/batch_buffer.h"

using namespace fluvial;  // NOLINT: everything below is C

namespace {

using Meta = ArrayMeta<FluvialKeypoints, FluvialKeypoint, &FluvialKeypoints::points>;

}  // namespace

FluvialKeypoints* fluvial::keypoints_in(NvDsUserMeta* user) { return Meta::in(user, fluvial_keypoints_meta_type()); }

extern "C" {

FLUVIAL_EXPORT NvDsMetaType fluvial_keypoints_meta_type() {
  static const NvDsMetaType type = nvds_get_user_meta_type(const_cast<char*>("FLUVIAL.OBJECT.KEYPOINTS"));
  return type;
}

FLUVIAL_EXPORT void fluvial_add_keypoints_to_obj(NvDsObjectMeta* object, guint unique_id, const FluvialKeypoint* points,
                                                 guint count) {
  auto* made = Meta::make(unique_id, points, count);
  nvds_add_user_meta_to_obj(object, Meta::acquire(object->base_meta.batch_meta, fluvial_keypoints_meta_type(), made));
}

FLUVIAL_EXPORT const FluvialKeypoints* fluvial_get_keypoints_of_obj(const NvDsObjectMeta* object) {
  MetaLock lock(object->base_meta.batch_meta);
  for (auto* user : each<NvDsUserMeta>(object->obj_user_meta_list))  // newest first
    if (auto* keypoints = keypoints_in(user)) return keypoints;
  return nullptr;
}

}  // extern "C"
