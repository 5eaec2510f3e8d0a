// fluvialpreprocess in a harness, and the tensors it attaches.
#pragma once

#include <algorithm>

#include "filter_fixture.h"
#include "nvdspreprocess_meta.h"

namespace testing {

inline NvDsObjectMeta* add_object(GstBuffer* buffer, guint source, int class_id, Box box, int unique_id = 1) {
  auto* object = nvds_acquire_obj_meta_from_pool(gst_buffer_get_nvds_batch_meta(buffer));
  object->class_id = class_id;
  object->unique_component_id = unique_id;
  object->object_id = UNTRACKED_OBJECT_ID;
  object->rect_params.left = box.left;
  object->rect_params.top = box.top;
  object->rect_params.width = box.width;
  object->rect_params.height = box.height;
  nvds_add_obj_meta_to_frame(frame_of(buffer, source), object, nullptr);
  return object;
}

inline std::vector<GstNvDsPreProcessBatchMeta*> tensors_of(GstBuffer* buffer) {
  std::vector<GstNvDsPreProcessBatchMeta*> found;
  for (auto* user : each<NvDsUserMeta>(gst_buffer_get_nvds_batch_meta(buffer)->batch_user_meta_list))
    if (user->base_meta.meta_type == NVDS_PREPROCESS_BATCH_META)
      found.push_back(static_cast<GstNvDsPreProcessBatchMeta*>(user->user_meta_data));
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return a->tensor_meta && b->tensor_meta && a->tensor_meta->meta_id < b->tensor_meta->meta_id;
  });
  return found;
}

inline const float* values_of(const GstNvDsPreProcessBatchMeta& meta) {
  return static_cast<const float*>(meta.tensor_meta->raw_tensor_buffer);
}

// The first 4 keys say a tensor of two regions of 4 x 2 pixels.
inline std::string config_text(const std::string& property, const std::string& rest) {
  return "[property]\nnetwork-input-shape=2;3;2;4\ntensor-name=in\ntarget-unique-ids=1\n" + property + "\n" + rest;
}

class Preprocess : public BatchFilter {
 public:
  explicit Preprocess(const std::string& config, const char* factory = "fluvialpreprocess")
      : BatchFilter(factory, "config-file", "regions.txt", config) {}
};

}  // namespace testing
