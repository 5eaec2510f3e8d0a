// The element fluvialpostprocess (DeepStream: nvdspostprocess).
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
GType fluvial_postprocess_get_type(void);
G_END_DECLS
