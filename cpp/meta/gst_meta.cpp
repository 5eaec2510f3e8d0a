// Metadata on a GstBuffer: the GstMeta "NvDsMeta".
#include "gstnvdsmeta.h"

#include <mutex>

#include "meta/export.h"
#include "meta/live_buffers.h"

namespace {

gboolean init(GstMeta* base, gpointer, GstBuffer* buffer) {
  fluvial::enter_live_buffer(buffer);
  auto* meta = reinterpret_cast<NvDsMeta*>(base);
  meta->meta_data = nullptr;
  meta->user_data = nullptr;
  meta->meta_type = NVDS_GST_INVALID_META;
  meta->copyfunc = nullptr;
  meta->freefunc = nullptr;
  meta->gst_to_nvds_meta_transform_func = nullptr;
  meta->gst_to_nvds_meta_release_func = nullptr;
  return TRUE;
}

void destroy(GstMeta* base, GstBuffer* buffer) {
  fluvial::leave_live_buffer(buffer);  // first: who finds the buffer by its address may look at its metadata
  auto* meta = reinterpret_cast<NvDsMeta*>(base);
  if (meta->freefunc && meta->meta_data) meta->freefunc(meta->meta_data, meta->user_data);
}

gboolean transform(GstBuffer* to, GstMeta* base, GstBuffer*, GQuark type, gpointer) {
  auto* from = reinterpret_cast<NvDsMeta*>(base);
  if (!GST_META_TRANSFORM_IS_COPY(type) || !from->copyfunc || !from->meta_data) return FALSE;
  auto* copy = gst_buffer_add_nvds_meta(to, from->copyfunc(from->meta_data, from->user_data), from->user_data,
                                        from->copyfunc, from->freefunc);
  if (!copy) return FALSE;
  copy->meta_type = from->meta_type;
  copy->gst_to_nvds_meta_transform_func = from->gst_to_nvds_meta_transform_func;
  copy->gst_to_nvds_meta_release_func = from->gst_to_nvds_meta_release_func;
  return TRUE;
}

// A buffer that others hold too may be given metadata (DeepStream allows it); the list of metas is GStreamer's own and
// has no lock, so such additions take turns.
std::mutex& adding() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

extern "C" {

FLUVIAL_EXPORT GType nvds_meta_api_get_type(void) {
  static const gchar* tags[] = {NVDS_META_STRING, nullptr};
  static const GType type = gst_meta_api_type_register("NvDsMetaAPI", tags);
  return type;
}

FLUVIAL_EXPORT const GstMetaInfo* nvds_meta_get_info(void) {
  static const GstMetaInfo* info =
      gst_meta_register(nvds_meta_api_get_type(), "NvDsMeta", sizeof(NvDsMeta), init, destroy, transform);
  return info;
}

FLUVIAL_EXPORT NvDsMeta* gst_buffer_add_nvds_meta(GstBuffer* buffer, gpointer meta_data, gpointer user_data,
                                                  NvDsMetaCopyFunc copy_func, NvDsMetaReleaseFunc release_func) {
  std::lock_guard lock(adding());
  // gst_buffer_add_meta wants a writable buffer, which for a mini object means "one reference, or lockable".
  const bool is_shared = !gst_buffer_is_writable(buffer);
  if (is_shared) GST_MINI_OBJECT_FLAG_SET(buffer, GST_MINI_OBJECT_FLAG_LOCKABLE);
  auto* meta = reinterpret_cast<NvDsMeta*>(gst_buffer_add_meta(buffer, nvds_meta_get_info(), nullptr));
  if (is_shared) GST_MINI_OBJECT_FLAG_UNSET(buffer, GST_MINI_OBJECT_FLAG_LOCKABLE);
  if (!meta) return nullptr;
  meta->meta_data = meta_data;
  meta->user_data = user_data;
  meta->copyfunc = copy_func;
  meta->freefunc = release_func;
  return meta;
}

FLUVIAL_EXPORT NvDsMeta* gst_buffer_get_nvds_meta(GstBuffer* buffer) {
  NvDsMeta* last = nullptr;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, nvds_meta_api_get_type()))
    last = reinterpret_cast<NvDsMeta*>(meta);
  return last;
}

FLUVIAL_EXPORT NvDsBatchMeta* gst_buffer_get_nvds_batch_meta(GstBuffer* buffer) {
  NvDsMeta* last = nullptr;
  gpointer state = nullptr;
  while (GstMeta* base = gst_buffer_iterate_meta_filtered(buffer, &state, nvds_meta_api_get_type())) {
    auto* meta = reinterpret_cast<NvDsMeta*>(base);
    if (meta->meta_type == NVDS_BATCH_GST_META) last = meta;
  }
  return last ? static_cast<NvDsBatchMeta*>(last->meta_data) : nullptr;
}

// What a source's elements hung on its buffers becomes user metadata of the frame, where its owner said how. That
// function, and later the batch's own copies, are given the NvDsUserMeta, not what it holds.
FLUVIAL_EXPORT void nvds_copy_gst_meta_to_frame_meta(GstBuffer* source, NvDsBatchMeta* batch, NvDsFrameMeta* frame) {
  gpointer state = nullptr;
  while (GstMeta* base = gst_buffer_iterate_meta_filtered(source, &state, nvds_meta_api_get_type())) {
    const auto* meta = reinterpret_cast<NvDsMeta*>(base);
    if (meta->meta_type == NVDS_BATCH_GST_META || !meta->gst_to_nvds_meta_transform_func) continue;
    NvDsUserMeta* user = nvds_acquire_user_meta_from_pool(batch);
    user->base_meta.meta_type = static_cast<NvDsMetaType>(meta->meta_type);
    user->base_meta.copy_func = meta->gst_to_nvds_meta_transform_func;
    user->base_meta.release_func = meta->gst_to_nvds_meta_release_func;
    user->user_meta_data = meta->meta_data;
    user->user_meta_data = meta->gst_to_nvds_meta_transform_func(user, nullptr);
    nvds_add_user_meta_to_frame(frame, user);
  }
}

}  // extern "C"
