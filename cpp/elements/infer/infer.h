// The element fluvialinfer (DeepStream: nvinfer).
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
GType fluvial_infer_get_type(void);
G_END_DECLS
