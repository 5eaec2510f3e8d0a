#pragma once

#include <glib-object.h>

GType fluvial_tile_get_type();
