// The plugin's table of contents: one line an element, in the order a frame meets them.
#include <gst/gst.h>

#include "elements/convert/convert.h"
#include "elements/decode/decode.h"
#include "elements/demux/demux.h"
#include "elements/draw/draw.h"
#include "elements/encode/encode.h"
#include "elements/infer/infer.h"
#include "elements/infer/post/postprocess.h"
#include "elements/infer/server/inferserver.h"
#include "elements/logger/logger.h"
#include "elements/mux/mux.h"
#include "elements/preprocess/preprocess.h"
#include "elements/segvisual/segvisual.h"
#include "elements/sink/sink.h"
#include "elements/source/source.h"
#include "elements/tile/tile.h"
#include "elements/track/track.h"

namespace {

struct Row {
  const char* name;        // ours; nullptr: it only has DeepStream's
  const char* deepstream;  // DeepStream's; nullptr: it has none
  guint rank;              // of DeepStream's name, for auto-plugging; ours has none
  GType (*type)();
};

// Above every software decoder, so that decodebin picks ours, as it does on DeepStream's machines.
constexpr guint decode_rank = GST_RANK_PRIMARY + 512;

const Row table[] = {
    {"fluvialsource", "nvurisrcbin", GST_RANK_NONE, fluvial_source_get_type},
    {"fluvialdecode", "nvv4l2decoder", decode_rank, fluvial_decode_get_type},
    {"fluvialmux", "nvstreammux", GST_RANK_NONE, fluvial_mux_get_type},
    {"fluvialpreprocess", "nvdspreprocess", GST_RANK_NONE, fluvial_preprocess_get_type},
    {"fluvialinfer", "nvinfer", GST_RANK_NONE, fluvial_infer_get_type},
    {"fluvialinferserver", "nvinferserver", GST_RANK_NONE, fluvial_infer_server_get_type},
    {"fluvialpostprocess", "nvdspostprocess", GST_RANK_NONE, fluvial_postprocess_get_type},
    {"fluvialtrack", "nvtracker", GST_RANK_NONE, fluvial_track_get_type},
    {"fluvialconvert", "nvvideoconvert", GST_RANK_NONE, fluvial_convert_get_type},
    {"fluvialsegvisual", "nvsegvisual", GST_RANK_NONE, fluvial_segvisual_get_type},
    {"fluvialtile", "nvmultistreamtiler", GST_RANK_NONE, fluvial_tile_get_type},
    {"fluvialdraw", "nvdsosd", GST_RANK_NONE, fluvial_draw_get_type},
    {"fluvialdemux", "nvstreamdemux", GST_RANK_NONE, fluvial_demux_get_type},
    {"fluviallogger", "nvdslogger", GST_RANK_NONE, fluvial_logger_get_type},
    {"fluvialencode", "nvv4l2h264enc", GST_RANK_NONE, fluvial_encode_h264_get_type},
    {"fluvialencodeh265", "nvv4l2h265enc", GST_RANK_NONE, fluvial_encode_h265_get_type},
    {"fluvialsink", "nveglglessink", GST_RANK_NONE, fluvial_sink_get_type},
    {nullptr, "nv3dsink", GST_RANK_NONE, fluvial_sink_get_type},
};

// DeepStream's names are registered only where NVIDIA's own plugin is absent.
bool is_taken(const char* name, GstPlugin* plugin) {
  auto* feature = gst_registry_lookup_feature(gst_registry_get(), name);
  if (!feature) return false;
  const bool is_ours = g_strcmp0(gst_plugin_feature_get_plugin_name(feature), gst_plugin_get_name(plugin)) == 0;
  gst_object_unref(feature);
  return !is_ours;
}

// GStreamer names an element after its type, and programs look for "nvv4l2decoder0": so a type of its own for the name.
GType type_named(const char* name, GType parent) {
  if (GType known = g_type_from_name(name)) return known;
  GTypeQuery query;
  g_type_query(parent, &query);
  return g_type_register_static_simple(parent, name, static_cast<guint16>(query.class_size), nullptr,
                                       static_cast<guint16>(query.instance_size), nullptr, GTypeFlags(0));
}

gboolean register_all(GstPlugin* plugin) {
  for (const auto& row : table) {
    if (row.name && !gst_element_register(plugin, row.name, GST_RANK_NONE, row.type())) return FALSE;
    if (!row.deepstream || is_taken(row.deepstream, plugin)) continue;
    if (!gst_element_register(plugin, row.deepstream, row.rank, type_named(row.deepstream, row.type()))) return FALSE;
  }
  return TRUE;
}

}  // namespace

#define PACKAGE "fluvial"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, fluvial, "Streaming video analytics", register_all,
                  FLUVIAL_VERSION, "Apache 2.0", "fluvial", "https://pypi.org/project/fluvial/")
