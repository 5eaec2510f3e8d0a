// NVDEC, the decoders of an NVIDIA GPU, by GStreamer's plugin for them.
#pragma once

#include <gst/gst.h>

#include <string>

namespace fluvial {

// Every decoder of pictures that this machine has. For gst_plugin_feature_list_free().
GList* all_decoders();

// An open decoder for these caps on that GPU, whose frames stay there; a floating reference. nullptr where it has none:
// `why_not` says why, and is left empty on a machine without a GPU, where nobody would ask.
GstElement* make_nvdec(GstCaps* caps, guint gpu_id, std::string& why_not);

// How many frames of one stream the rest of a pipeline may hold: `extra` more than ours does. Decoders of
// GStreamer 1.24 and later hand out NVDEC's own, two of them unless somebody says more, and then stand still; older
// ones copy each.
void provide_surfaces(GstElement* nvdec, guint extra);

}  // namespace fluvial
