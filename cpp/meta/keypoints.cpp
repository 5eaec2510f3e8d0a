#include "meta/keypoints.h"

#include "meta/batch_buffer.h"
#include "meta/export.h"

using namespace fluvial;  // NOLINT: everything below is C

namespace {

FluvialKeypoints* new_keypoints(guint unique_id, const FluvialKeypoint* points, guint count) {
  auto* keypoints = g_new(FluvialKeypoints, 1);
  *keypoints = {unique_id, count, static_cast<FluvialKeypoint*>(g_memdup2(points, count * sizeof *points))};
  return keypoints;
}

gpointer copy_keypoints(gpointer data, gpointer) {
  const auto* from = static_cast<FluvialKeypoints*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  return new_keypoints(from->unique_id, from->points, from->count);
}

void free_keypoints(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  auto* keypoints = static_cast<FluvialKeypoints*>(user->user_meta_data);
  user->user_meta_data = nullptr;
  g_free(keypoints->points);
  g_free(keypoints);
}

}  // namespace

// Anybody may write the type: the function tells whose data it is.
FluvialKeypoints* fluvial::keypoints_in(NvDsUserMeta* user) {
  if (user->base_meta.meta_type != fluvial_keypoints_meta_type() || user->base_meta.release_func != free_keypoints)
    return nullptr;
  return static_cast<FluvialKeypoints*>(user->user_meta_data);
}

extern "C" {

FLUVIAL_EXPORT NvDsMetaType fluvial_keypoints_meta_type() {
  static const NvDsMetaType type = nvds_get_user_meta_type(const_cast<char*>("FLUVIAL.OBJECT.KEYPOINTS"));
  return type;
}

FLUVIAL_EXPORT void fluvial_add_keypoints_to_obj(NvDsObjectMeta* object, guint unique_id, const FluvialKeypoint* points,
                                                 guint count) {
  auto* user = nvds_acquire_user_meta_from_pool(object->base_meta.batch_meta);
  user->user_meta_data = new_keypoints(unique_id, points, count);
  user->base_meta.meta_type = fluvial_keypoints_meta_type();
  user->base_meta.copy_func = copy_keypoints;
  user->base_meta.release_func = free_keypoints;
  nvds_add_user_meta_to_obj(object, user);
}

FLUVIAL_EXPORT const FluvialKeypoints* fluvial_get_keypoints_of_obj(const NvDsObjectMeta* object) {
  MetaLock lock(object->base_meta.batch_meta);
  for (auto* user : each<NvDsUserMeta>(object->obj_user_meta_list))  // newest first
    if (auto* keypoints = keypoints_in(user)) return keypoints;
  return nullptr;
}

}  // extern "C"
