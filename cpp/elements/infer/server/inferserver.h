// The element fluvialinferserver (DeepStream: nvinferserver).
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
GType fluvial_infer_server_get_type(void);
G_END_DECLS
