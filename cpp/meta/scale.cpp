#include "meta/scale.h"

#include <algorithm>
#include <cmath>

#include "meta/batch_buffer.h"
#include "meta/keypoints.h"

namespace fluvial {
namespace {

// Offsets are unsigned in DeepStream's structs; what lies above or left of the frame wraps, and is drawn at 0.
unsigned place(unsigned value, float scale, float move) {
  const float placed = static_cast<float>(static_cast<int>(value)) * scale + move;
  return placed <= 0 ? 0U : static_cast<unsigned>(std::lround(placed));
}

void place(NvOSD_RectParams& rect, const Placement& p) {
  rect.left = rect.left * p.scale_x + p.move_x;
  rect.top = rect.top * p.scale_y + p.move_y;
  rect.width *= p.scale_x;
  rect.height *= p.scale_y;
}

void place(NvOSD_TextParams& text, const Placement& p) {
  text.x_offset = place(text.x_offset, p.scale_x, p.move_x);
  text.y_offset = place(text.y_offset, p.scale_y, p.move_y);
}

template <typename LineOrArrow>
void place_ends(LineOrArrow& line, const Placement& p) {
  line.x1 = place(line.x1, p.scale_x, p.move_x);
  line.y1 = place(line.y1, p.scale_y, p.move_y);
  line.x2 = place(line.x2, p.scale_x, p.move_x);
  line.y2 = place(line.y2, p.scale_y, p.move_y);
}

void place(NvOSD_CircleParams& circle, const Placement& p) {
  circle.xc = place(circle.xc, p.scale_x, p.move_x);
  circle.yc = place(circle.yc, p.scale_y, p.move_y);
  circle.radius = place(circle.radius, std::min(p.scale_x, p.scale_y), 0);
}

// Of all inferences, not of the newest alone.
void place_keypoints(NvDsObjectMeta* object, const Placement& p) {
  for (auto* user : each<NvDsUserMeta>(object->obj_user_meta_list)) {
    auto* keypoints = keypoints_in(user);
    for (guint i = 0; keypoints && i < keypoints->count; ++i) {
      auto& point = keypoints->points[i];
      point.x = point.x * p.scale_x + p.move_x;
      point.y = point.y * p.scale_y + p.move_y;
    }
  }
}

guint bounded(guint count) { return std::min<guint>(count, MAX_ELEMENTS_IN_DISPLAY_META); }

}  // namespace

void place_object(NvDsObjectMeta* object, const Placement& p) {
  place(object->rect_params, p);
  place(object->text_params, p);
  place_keypoints(object, p);
}

void place_display(NvDsDisplayMeta* d, const Placement& p) {
  for (guint i = 0; i < bounded(d->num_rects); ++i) place(d->rect_params[i], p);
  for (guint i = 0; i < bounded(d->num_labels); ++i) place(d->text_params[i], p);
  for (guint i = 0; i < bounded(d->num_lines); ++i) place_ends(d->line_params[i], p);
  for (guint i = 0; i < bounded(d->num_arrows); ++i) place_ends(d->arrow_params[i], p);
  for (guint i = 0; i < bounded(d->num_circles); ++i) place(d->circle_params[i], p);
}

void place_frame(NvDsFrameMeta* frame, const Placement& p) {
  for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) place_object(object, p);
  for (auto* display : each<NvDsDisplayMeta>(frame->display_meta_list)) place_display(display, p);
}

}  // namespace fluvial
