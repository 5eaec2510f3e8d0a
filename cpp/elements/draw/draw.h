#pragma once

#include <glib-object.h>

GType fluvial_draw_get_type();
