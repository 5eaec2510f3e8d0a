#include "elements/copy_metadata.h"

#include <gst/video/video.h>

namespace fluvial {
namespace {

bool describes_memory(const GstMetaInfo* info) {
  static const GQuark memory = g_quark_from_static_string(GST_META_TAG_MEMORY_STR);
  return info->api == GST_VIDEO_META_API_TYPE || gst_meta_api_type_has_tag(info->api, memory);
}

template <bool AboutMemory>
gboolean copy_one_meta(GstBuffer* from, GstMeta** meta, gpointer to) {
  const auto* info = (*meta)->info;
  if (describes_memory(info) == AboutMemory && info->transform_func) {
    GstMetaTransformCopy whole = {FALSE, 0, static_cast<gsize>(-1)};
    info->transform_func(static_cast<GstBuffer*>(to), *meta, from, _gst_meta_transform_copy, &whole);
  }
  return TRUE;
}

}  // namespace

void copy_metadata(GstBuffer* from, GstBuffer* to) {
  gst_buffer_copy_into(to, from, GstBufferCopyFlags(GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_FLAGS), 0, gsize(-1));
  gst_buffer_foreach_meta(from, copy_one_meta<false>, to);
}

void copy_memory_metadata(GstBuffer* from, GstBuffer* to) { gst_buffer_foreach_meta(from, copy_one_meta<true>, to); }

}  // namespace fluvial
