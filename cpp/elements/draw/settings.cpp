#include "elements/draw/settings.h"

#include "nvll_osd_struct.h"

namespace fluvial {
namespace {

GType process_mode_type() {
  static const GEnumValue values[] = {
      {MODE_CPU, "CPU_MODE", "CPU_MODE"}, {MODE_GPU, "GPU_MODE", "GPU_MODE"}, {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("FluvialDrawProcessMode", values);
  return type;
}

}  // namespace

const PropertyTable<DrawSettings>& draw_properties() {
  using S = DrawSettings;
  static const auto table =
      PropertyTable<S>()
          .add("display-clock", "Show the local date and time on every frame", &S::shows_clock)
          .add("display-text", "Draw the texts of objects and display metas", &S::draws_text)
          .add("display-bbox", "Draw the boxes of objects and display metas", &S::draws_boxes)
          .add("display-mask", "Paint the masks of objects", &S::draws_masks)
          .add("display-keypoints", "Draw the key points of objects; 17 of them as a body, with limbs",
               &S::draws_keypoints)
          .add("keypoint-threshold", "Least confidence of a key point that is drawn", &S::least_keypoint_confidence, 0,
               1)
          .add("clock-font", "Font of the clock", &S::clock_font)
          .add("clock-font-size", "Size of the clock in points", &S::clock_points, 0, 60)
          .add("x-clock-offset", "Left edge of the clock in pixels", &S::clock_x, 0, G_MAXUINT)
          .add("y-clock-offset", "Top edge of the clock in pixels", &S::clock_y, 0, G_MAXUINT)
          .add("clock-color", "Colour of the clock, 0xRRGGBBAA", &S::clock_colour, 0, G_MAXUINT)
          .add("blur-on-gie-class-ids",
               "Objects to blur, as gie-id,class-id;... such as 1,0;1,2; empty with blur-bbox set: every object",
               &S::blurred_classes)
          .add("blur-bbox",
               "Shape of the blur: 0 none (the whole box where blur-on-gie-class-ids is set), 1 the whole box, 2 the "
               "ellipse inside the box",
               &S::blur, 0, 2);
  return table;
}

void install_draw_properties(GObjectClass* klass) {
  draw_properties().install(klass);
  g_object_class_install_property(
      klass, draw_cached_texts,
      g_param_spec_uint("cached-texts", "cached-texts", "Texts kept as pictures so far", 0, G_MAXUINT, 0,
                        GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  PropertyInstaller ignored(klass, first_ignored_of_draw);
  ignored.add(g_param_spec_enum("process-mode", "process-mode", "Who draws, as DeepStream numbers it; no effect",
                                process_mode_type(), MODE_GPU, property_flags));
  ignored.add_uint("gpu-id", "Number of the GPU; no effect in system memory", 0, G_MAXUINT, 0);
}

}  // namespace fluvial
