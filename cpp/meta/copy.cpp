// Deep copies. A copied list comes out in reverse, as each element is prepended again: DeepStream's programs see that
// order behind nvstreamdemux and the tiler, so it is kept.
#include <cstring>
#include <unordered_map>

#include "meta/batch_arena.h"
#include "meta/prepared_tensor.h"

using namespace fluvial;  // NOLINT: everything below is C with DeepStream's names

namespace {

NvOSD_TextParams copy_text(const NvOSD_TextParams& from) {
  NvOSD_TextParams to = from;
  to.display_text = g_strdup(from.display_text);
  return to;  // font_name is interned or static: shared
}

// A user meta without a copy function stays behind.
NvDsUserMeta* copy_user(NvDsUserMeta* from, NvDsBatchMeta* to_batch) {
  if (!from->base_meta.copy_func) return nullptr;
  auto* to = nvds_acquire_user_meta_from_pool(to_batch);
  to->base_meta.meta_type = from->base_meta.meta_type;
  to->base_meta.copy_func = from->base_meta.copy_func;
  to->base_meta.release_func = from->base_meta.release_func;
  to->base_meta.uContext = from->base_meta.uContext;
  to->user_meta_data = from->base_meta.copy_func(from, nullptr);
  point_regions(from, to, to_batch);
  return to;
}

// The batch of what is in a list; nullptr for an empty one.
NvDsBatchMeta* batch_in(GList* list) { return list ? static_cast<NvDsBaseMeta*>(list->data)->batch_meta : nullptr; }

void copy_tensor_fields(const NvOSD_MaskParams& from, NvOSD_MaskParams& to) {
  to = from;
  to.data = from.size > 0 && from.data ? static_cast<float*>(g_memdup2(from.data, from.size)) : nullptr;
}

}  // namespace

extern "C" {

FLUVIAL_EXPORT void nvds_copy_label_info_meta(NvDsLabelInfo* from, NvDsLabelInfo* to) {
  const NvDsBaseMeta base = to->base_meta;
  *to = *from;
  to->base_meta = base;
  to->pResult_label = g_strdup(from->pResult_label);
}

FLUVIAL_EXPORT void nvds_copy_label_info_list(NvDsLabelInfoList* from, NvDsClassifierMeta* to) {
  Copying copying(batch_in(from));
  for (; from; from = from->next) {
    auto* label = nvds_acquire_label_info_meta_from_pool(to->base_meta.batch_meta);
    nvds_copy_label_info_meta(static_cast<NvDsLabelInfo*>(from->data), label);
    nvds_add_label_info_meta_to_classifier(to, label);
  }
}

FLUVIAL_EXPORT void nvds_copy_classifier_meta(NvDsClassifierMeta* from, NvDsClassifierMeta* to) {
  Copying copying(from->base_meta.batch_meta);
  to->unique_component_id = from->unique_component_id;  // classifier_type is not copied: DeepStream's way
  nvds_copy_label_info_list(from->label_info_list, to);
}

FLUVIAL_EXPORT void nvds_copy_classification_list(NvDsClassifierMetaList* from, NvDsObjectMeta* to) {
  Copying copying(batch_in(from));
  for (; from; from = from->next) {
    auto* classifier = nvds_acquire_classifier_meta_from_pool(to->base_meta.batch_meta);
    nvds_copy_classifier_meta(static_cast<NvDsClassifierMeta*>(from->data), classifier);
    nvds_add_classifier_meta_to_object(to, classifier);
  }
}

FLUVIAL_EXPORT void nvds_copy_obj_user_meta_list(NvDsUserMetaList* from, NvDsObjectMeta* to) {
  Copying copying(batch_in(from));
  for (; from; from = from->next)
    if (auto* user = copy_user(static_cast<NvDsUserMeta*>(from->data), to->base_meta.batch_meta))
      nvds_add_user_meta_to_obj(to, user);
}

FLUVIAL_EXPORT void nvds_copy_frame_user_meta_list(NvDsUserMetaList* from, NvDsFrameMeta* to) {
  Copying copying(batch_in(from));
  for (; from; from = from->next)
    if (auto* user = copy_user(static_cast<NvDsUserMeta*>(from->data), to->base_meta.batch_meta))
      nvds_add_user_meta_to_frame(to, user);
}

FLUVIAL_EXPORT void nvds_copy_batch_user_meta_list(NvDsUserMetaList* from, NvDsBatchMeta* to) {
  Copying copying(batch_in(from));
  for (; from; from = from->next)
    if (auto* user = copy_user(static_cast<NvDsUserMeta*>(from->data), to)) nvds_add_user_meta_to_batch(to, user);
}

FLUVIAL_EXPORT void nvds_copy_obj_meta(NvDsObjectMeta* from, NvDsObjectMeta* to) {
  Copying copying(from->base_meta.batch_meta);
  const NvDsBaseMeta base = to->base_meta;
  auto* const parent = to->parent;
  *to = *from;
  to->base_meta = base;
  to->parent = parent;
  to->classifier_meta_list = nullptr;
  to->obj_user_meta_list = nullptr;
  to->text_params = copy_text(from->text_params);
  copy_tensor_fields(from->mask_params, to->mask_params);
  nvds_copy_classification_list(from->classifier_meta_list, to);
  nvds_copy_obj_user_meta_list(from->obj_user_meta_list, to);
}

FLUVIAL_EXPORT void nvds_copy_obj_meta_list(NvDsObjectMetaList* from, NvDsFrameMeta* to) {
  Copying copying(batch_in(from));
  std::unordered_map<const NvDsObjectMeta*, NvDsObjectMeta*> copies;
  for (GList* node = from; node; node = node->next) {
    auto* object = static_cast<NvDsObjectMeta*>(node->data);
    auto* copy = nvds_acquire_obj_meta_from_pool(to->base_meta.batch_meta);
    nvds_copy_obj_meta(object, copy);
    nvds_add_obj_meta_to_frame(to, copy, nullptr);
    copies[object] = copy;
  }
  // Parents only now: a child may stand before its parent.
  for (const auto& [object, copy] : copies) {
    const auto parent = copies.find(object->parent);
    copy->parent = parent == copies.end() ? nullptr : parent->second;
  }
}

FLUVIAL_EXPORT void nvds_copy_display_meta(NvDsDisplayMeta* from, NvDsDisplayMeta* to) {
  const NvDsBaseMeta base = to->base_meta;
  *to = *from;
  to->base_meta = base;
  for (guint i = 0; i < MAX_ELEMENTS_IN_DISPLAY_META; ++i) to->text_params[i] = copy_text(from->text_params[i]);
}

FLUVIAL_EXPORT void nvds_copy_display_meta_list(NvDisplayMetaList* from, NvDsFrameMeta* to) {
  Copying copying(batch_in(from));
  for (; from; from = from->next) {
    auto* display = nvds_acquire_display_meta_from_pool(to->base_meta.batch_meta);
    nvds_copy_display_meta(static_cast<NvDsDisplayMeta*>(from->data), display);
    nvds_add_display_meta_to_frame(to, display);
  }
}

FLUVIAL_EXPORT void nvds_copy_frame_meta(NvDsFrameMeta* from, NvDsFrameMeta* to) {
  Copying copying(from->base_meta.batch_meta);
  const NvDsBaseMeta base = to->base_meta;
  *to = *from;
  to->base_meta = base;
  to->num_obj_meta = 0;
  to->obj_meta_list = nullptr;
  to->display_meta_list = nullptr;
  to->frame_user_meta_list = nullptr;
  nvds_copy_obj_meta_list(from->obj_meta_list, to);
  nvds_copy_display_meta_list(from->display_meta_list, to);
  nvds_copy_frame_user_meta_list(from->frame_user_meta_list, to);
}

FLUVIAL_EXPORT void nvds_copy_frame_meta_list(NvDsFrameMetaList* from, NvDsBatchMeta* to) {
  Copying copying(batch_in(from));
  for (; from; from = from->next) {
    auto* frame = nvds_acquire_frame_meta_from_pool(to);
    nvds_copy_frame_meta(static_cast<NvDsFrameMeta*>(from->data), frame);
    nvds_add_frame_meta_to_batch(to, frame);
  }
}

FLUVIAL_EXPORT gpointer nvds_batch_meta_copy_func(gpointer data, gpointer) {
  auto* from = static_cast<NvDsBatchMeta*>(data);
  Copying copying(from);
  auto* to = nvds_create_batch_meta(from->max_frames_in_batch);
  std::memcpy(to->misc_batch_info, from->misc_batch_info, sizeof(to->misc_batch_info));
  std::memcpy(to->reserved, from->reserved, sizeof(to->reserved));
  nvds_copy_frame_meta_list(from->frame_meta_list, to);
  nvds_copy_batch_user_meta_list(from->batch_user_meta_list, to);
  return to;
}

}  // extern "C"
