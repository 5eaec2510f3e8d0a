#include "fluvial/embedding.h"

#include "meta/array_meta.h"
#include "meta/batch_buffer.h"
#include "meta/export.h"

using namespace fluvial;  // NOLINT: everything below is C

namespace {

using Meta = ArrayMeta<FluvialEmbedding, float, &FluvialEmbedding::values>;

NvDsUserMeta* new_embedding(NvDsBatchMeta* batch, guint unique_id, const float* values, guint count) {
  return Meta::acquire(batch, fluvial_embedding_meta_type(), Meta::make(unique_id, values, count));
}

}  // namespace

extern "C" {

FLUVIAL_EXPORT NvDsMetaType fluvial_embedding_meta_type() {
  static const NvDsMetaType type = nvds_get_user_meta_type(const_cast<char*>("FLUVIAL.EMBEDDING"));
  return type;
}

FLUVIAL_EXPORT void fluvial_add_embedding_to_obj(NvDsObjectMeta* object, guint unique_id, const float* values,
                                                 guint count) {
  nvds_add_user_meta_to_obj(object, new_embedding(object->base_meta.batch_meta, unique_id, values, count));
}

FLUVIAL_EXPORT void fluvial_add_embedding_to_frame(NvDsFrameMeta* frame, guint unique_id, const float* values,
                                                   guint count) {
  nvds_add_user_meta_to_frame(frame, new_embedding(frame->base_meta.batch_meta, unique_id, values, count));
}

FLUVIAL_EXPORT const FluvialEmbedding* fluvial_get_embedding(const NvDsUserMetaList* users) {
  if (!users) return nullptr;
  MetaLock lock(static_cast<NvDsUserMeta*>(users->data)->base_meta.batch_meta);
  for (auto* user : each<NvDsUserMeta>(const_cast<GList*>(users)))  // newest first
    if (auto* embedding = Meta::in(user, fluvial_embedding_meta_type())) return embedding;
  return nullptr;
}

}  // extern "C"
