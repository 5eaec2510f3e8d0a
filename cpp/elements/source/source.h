#pragma once

#include <glib-object.h>

GType fluvial_source_get_type();
