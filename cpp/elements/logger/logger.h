#pragma once

#include <glib-object.h>

GType fluvial_logger_get_type();
