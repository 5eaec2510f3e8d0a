// What a model finds in a region of interest: the functions of nvdsmeta.h about NvDsRoiMeta. A region is no pooled
// element: it belongs to the tensor that it was cut for, and to one frame's batch.
#include "meta/lists.h"

using namespace fluvial;  // NOLINT: everything below is C with DeepStream's names

namespace {

NvDsBatchMeta* batch_of(const NvDsRoiMeta* roi) {
  return roi->frame_meta ? roi->frame_meta->base_meta.batch_meta : nullptr;
}

template <typename T>
void add(NvDsRoiMeta* roi, GList* NvDsRoiMeta::*list, T* element) {
  MetaLock lock(batch_of(roi));
  if (may_join(batch_of(roi), element)) roi->*list = g_list_prepend(roi->*list, element);
}

template <typename T>
void remove(NvDsRoiMeta* roi, GList* NvDsRoiMeta::*list, T* element, void (*release)(T*)) {
  MetaLock lock(batch_of(roi));
  remove_from(roi->*list, element, release);
}

}  // namespace

extern "C" {

FLUVIAL_EXPORT void nvds_add_classifier_meta_to_roi(NvDsRoiMeta* roi, NvDsClassifierMeta* classifier) {
  add(roi, &NvDsRoiMeta::classifier_meta_list, classifier);
}
FLUVIAL_EXPORT void nvds_remove_classifier_meta_from_roi(NvDsRoiMeta* roi, NvDsClassifierMeta* classifier) {
  remove(roi, &NvDsRoiMeta::classifier_meta_list, classifier, release_classifier);
}
FLUVIAL_EXPORT void nvds_add_user_meta_to_roi(NvDsRoiMeta* roi, NvDsUserMeta* user) {
  add(roi, &NvDsRoiMeta::roi_user_meta_list, user);
}
FLUVIAL_EXPORT void nvds_remove_user_meta_from_roi(NvDsRoiMeta* roi, NvDsUserMeta* user) {
  remove(roi, &NvDsRoiMeta::roi_user_meta_list, user, release_user);
}

}  // extern "C"
