// The element fluvialpreprocess (DeepStream: nvdspreprocess).
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
GType fluvial_preprocess_get_type(void);
G_END_DECLS
