#pragma once

#include <glib-object.h>

GType fluvial_encode_h264_get_type();
GType fluvial_encode_h265_get_type();
