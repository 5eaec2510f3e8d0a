#pragma once

#include <glib-object.h>

GType fluvial_sink_get_type();
