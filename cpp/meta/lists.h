// What every list of pooled metadata keeps to: who may enter, and that leaving is freeing. Only cpp/meta includes this
// file; callers hold the batch's lock.
#pragma once

#include <gst/gst.h>

#include "meta/batch_arena.h"

namespace fluvial {

// A list may name an element that is in the pool again (added twice, or to two frames): that one is freed already.
inline bool is_free(const void* element) { return !is_in_use(generation_of(element)); }

// Only an element in use, of the same batch and in no list yet, enters a list: any other would be gone before the list
// is, or be freed twice.
template <typename T>
bool may_join(const NvDsBatchMeta* batch, T* element) {
  auto* header = reinterpret_cast<ElementHeader*>(element) - 1;
  const bool is_one_of_us = batch && element->base_meta.batch_meta == batch && !header->is_listed;
  if (is_one_of_us)
    header->is_listed = 1;
  else
    GST_WARNING("metadata of another batch, given back, or in a list already, is not added");
  return is_one_of_us;
}

// False while the batch is being copied: a copy function that takes metadata out of what it is called for.
inline bool may_leave(const NvDsBatchMeta* batch) {
  const Arena* arena = batch ? Arena::of(batch) : nullptr;
  const bool is_copied = arena && arena->copies > 0;
  if (is_copied) GST_WARNING("metadata cannot leave a batch from a copy function that is called for it");
  return !is_copied;
}

// Frees each element of a list, and the list.
template <typename T>
void release_all(GList*& list, void (*release)(T*)) {
  GList* nodes = list;
  list = nullptr;
  for (GList* node = nodes; node; node = node->next) release(static_cast<T*>(node->data));
  g_list_free(nodes);
}

// Takes one element out of a list and releases it. An element that is not in the list is left alone.
template <typename T>
bool remove_from(GList*& list, T* element, void (*release)(T*)) {
  GList* node = g_list_find(list, element);
  if (!node) return false;
  list = g_list_delete_link(list, node);
  release(element);
  return true;
}

}  // namespace fluvial
