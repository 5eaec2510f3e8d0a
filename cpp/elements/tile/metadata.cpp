#include "elements/tile/metadata.h"

#include <algorithm>
#include <memory>

#include "meta/batch_buffer.h"

namespace fluvial {
namespace {

struct GListDeleter {
  void operator()(GList* list) const { g_list_free(list); }
};
using ListCopy = std::unique_ptr<GList, GListDeleter>;

ListCopy reversed(GList* list) { return ListCopy(g_list_reverse(g_list_copy(list))); }

class Lock {
 public:
  explicit Lock(const NvDsFrameMeta& frame) : batch_(frame.base_meta.batch_meta) { nvds_acquire_meta_lock(batch_); }
  ~Lock() { nvds_release_meta_lock(batch_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  NvDsBatchMeta* batch_;
};

// What belongs to an object has been copied, and so reversed, once.
void restore_order(NvDsObjectMeta& object) {
  object.classifier_meta_list = g_list_reverse(object.classifier_meta_list);
  object.obj_user_meta_list = g_list_reverse(object.obj_user_meta_list);
  for (auto* classifier : each<NvDsClassifierMeta>(object.classifier_meta_list))
    classifier->label_info_list = g_list_reverse(classifier->label_info_list);
}

// A label above its frame is shown at the top of the frame, and must not be moved into the tile above.
void pull_into_frame(NvOSD_TextParams& text) {
  if (static_cast<int>(text.x_offset) < 0) text.x_offset = 0;
  if (static_cast<int>(text.y_offset) < 0) text.y_offset = 0;
}

template <typename T, typename Body>
void for_first(GList* list, guint count, Body body) {
  for (; list && count > 0; list = list->next, --count) body(static_cast<T*>(list->data));
}

void copy_objects(const NvDsFrameMeta& from, NvDsFrameMeta& to, const Placement& placement) {
  nvds_copy_obj_meta_list(reversed(from.obj_meta_list).get(), &to);
  for_first<NvDsObjectMeta>(to.obj_meta_list, g_list_length(from.obj_meta_list), [&](auto* object) {
    restore_order(*object);
    pull_into_frame(object->text_params);
    place_object(object, placement);
  });
}

void copy_displays(const NvDsFrameMeta& from, NvDsFrameMeta& to, const Placement& placement) {
  nvds_copy_display_meta_list(reversed(from.display_meta_list).get(), &to);
  for_first<NvDsDisplayMeta>(to.display_meta_list, g_list_length(from.display_meta_list), [&](auto* display) {
    for (guint i = 0; i < std::min<guint>(display->num_labels, MAX_ELEMENTS_IN_DISPLAY_META); ++i)
      pull_into_frame(display->text_params[i]);
    place_display(display, placement);
  });
}

}  // namespace

void copy_in_order(const NvDsFrameMeta& from, NvDsFrameMeta& to, const Placement& placement) {
  const Lock lock(from);
  copy_objects(from, to, placement);
  copy_displays(from, to, placement);
  nvds_copy_frame_user_meta_list(reversed(from.frame_user_meta_list).get(), &to);
}

}  // namespace fluvial
