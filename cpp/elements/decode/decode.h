#pragma once

#include <glib-object.h>

GType fluvial_decode_get_type();
