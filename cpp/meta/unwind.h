// C++ exceptions in a process that has two unwinders.
//
// GStreamer is often built against libunwind, which exports libgcc's names (_Unwind_Resume ...). PyGObject loads it
// with RTLD_GLOBAL, so what is loaded afterwards takes those names from libunwind, while a libstdc++ that was loaded
// before (import numpy; import gi; import pyds) has taken libgcc's. The two do not know each other's contexts: the
// first exception that passes a destructor then ends in abort().
#pragma once

#include "meta/export.h"

namespace fluvial {

// Points every loaded library at the unwinder that libstdc++ uses, where that is libgcc's. To be called after loading
// code that throws; cheap and idempotent. Any thread.
FLUVIAL_EXPORT void agree_on_unwinder();

}  // namespace fluvial
