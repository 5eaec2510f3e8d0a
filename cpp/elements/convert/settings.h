// What the user chooses of a converter; any thread may change it.
#pragma once

#include <string>

#include "elements/property_table.h"
#include "surface/surface.h"

namespace fluvial {

struct ConvertSettings {
  Flip flip = Flip::none;
  guint interpolation = 1;  // as DeepStream numbers it
  std::string source_crop;
  std::string target_crop;
  bool never_passes_through = false;
};

constexpr guint convert_copied_bytes = first_other_property;
constexpr guint first_ignored_of_convert = first_other_property + 1;

const PropertyTable<ConvertSettings>& convert_properties();
void install_convert_properties(GObjectClass* klass);

// How pixels are to be written. Throws SettingsError for a crop that cannot be read.
Transform transform_of(const ConvertSettings& settings);

}  // namespace fluvial
