// SPDX-License-Identifier: Apache-2.0
// The element message by which an application learns that one of its sources has ended.
// Names follow DeepStream 9.1; the functions are in libfluvialmeta.
#pragma once

#include <gst/gst.h>

#ifdef __cplusplus
extern "C" {
#endif

GstMessage *gst_nvmessage_new_stream_eos(GstObject *obj, guint eos_stream_id);
gboolean gst_nvmessage_is_stream_eos(GstMessage *message);
// FALSE, and the result left alone, if it is another message.
gboolean gst_nvmessage_parse_stream_eos(GstMessage *message, guint *eos_stream_id);

#ifdef __cplusplus
}
#endif
