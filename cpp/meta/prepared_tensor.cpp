#include "meta/prepared_tensor.h"

#include <algorithm>

namespace fluvial {
namespace {

// What user_meta_data points at is the first member, so it is the PreparedTensor too.
PreparedTensor* prepared_in(const NvDsUserMeta* user) { return static_cast<PreparedTensor*>(user->user_meta_data); }

void point(PreparedTensor& prepared) {
  prepared.meta.tensor_meta = prepared.memory ? &prepared.tensor : nullptr;
  prepared.meta.private_data = prepared.pictures.get();
  prepared.tensor.private_data = prepared.memory.get();
}

gpointer copy_prepared(gpointer data, gpointer) {
  auto* copy = new PreparedTensor(*prepared_in(static_cast<NvDsUserMeta*>(data)));
  for (auto& region : copy->meta.roi_vector) region.classifier_meta_list = region.roi_user_meta_list = nullptr;
  point(*copy);
  return &copy->meta;
}

// The elements of the regions' lists are the batch's, which frees them.
void free_prepared(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  for (auto& region : prepared_in(user)->meta.roi_vector) {
    g_list_free(region.classifier_meta_list);
    g_list_free(region.roi_user_meta_list);
  }
  delete prepared_in(user);
  user->user_meta_data = nullptr;
}

// In a copied list, which is the reverse of what it was copied from.
template <typename T>
T* counterpart(T* element, GList* from, GList* to) {
  const gint at = element ? g_list_index(from, element) : -1;
  return at < 0 ? nullptr : static_cast<T*>(g_list_nth_data(to, g_list_length(to) - 1 - static_cast<guint>(at)));
}

void copy_findings(const NvDsRoiMeta& from, NvDsRoiMeta& to, NvDsBatchMeta* batch) {
  for (GList* node = from.classifier_meta_list; node; node = node->next) {
    auto* classifier = nvds_acquire_classifier_meta_from_pool(batch);
    nvds_copy_classifier_meta(static_cast<NvDsClassifierMeta*>(node->data), classifier);
    nvds_add_classifier_meta_to_roi(&to, classifier);
  }
}

}  // namespace

void attach_prepared_tensor(NvDsBatchMeta* batch, PreparedTensor tensor) {
  auto* prepared = new PreparedTensor(std::move(tensor));
  point(*prepared);
  auto* user = nvds_acquire_user_meta_from_pool(batch);
  user->user_meta_data = &prepared->meta;
  user->base_meta.meta_type = NVDS_PREPROCESS_BATCH_META;
  user->base_meta.copy_func = copy_prepared;
  user->base_meta.release_func = free_prepared;
  nvds_add_user_meta_to_batch(batch, user);
}

void point_regions(const NvDsUserMeta* from, NvDsUserMeta* to, NvDsBatchMeta* to_batch) {
  // A program can give any metadata this type: only what was attached here is known to be what it says.
  if (from->base_meta.copy_func != copy_prepared || !to->user_meta_data) return;
  const auto& old = prepared_in(from)->meta.roi_vector;
  auto& regions = prepared_in(to)->meta.roi_vector;
  for (std::size_t i = 0; i < std::min(old.size(), regions.size()); ++i) {
    auto* frame = old[i].frame_meta;
    auto* copy = counterpart(frame, from->base_meta.batch_meta->frame_meta_list, to_batch->frame_meta_list);
    regions[i].frame_meta = copy;
    regions[i].object_meta =
        copy ? counterpart(old[i].object_meta, frame->obj_meta_list, copy->obj_meta_list) : nullptr;
    if (copy) copy_findings(old[i], regions[i], to_batch);
  }
}

}  // namespace fluvial
