#pragma once

#include <glib-object.h>

GType fluvial_segvisual_get_type();
