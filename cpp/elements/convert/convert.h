#pragma once

#include <glib-object.h>

GType fluvial_convert_get_type();
