// What the user chooses of the painter; any thread may change it.
#pragma once

#include <string>

#include "elements/property_table.h"

namespace fluvial {

enum class BlurMode : guint { none, box, ellipse };

struct DrawSettings {
  bool draws_text = true;
  bool draws_boxes = true;
  bool draws_masks = true;
  bool draws_keypoints = true;
  float least_keypoint_confidence = 0.3F;
  bool shows_clock = false;
  std::string clock_font = "Serif";
  guint clock_points = 12;
  guint clock_x = 0;
  guint clock_y = 0;
  guint clock_colour = G_MAXUINT;  // 0xRRGGBBAA
  guint blur = 0;                  // a BlurMode
  std::string blurred_classes;     // "gie-id,class-id;..."
};

constexpr guint draw_cached_texts = first_other_property;
constexpr guint first_ignored_of_draw = first_other_property + 1;

const PropertyTable<DrawSettings>& draw_properties();
void install_draw_properties(GObjectClass* klass);

}  // namespace fluvial
