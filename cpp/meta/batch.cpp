// Making, filling and emptying a batch's metadata: the functions of nvdsmeta.h but for copying (copy.cpp).
//
// List order is DeepStream's: frames and batch user metas are appended, everything below them is prepended.
#include <gst/gst.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "meta/batch_arena.h"
#include "meta/lists.h"

namespace fluvial {
namespace {

const char arena_mark = 0;  // its address says "made by us"

template <auto Release, typename T>
void as_release_func(gpointer data, gpointer) {
  Release(static_cast<T*>(data));
}

gpointer copy_nothing(gpointer, gpointer) { return nullptr; }  // pooled elements are copied by their owners (copy.cpp)

template <typename T>
T* acquire(NvDsBatchMeta* batch, NvDsMetaPool* NvDsBatchMeta::*pool) {
  if (!batch) return nullptr;
  MetaLock lock(batch);
  return static_cast<T*>(Pool::of(batch->*pool)->acquire(batch));
}

template <typename T>
void give_back(T* element, NvDsMetaPool* NvDsBatchMeta::*pool) {
  NvDsBatchMeta* batch = element->base_meta.batch_meta;
  Pool::of(batch->*pool)->give_back(element);
}

void release_texts(NvOSD_TextParams* texts, guint count) {
  for (guint i = 0; i < count; ++i) g_free(texts[i].display_text);
}

}  // namespace

Arena::Arena(guint max_frames) {
  // Pools grow: what nobody will fill is not asked for, and what is multiplied must not overflow.
  const guint n = std::clamp(max_frames, 1U, 4096U);
  frames_.init(NVDS_FRAME_META, sizeof(NvDsFrameMeta), n, copy_nothing, as_release_func<release_frame, NvDsFrameMeta>);
  objects_.init(NVDS_OBJ_META, sizeof(NvDsObjectMeta), 8 * n, copy_nothing,
                as_release_func<release_object, NvDsObjectMeta>);
  classifiers_.init(NVDS_CLASSIFIER_META, sizeof(NvDsClassifierMeta), 8 * n, copy_nothing,
                    as_release_func<release_classifier, NvDsClassifierMeta>);
  displays_.init(NVDS_DISPLAY_META, sizeof(NvDsDisplayMeta), 8, copy_nothing,
                 as_release_func<release_display, NvDsDisplayMeta>);
  users_.init(NVDS_USER_META, sizeof(NvDsUserMeta), 8, nullptr, nullptr);
  labels_.init(NVDS_LABEL_INFO_META, sizeof(NvDsLabelInfo), 8 * n, copy_nothing,
               as_release_func<release_label, NvDsLabelInfo>);

  meta.base_meta.batch_meta = &meta;
  meta.base_meta.meta_type = NVDS_BATCH_META;
  meta.base_meta.copy_func = nvds_batch_meta_copy_func;
  meta.base_meta.release_func = nvds_batch_meta_release_func;
  meta.base_meta.uContext = const_cast<char*>(&arena_mark);
  meta.max_frames_in_batch = std::max(1U, max_frames);
  meta.frame_meta_pool = frames_.c_pool();
  meta.obj_meta_pool = objects_.c_pool();
  meta.classifier_meta_pool = classifiers_.c_pool();
  meta.display_meta_pool = displays_.c_pool();
  meta.user_meta_pool = users_.c_pool();
  meta.label_info_meta_pool = labels_.c_pool();
  g_rec_mutex_init(&meta.meta_mutex);
}

Arena::~Arena() {
  g_queue_clear_full(&arrays_, g_free);
  g_queue_clear_full(&texts_, g_free);
  g_rec_mutex_clear(&meta.meta_mutex);
}

void Arena::free_array_later(void* memory) {
  std::lock_guard lock(retiring_);
  g_queue_push_tail(&arrays_, memory);
}

void Arena::free_text_later(void* memory) {
  std::lock_guard lock(retiring_);
  g_queue_push_tail(&texts_, memory);
  if (texts_.length > text_limit) g_free(g_queue_pop_head(&texts_));
}

void Arena::destroy() {
  nvds_acquire_meta_lock(&meta);
  release_all(meta.frame_meta_list, release_frame);
  release_all(meta.batch_user_meta_list, release_user);
  meta.num_frames_in_batch = 0;
  // What was acquired and never added anywhere owns memory too.
  while (meta.frame_meta_pool->full_list)
    release_frame(static_cast<NvDsFrameMeta*>(meta.frame_meta_pool->full_list->data));
  while (meta.obj_meta_pool->full_list)
    release_object(static_cast<NvDsObjectMeta*>(meta.obj_meta_pool->full_list->data));
  while (meta.display_meta_pool->full_list)
    release_display(static_cast<NvDsDisplayMeta*>(meta.display_meta_pool->full_list->data));
  while (meta.user_meta_pool->full_list) release_user(static_cast<NvDsUserMeta*>(meta.user_meta_pool->full_list->data));
  while (meta.classifier_meta_pool->full_list)
    release_classifier(static_cast<NvDsClassifierMeta*>(meta.classifier_meta_pool->full_list->data));
  while (meta.label_info_meta_pool->full_list)
    release_label(static_cast<NvDsLabelInfo*>(meta.label_info_meta_pool->full_list->data));
  nvds_release_meta_lock(&meta);
  unref();
}

Operation::Operation(NvDsBatchMeta* batch) : batch_(batch), arena_(batch ? Arena::of(batch) : nullptr) {
  nvds_acquire_meta_lock(batch_);
  if (arena_) ++arena_->operations;
}

Operation::~Operation() {
  const bool is_last = arena_ && --arena_->operations == 0 && std::exchange(arena_->is_doomed, false);
  nvds_release_meta_lock(batch_);
  if (is_last) arena_->destroy();
}

Arena* Arena::of(const NvDsBatchMeta* batch) {
  if (batch->base_meta.uContext != &arena_mark) return nullptr;
  return reinterpret_cast<Arena*>(const_cast<NvDsBatchMeta*>(batch));
}

void release_user(NvDsUserMeta* user) {
  if (is_free(user)) return;
  // The user's function frees user_meta_data; it sees the whole NvDsUserMeta.
  if (user->base_meta.release_func && user->user_meta_data) user->base_meta.release_func(user, nullptr);
  give_back(user, &NvDsBatchMeta::user_meta_pool);
}

void release_label(NvDsLabelInfo* label) {
  if (is_free(label)) return;
  g_free(label->pResult_label);
  give_back(label, &NvDsBatchMeta::label_info_meta_pool);
}

void release_classifier(NvDsClassifierMeta* classifier) {
  if (is_free(classifier)) return;
  release_all(classifier->label_info_list, release_label);
  give_back(classifier, &NvDsBatchMeta::classifier_meta_pool);
}

void release_display(NvDsDisplayMeta* display) {
  if (is_free(display)) return;
  release_texts(display->text_params, MAX_ELEMENTS_IN_DISPLAY_META);
  give_back(display, &NvDsBatchMeta::display_meta_pool);
}

void release_object(NvDsObjectMeta* object) {
  if (is_free(object)) return;
  g_free(object->text_params.display_text);
  if (object->mask_params.size > 0 && object->mask_params.data) {
    // Python may show it as an array.
    Arena* arena = Arena::of(object->base_meta.batch_meta);
    arena->is_leased() ? arena->free_array_later(object->mask_params.data) : g_free(object->mask_params.data);
  }
  release_all(object->classifier_meta_list, release_classifier);
  release_all(object->obj_user_meta_list, release_user);
  give_back(object, &NvDsBatchMeta::obj_meta_pool);
}

void release_frame(NvDsFrameMeta* frame) {
  if (is_free(frame)) return;
  release_all(frame->obj_meta_list, release_object);
  release_all(frame->display_meta_list, release_display);
  release_all(frame->frame_user_meta_list, release_user);
  give_back(frame, &NvDsBatchMeta::frame_meta_pool);
}

namespace {
std::atomic<void (*)()> lock_watcher{nullptr};
}

void set_lock_watcher(void (*before_waiting)()) { lock_watcher = before_waiting; }

}  // namespace fluvial

using namespace fluvial;  // NOLINT: everything below is C with DeepStream's names

extern "C" {

FLUVIAL_EXPORT void nvds_acquire_meta_lock(NvDsBatchMeta* batch) {
  if (!batch || g_rec_mutex_trylock(&batch->meta_mutex)) return;
  if (auto* watch = lock_watcher.load(std::memory_order_relaxed)) watch();
  g_rec_mutex_lock(&batch->meta_mutex);
}

FLUVIAL_EXPORT void nvds_release_meta_lock(NvDsBatchMeta* batch) {
  if (batch) g_rec_mutex_unlock(&batch->meta_mutex);
}

FLUVIAL_EXPORT NvDsBatchMeta* nvds_create_batch_meta(guint max_batch_size) {
  return &(new Arena(max_batch_size))->meta;
}

FLUVIAL_EXPORT gboolean nvds_destroy_batch_meta(NvDsBatchMeta* batch) {
  Arena* arena = batch ? Arena::of(batch) : nullptr;
  if (!arena || !arena->is_alive.exchange(false)) return FALSE;
  nvds_acquire_meta_lock(batch);
  arena->is_doomed = arena->operations > 0;  // by a function of a user's, called by this thread
  const bool is_now = !arena->is_doomed;
  nvds_release_meta_lock(batch);
  if (is_now) arena->destroy();
  return TRUE;
}

FLUVIAL_EXPORT void nvds_batch_meta_release_func(gpointer data, gpointer) {
  nvds_destroy_batch_meta(static_cast<NvDsBatchMeta*>(data));
}

FLUVIAL_EXPORT NvDsFrameMeta* nvds_acquire_frame_meta_from_pool(NvDsBatchMeta* batch) {
  return acquire<NvDsFrameMeta>(batch, &NvDsBatchMeta::frame_meta_pool);
}
FLUVIAL_EXPORT NvDsObjectMeta* nvds_acquire_obj_meta_from_pool(NvDsBatchMeta* batch) {
  return acquire<NvDsObjectMeta>(batch, &NvDsBatchMeta::obj_meta_pool);
}
FLUVIAL_EXPORT NvDsClassifierMeta* nvds_acquire_classifier_meta_from_pool(NvDsBatchMeta* batch) {
  return acquire<NvDsClassifierMeta>(batch, &NvDsBatchMeta::classifier_meta_pool);
}
FLUVIAL_EXPORT NvDsDisplayMeta* nvds_acquire_display_meta_from_pool(NvDsBatchMeta* batch) {
  return acquire<NvDsDisplayMeta>(batch, &NvDsBatchMeta::display_meta_pool);
}
FLUVIAL_EXPORT NvDsLabelInfo* nvds_acquire_label_info_meta_from_pool(NvDsBatchMeta* batch) {
  return acquire<NvDsLabelInfo>(batch, &NvDsBatchMeta::label_info_meta_pool);
}
FLUVIAL_EXPORT NvDsUserMeta* nvds_acquire_user_meta_from_pool(NvDsBatchMeta* batch) {
  return acquire<NvDsUserMeta>(batch, &NvDsBatchMeta::user_meta_pool);
}

FLUVIAL_EXPORT void nvds_add_frame_meta_to_batch(NvDsBatchMeta* batch, NvDsFrameMeta* frame) {
  MetaLock lock(batch);
  if (!may_join(batch, frame)) return;
  batch->frame_meta_list = g_list_append(batch->frame_meta_list, frame);
  ++batch->num_frames_in_batch;
}

FLUVIAL_EXPORT void nvds_remove_frame_meta_from_batch(NvDsBatchMeta* batch, NvDsFrameMeta* frame) {
  Operation operation(batch);
  if (!may_leave(batch)) return;
  if (remove_from(batch->frame_meta_list, frame, release_frame)) --batch->num_frames_in_batch;
}

FLUVIAL_EXPORT void nvds_add_obj_meta_to_frame(NvDsFrameMeta* frame, NvDsObjectMeta* object, NvDsObjectMeta* parent) {
  MetaLock lock(frame->base_meta.batch_meta);
  if (!may_join(frame->base_meta.batch_meta, object)) return;
  object->parent = parent;
  frame->obj_meta_list = g_list_prepend(frame->obj_meta_list, object);
  ++frame->num_obj_meta;
}

FLUVIAL_EXPORT void nvds_remove_obj_meta_from_frame(NvDsFrameMeta* frame, NvDsObjectMeta* object) {
  Operation operation(frame->base_meta.batch_meta);
  if (!may_leave(frame->base_meta.batch_meta)) return;
  if (!remove_from(frame->obj_meta_list, object, release_object)) return;
  --frame->num_obj_meta;
  // A child must not point at an element that is in the pool again.
  for (GList* node = frame->obj_meta_list; node; node = node->next) {
    auto* other = static_cast<NvDsObjectMeta*>(node->data);
    if (other->parent == object) other->parent = nullptr;
  }
}

FLUVIAL_EXPORT void nvds_add_classifier_meta_to_object(NvDsObjectMeta* object, NvDsClassifierMeta* classifier) {
  MetaLock lock(object->base_meta.batch_meta);
  if (!may_join(object->base_meta.batch_meta, classifier)) return;
  object->classifier_meta_list = g_list_prepend(object->classifier_meta_list, classifier);
}

FLUVIAL_EXPORT void nvds_remove_classifier_meta_from_obj(NvDsObjectMeta* object, NvDsClassifierMeta* classifier) {
  Operation operation(object->base_meta.batch_meta);
  if (!may_leave(object->base_meta.batch_meta)) return;
  remove_from(object->classifier_meta_list, classifier, release_classifier);
}

FLUVIAL_EXPORT void nvds_add_label_info_meta_to_classifier(NvDsClassifierMeta* classifier, NvDsLabelInfo* label) {
  MetaLock lock(classifier->base_meta.batch_meta);
  if (!may_join(classifier->base_meta.batch_meta, label)) return;
  classifier->label_info_list = g_list_prepend(classifier->label_info_list, label);
  ++classifier->num_labels;
}

FLUVIAL_EXPORT void nvds_remove_label_info_meta_from_classifier(NvDsClassifierMeta* classifier, NvDsLabelInfo* label) {
  Operation operation(classifier->base_meta.batch_meta);
  if (!may_leave(classifier->base_meta.batch_meta)) return;
  if (remove_from(classifier->label_info_list, label, release_label)) --classifier->num_labels;
}

FLUVIAL_EXPORT void nvds_add_display_meta_to_frame(NvDsFrameMeta* frame, NvDsDisplayMeta* display) {
  MetaLock lock(frame->base_meta.batch_meta);
  if (!may_join(frame->base_meta.batch_meta, display)) return;
  frame->display_meta_list = g_list_prepend(frame->display_meta_list, display);
}

FLUVIAL_EXPORT void nvds_remove_display_meta_from_frame(NvDsFrameMeta* frame, NvDsDisplayMeta* display) {
  Operation operation(frame->base_meta.batch_meta);
  if (!may_leave(frame->base_meta.batch_meta)) return;
  remove_from(frame->display_meta_list, display, release_display);
}

FLUVIAL_EXPORT void nvds_add_user_meta_to_batch(NvDsBatchMeta* batch, NvDsUserMeta* user) {
  MetaLock lock(batch);
  if (!may_join(batch, user)) return;
  batch->batch_user_meta_list = g_list_append(batch->batch_user_meta_list, user);
}
FLUVIAL_EXPORT void nvds_add_user_meta_to_frame(NvDsFrameMeta* frame, NvDsUserMeta* user) {
  MetaLock lock(frame->base_meta.batch_meta);
  if (!may_join(frame->base_meta.batch_meta, user)) return;
  frame->frame_user_meta_list = g_list_prepend(frame->frame_user_meta_list, user);
}
FLUVIAL_EXPORT void nvds_add_user_meta_to_obj(NvDsObjectMeta* object, NvDsUserMeta* user) {
  MetaLock lock(object->base_meta.batch_meta);
  if (!may_join(object->base_meta.batch_meta, user)) return;
  object->obj_user_meta_list = g_list_prepend(object->obj_user_meta_list, user);
}
FLUVIAL_EXPORT void nvds_remove_user_meta_from_batch(NvDsBatchMeta* batch, NvDsUserMeta* user) {
  Operation operation(batch);
  if (!may_leave(batch)) return;
  remove_from(batch->batch_user_meta_list, user, release_user);
}
FLUVIAL_EXPORT void nvds_remove_user_meta_from_frame(NvDsFrameMeta* frame, NvDsUserMeta* user) {
  Operation operation(frame->base_meta.batch_meta);
  if (!may_leave(frame->base_meta.batch_meta)) return;
  remove_from(frame->frame_user_meta_list, user, release_user);
}
FLUVIAL_EXPORT void nvds_remove_user_meta_from_object(NvDsObjectMeta* object, NvDsUserMeta* user) {
  Operation operation(object->base_meta.batch_meta);
  if (!may_leave(object->base_meta.batch_meta)) return;
  remove_from(object->obj_user_meta_list, user, release_user);
}

FLUVIAL_EXPORT void nvds_clear_frame_meta_list(NvDsBatchMeta* batch, NvDsFrameMetaList*) {
  Operation operation(batch);
  if (!may_leave(batch)) return;
  release_all(batch->frame_meta_list, release_frame);
  batch->num_frames_in_batch = 0;
}
FLUVIAL_EXPORT void nvds_clear_obj_meta_list(NvDsFrameMeta* frame, NvDsObjectMetaList*) {
  Operation operation(frame->base_meta.batch_meta);
  if (!may_leave(frame->base_meta.batch_meta)) return;
  release_all(frame->obj_meta_list, release_object);
  frame->num_obj_meta = 0;
}
FLUVIAL_EXPORT void nvds_clear_classifier_meta_list(NvDsObjectMeta* object, NvDsClassifierMetaList*) {
  Operation operation(object->base_meta.batch_meta);
  if (!may_leave(object->base_meta.batch_meta)) return;
  release_all(object->classifier_meta_list, release_classifier);
}
FLUVIAL_EXPORT void nvds_clear_label_info_meta_list(NvDsClassifierMeta* classifier, NvDsLabelInfoList*) {
  Operation operation(classifier->base_meta.batch_meta);
  if (!may_leave(classifier->base_meta.batch_meta)) return;
  release_all(classifier->label_info_list, release_label);
  classifier->num_labels = 0;
}
FLUVIAL_EXPORT void nvds_clear_display_meta_list(NvDsFrameMeta* frame, NvDisplayMetaList*) {
  Operation operation(frame->base_meta.batch_meta);
  if (!may_leave(frame->base_meta.batch_meta)) return;
  release_all(frame->display_meta_list, release_display);
}
FLUVIAL_EXPORT void nvds_clear_batch_user_meta_list(NvDsBatchMeta* batch, NvDsUserMetaList*) {
  Operation operation(batch);
  if (!may_leave(batch)) return;
  release_all(batch->batch_user_meta_list, release_user);
}
FLUVIAL_EXPORT void nvds_clear_frame_user_meta_list(NvDsFrameMeta* frame, NvDsUserMetaList*) {
  Operation operation(frame->base_meta.batch_meta);
  if (!may_leave(frame->base_meta.batch_meta)) return;
  release_all(frame->frame_user_meta_list, release_user);
}
FLUVIAL_EXPORT void nvds_clear_obj_user_meta_list(NvDsObjectMeta* object, NvDsUserMetaList*) {
  Operation operation(object->base_meta.batch_meta);
  if (!may_leave(object->base_meta.batch_meta)) return;
  release_all(object->obj_user_meta_list, release_user);
}

// The pool's elements among them are released; the list is gone, so null comes back.
FLUVIAL_EXPORT NvDsMetaList* nvds_clear_meta_list(NvDsBatchMeta* batch, NvDsMetaList* list, NvDsMetaPool* pool) {
  Operation operation(batch);
  if (!may_leave(batch)) return nullptr;
  for (GList* node = list; node; node = node->next)
    if (pool->release_func)
      pool->release_func(node->data, nullptr);
    else  // user metadata, whose functions are its own
      release_user(static_cast<NvDsUserMeta*>(node->data));
  g_list_free(list);
  return nullptr;
}

FLUVIAL_EXPORT gboolean nvds_get_current_metadata_info(NvDsBatchMeta* batch) {
  if (!batch) return FALSE;
  MetaLock lock(batch);
  const std::pair<const char*, const NvDsMetaPool*> pools[] = {{"frame", batch->frame_meta_pool},
                                                               {"object", batch->obj_meta_pool},
                                                               {"classifier", batch->classifier_meta_pool},
                                                               {"display", batch->display_meta_pool},
                                                               {"user", batch->user_meta_pool},
                                                               {"label", batch->label_info_meta_pool}};
  for (const auto& [name, pool] : pools)
    g_print("%s metadata: %u in use, %u free\n", name, pool->num_full_elements, pool->num_empty_elements);
  return TRUE;
}

FLUVIAL_EXPORT NvDsFrameMeta* nvds_get_nth_frame_meta(NvDsFrameMetaList* frames, guint index) {
  return static_cast<NvDsFrameMeta*>(g_list_nth_data(frames, index));
}

FLUVIAL_EXPORT NvDsMetaType nvds_get_user_meta_type(gchar* descriptor) {
  // DeepStream 8 gave analytics fixed numbers; programs of 7 still ask by these names.
  if (g_strcmp0(descriptor, "NVIDIA.DSANALYTICSFRAME.USER_META") == 0) return NVDS_FRAME_META_NVDSANALYTICS;
  if (g_strcmp0(descriptor, "NVIDIA.DSANALYTICSOBJ.USER_META") == 0) return NVDS_OBJ_META_NVDSANALYTICS;
  return static_cast<NvDsMetaType>(NVDS_START_USER_META + g_quark_from_string(descriptor));
}

}  // extern "C"
