#include "elements/draw/frame.h"

#include <algorithm>
#include <array>

#include "elements/draw/skeleton.h"
#include "meta/batch_buffer.h"

namespace fluvial {
namespace {

// Naming classes is asking for a blur: programs of before 7.0 knew no blur-bbox.
BlurMode blur_mode(const DrawSettings& settings) {
  if (settings.blur == 0 && !settings.blurred_classes.empty()) return BlurMode::box;
  return static_cast<BlurMode>(settings.blur);
}

bool is_blurred(const Classes& blurred, const NvDsObjectMeta& object) {
  return blurred.empty() || blurred.count({object.unique_component_id, object.class_id}) > 0;
}

template <typename Body>
void for_objects(const NvDsFrameMeta& frame, Body body) {
  for (auto* object : each<NvDsObjectMeta>(frame.obj_meta_list)) body(*object);
}

// One kind of shape of all display metas. Counts come from the user: they may exceed the array.
template <typename Shape, typename Body>
void for_shapes(const NvDsFrameMeta& frame, guint NvDsDisplayMeta::*count,
                Shape (NvDsDisplayMeta::*shapes)[MAX_ELEMENTS_IN_DISPLAY_META], Body body) {
  for (auto* display : each<NvDsDisplayMeta>(frame.display_meta_list))
    for (guint i = 0; i < std::min<guint>(display->*count, MAX_ELEMENTS_IN_DISPLAY_META); ++i)
      body((display->*shapes)[i]);
}

NvOSD_ColorParams from_rgba(guint rgba) {
  const auto part = [rgba](unsigned shift) { return ((rgba >> shift) & 0xFFU) / 255.0; };
  return {part(24), part(16), part(8), part(0)};
}

// Stable: a class keeps its colour over frames, runs and sources. Neighbouring numbers get hues far apart.
NvOSD_ColorParams colour_of_class(int class_id) {
  static constexpr std::array<guint, 8> hues = {0xE6194B80, 0x3CB44B80, 0x4363D880, 0xFFE11980,
                                                0x911EB480, 0x42D4F480, 0xF5823180, 0xF032E680};
  return from_rgba(hues[static_cast<guint>(class_id) % hues.size()]);
}

// As a wash: an opaque border's colour would hide what the mask is about.
NvOSD_ColorParams colour_of_mask(const NvDsObjectMeta& object) {
  const auto& rect = object.rect_params;
  if (rect.has_bg_color && rect.bg_color.alpha > 0) return rect.bg_color;
  if (!(rect.border_color.alpha > 0)) return colour_of_class(object.class_id);
  auto colour = rect.border_color;
  colour.alpha = std::min(colour.alpha, 0.5);
  return colour;
}

Box box_of(const NvOSD_RectParams& rect) { return {rect.left, rect.top, rect.width, rect.height}; }

void draw_boxes(const Pass& p) {
  for_objects(p.frame, [&](const auto& object) { p.canvas.rect(object.rect_params); });
  for_shapes(p.frame, &NvDsDisplayMeta::num_rects, &NvDsDisplayMeta::rect_params,
             [&](const auto& rect) { p.canvas.rect(rect); });
}

void draw_masks(const Pass& p) {
  for_objects(p.frame, [&](const auto& object) {
    if (is_picture(object.mask_params))
      p.canvas.mask(object.mask_params, box_of(object.rect_params), colour_of_mask(object));
  });
}

void draw_bodies(const Pass& p) {
  for_objects(p.frame, [&](const auto& object) {
    if (const auto* points = fluvial_get_keypoints_of_obj(&object))
      draw_keypoints(*points, p.settings.least_keypoint_confidence, object.rect_params.height, p.canvas);
  });
}

void draw_texts(const Pass& p) {
  for_objects(p.frame, [&](const auto& object) { p.canvas.text(object.text_params, p.texts); });
  for_shapes(p.frame, &NvDsDisplayMeta::num_labels, &NvDsDisplayMeta::text_params,
             [&](const auto& text) { p.canvas.text(text, p.texts); });
}

void draw_clock(const Pass& p) {
  const auto& s = p.settings;
  GDateTime* now = g_date_time_new_now_local();
  gchar* time = g_date_time_format(now, "%Y-%m-%d  %H:%M:%S");
  NvOSD_TextParams text{};
  text.display_text = time;
  text.x_offset = s.clock_x;
  text.y_offset = s.clock_y;
  text.font_params = {const_cast<char*>(s.clock_font.c_str()), s.clock_points, from_rgba(s.clock_colour)};
  p.canvas.text(text, p.texts);
  g_free(time);
  g_date_time_unref(now);
}

void draw_shapes(const Pass& p) {
  for_shapes(p.frame, &NvDsDisplayMeta::num_lines, &NvDsDisplayMeta::line_params,
             [&](const auto& line) { p.canvas.line(line); });
  for_shapes(p.frame, &NvDsDisplayMeta::num_arrows, &NvDsDisplayMeta::arrow_params,
             [&](const auto& arrow) { p.canvas.arrow(arrow); });
  for_shapes(p.frame, &NvDsDisplayMeta::num_circles, &NvDsDisplayMeta::circle_params,
             [&](const auto& circle) { p.canvas.circle(circle); });
}

void blur_objects(const Pass& p) {
  const auto shape = blur_mode(p.settings) == BlurMode::ellipse ? BlurShape::ellipse : BlurShape::box;
  for_objects(p.frame, [&](const auto& object) {
    if (is_blurred(p.blurred, object)) p.canvas.blur(box_of(object.rect_params), shape);
  });
}

bool shows_anything(const NvDsObjectMeta& object, const DrawSettings& settings) {
  const auto& rect = object.rect_params;
  const char* text = object.text_params.display_text;
  return (settings.draws_boxes && (rect.border_width > 0 || rect.has_bg_color)) ||
         (settings.draws_text && text && *text) || (settings.draws_masks && is_picture(object.mask_params)) ||
         (settings.draws_keypoints && fluvial_get_keypoints_of_obj(&object)) || blur_mode(settings) != BlurMode::none;
}

}  // namespace

// DeepStream's order: later passes cover earlier ones.
void draw_frame(const Pass& p) {
  if (p.settings.draws_boxes) draw_boxes(p);
  if (p.settings.draws_masks) draw_masks(p);
  if (p.settings.draws_keypoints) draw_bodies(p);
  if (p.settings.draws_text) draw_texts(p);
  if (p.settings.shows_clock) draw_clock(p);
  draw_shapes(p);
  if (blur_mode(p.settings) != BlurMode::none) blur_objects(p);
}

bool shows_anything(const NvDsFrameMeta& frame, const DrawSettings& settings) {
  if (settings.shows_clock || frame.display_meta_list) return true;
  for (auto* object : each<NvDsObjectMeta>(frame.obj_meta_list))
    if (shows_anything(*object, settings)) return true;
  return false;
}

}  // namespace fluvial
