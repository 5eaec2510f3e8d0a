// The messages of nvinferserver's config, as DeepStream's .proto files declare them.
#pragma once

#include "elements/infer/server/schema.h"

namespace fluvial {

const MessageType& plugin_control_type();  // the whole file

}  // namespace fluvial
