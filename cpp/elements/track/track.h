#pragma once

#include <glib-object.h>

GType fluvial_track_get_type();
