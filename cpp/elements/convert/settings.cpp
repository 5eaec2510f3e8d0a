#include "elements/convert/settings.h"

#include <cstdio>

#include "elements/guard.h"

namespace fluvial {
namespace {

using S = ConvertSettings;

// "left:top:width:height"; empty is everything.
Box parse_crop(const char* property, const std::string& text) {
  if (text.empty()) return {};
  Box box;
  int used = 0;
  const int got = std::sscanf(text.c_str(), "%f:%f:%f:%f%n", &box.left, &box.top, &box.width, &box.height, &used);
  const bool is_empty = got == 4 && box.width == 0 && box.height == 0;
  if (is_empty) return {};
  if (got != 4 || used != static_cast<int>(text.size()) || box.area() <= 0 || box.left < 0 || box.top < 0)
    throw SettingsError(std::string(property) + "='" + text +
                        "': expected left:top:width:height in pixels, such as 0:0:640:360");
  return box;
}

GType flip_type() {
  static const GEnumValue values[] = {{0, "no turn", "none"},
                                      {1, "90 degrees counter-clockwise", "counterclockwise"},
                                      {2, "180 degrees", "rotate-180"},
                                      {3, "90 degrees clockwise", "clockwise"},
                                      {4, "left and right exchanged", "horizontal-flip"},
                                      {5, "across the upper right to lower left diagonal", "upper-right-diagonal"},
                                      {6, "top and bottom exchanged", "vertical-flip"},
                                      {7, "across the upper left to lower right diagonal", "upper-left-diagonal"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("FluvialFlipMethod", values);
  return type;
}

GParamSpec* flip_spec() {
  return g_param_spec_enum("flip-method", "flip-method", "How the picture is turned", flip_type(), 0, property_flags);
}

}  // namespace

const PropertyTable<S>& convert_properties() {
  static const auto table =
      PropertyTable<S>()
          .add(
              flip_spec, [](S& s, const GValue* v) { s.flip = static_cast<Flip>(g_value_get_enum(v)); },
              [](const S& s, GValue* v) { g_value_set_enum(v, static_cast<int>(s.flip)); })
          .add("interpolation-method", "Scaling: 0 nearest, 1 bilinear, 2 and above box (averages when shrinking)",
               &S::interpolation, 0, 6)
          .add("src-crop", "Part of the input that is used: left:top:width:height in pixels", &S::source_crop)
          .add("dest-crop", "Part of the output that is filled, the rest is black: left:top:width:height in pixels",
               &S::target_crop)
          .add("disable-passthrough", "Convert even where input and output are the same", &S::never_passes_through);
  return table;
}

void install_convert_properties(GObjectClass* klass) {
  convert_properties().install(klass);
  g_object_class_install_property(klass, convert_copied_bytes, copied_bytes_spec("Bytes of pixels written so far"));
  PropertyInstaller ignored(klass, first_ignored_of_convert);
  add_hardware_properties(ignored);
  ignored.add_bool("silent", "No effect", false);
  ignored.add_uint("output-buffers", "Size of DeepStream's pool; ours follows need", 0, G_MAXUINT, 4);
  ignored.add_bool("bl-output", "Block-linear output of Jetson; no effect", false);
  ignored.add_bool("allow-odd-crop", "No effect: chroma makes crops of YUV even", true);
  ignored.add_uint("copy-hw", "Who copies, as DeepStream numbers it; no effect in system memory", 0, 2, 1);
  ignored.add_bool("contiguous-buffers", "No effect", false);
}

Transform transform_of(const S& settings) {
  Transform transform;
  transform.flip = settings.flip;
  transform.filter = filter_numbered(settings.interpolation);
  transform.from = parse_crop("src-crop", settings.source_crop);
  transform.to = parse_crop("dest-crop", settings.target_crop);
  return transform;
}

}  // namespace fluvial
