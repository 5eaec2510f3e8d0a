#include "elements/segvisual/settings.h"

namespace fluvial {

const PropertyTable<SegvisualSettings>& segvisual_properties() {
  using S = SegvisualSettings;
  static const auto table =
      PropertyTable<S>()
          .add("width", "Width of the output in pixels; 0: the frame's (the default of fluvialsegvisual)", &S::width, 0,
               G_MAXINT)
          .add("height", "Height of the output in pixels; 0: the frame's (the default of fluvialsegvisual)", &S::height,
               0, G_MAXINT)
          .add("operate-on-seg-meta-id", "Show only the maps of the inference of this id; -1 and 0: of all",
               &S::unique_id, -1, G_MAXINT)
          .add("original-background", "Keep the picture and mix the classes' colours into it", &S::keeps_picture)
          .add("class-id", "With original-background: the class that gets no colour", &S::background, 0, G_MAXUINT)
          .add("alpha", "With original-background: how much of a colour is mixed in, 0 to 1", &S::alpha, 0, 1);
  return table;
}

void install_segvisual_properties(GObjectClass* klass) {
  segvisual_properties().install(klass);
  g_object_class_install_property(klass, segvisual_copied_bytes,
                                  copied_bytes_spec("Bytes of pixels scaled or converted so far"));
  PropertyInstaller ignored(klass, first_ignored_of_segvisual);
  ignored.add_uint("unique-id", "Id of the element; no effect, as nothing carries it", 0, G_MAXUINT, 0);
  ignored.add_uint("gpu-id", "Number of the GPU; no effect in system memory", 0, G_MAXUINT, 0);
  ignored.add_uint("batch-size", "Frames of the largest batch; no effect, as batches are as they come", 1, G_MAXUINT,
                   1);
  ignored.add_bool("gpu-on", "Who paints, as DeepStream has it; no effect in system memory", true);
}

}  // namespace fluvial
