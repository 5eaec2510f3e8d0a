#pragma once

#include "elements/mux/settings.h"
#include "elements/property_table.h"

namespace fluvial {

constexpr guint mux_copied_bytes = first_other_property;
constexpr guint first_ignored_of_mux = first_other_property + 1;

const PropertyTable<MuxSettings>& mux_properties();
void install_mux_properties(GObjectClass* klass);

}  // namespace fluvial
