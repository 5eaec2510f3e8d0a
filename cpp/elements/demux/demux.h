#pragma once

#include <glib-object.h>

GType fluvial_demux_get_type();
