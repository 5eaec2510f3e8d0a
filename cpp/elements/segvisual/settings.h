// What the user chooses of the painter of maps of classes; any thread may change it.
#pragma once

#include "elements/property_table.h"

namespace fluvial {

struct SegvisualSettings {
  guint width = 1280;  // 0: the frame's
  guint height = 720;
  gint unique_id = -1;  // of the inference whose maps are painted; 0 and less: of all
  bool keeps_picture = false;
  guint background = 0;
  float alpha = 1;
};

constexpr guint segvisual_copied_bytes = first_other_property;
constexpr guint first_ignored_of_segvisual = first_other_property + 1;

const PropertyTable<SegvisualSettings>& segvisual_properties();
void install_segvisual_properties(GObjectClass* klass);

}  // namespace fluvial
