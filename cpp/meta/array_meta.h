// User metadata that is an array with the id of its inference: made, copied, freed and found in one way.
#pragma once

#include <cstddef>

#include "nvdsmeta.h"

namespace fluvial {

// Struct has unique_id, count and the items.
template <typename Struct, typename Item, Item* Struct::*Items>
struct ArrayMeta {
  static Struct* make(guint unique_id, const Item* items, guint count) {
    auto* made = g_new0(Struct, 1);
    made->unique_id = unique_id;
    made->count = count;
    made->*Items = static_cast<Item*>(g_memdup2(items, std::size_t{count} * sizeof(Item)));
    return made;
  }

  static gpointer copy(gpointer data, gpointer) {
    const auto* from = static_cast<Struct*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
    return make(from->unique_id, from->*Items, from->count);
  }

  static void release(gpointer data, gpointer) {
    auto* user = static_cast<NvDsUserMeta*>(data);
    auto* gone = static_cast<Struct*>(user->user_meta_data);
    user->user_meta_data = nullptr;
    g_free(gone->*Items);
    g_free(gone);
  }

  static NvDsUserMeta* acquire(NvDsBatchMeta* batch, NvDsMetaType type, Struct* owned) {
    auto* user = nvds_acquire_user_meta_from_pool(batch);
    user->user_meta_data = owned;
    user->base_meta.meta_type = type;
    user->base_meta.copy_func = copy;
    user->base_meta.release_func = release;
    return user;
  }

  // Anybody may write the type: the function tells whose data it is.
  static Struct* in(const NvDsUserMeta* user, NvDsMetaType type) {
    const bool is_ours = user->base_meta.meta_type == type && user->base_meta.release_func == release;
    return is_ours ? static_cast<Struct*>(user->user_meta_data) : nullptr;
  }
};

}  // namespace fluvial
