#pragma once

#include <glib-object.h>

GType fluvial_mux_get_type();
