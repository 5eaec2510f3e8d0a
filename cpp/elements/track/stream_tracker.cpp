#include "elements/track/stream_tracker.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

namespace fluvial {
namespace {

Box clipped(const Box& box, const NvDsFrameMeta* frame) {
  const float width = static_cast<float>(frame->pipeline_width ? frame->pipeline_width : frame->source_frame_width);
  const float height = static_cast<float>(frame->pipeline_height ? frame->pipeline_height : frame->source_frame_height);
  if (width <= 0 || height <= 0) return box;
  const float left = std::clamp(box.left, 0.0F, width), top = std::clamp(box.top, 0.0F, height);
  return {left, top, std::clamp(box.right(), 0.0F, width) - left, std::clamp(box.bottom(), 0.0F, height) - top};
}

void set_text(NvDsObjectMeta* object, const std::string& text) {
  g_free(object->text_params.display_text);
  object->text_params.display_text = g_strdup(text.c_str());
  auto& params = object->text_params;
  // Above the frame the unsigned offset wraps, as in DeepStream; it is drawn at 0.
  params.x_offset = static_cast<unsigned>(static_cast<int>(object->rect_params.left));
  params.y_offset = static_cast<unsigned>(static_cast<int>(object->rect_params.top) - 20);
  if (!params.font_params.font_name) {
    params.font_params.font_name = const_cast<char*>("Serif");
    params.font_params.font_size = 10;
    params.font_params.font_color = {1, 1, 1, 1};
    params.set_bg_clr = 1;
    params.text_bg_clr = {0, 0, 0, 1};
  }
}

}  // namespace

bool StreamTracker::was_detected(const NvDsFrameMeta* frame) {
  has_seen_detector_ |= frame->bInferDone != 0;
  // A detector of the user's own does not set the flag: then every frame counts.
  return frame->bInferDone || frame->num_obj_meta > 0 || !has_seen_detector_;
}

// Oldest first, as the detector gave them: the list is newest first.
void StreamTracker::collect(NvDsFrameMeta* frame) {
  objects_.clear();
  detections_.clear();
  for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) {
    const bool is_wanted = settings_.class_ids.empty() || settings_.class_ids.count(object->class_id) > 0;
    if (is_wanted && !object->parent) objects_.push_back(object);
  }
  std::reverse(objects_.begin(), objects_.end());
  for (const auto* object : objects_) {
    const auto& r = object->rect_params;
    detections_.push_back({object->class_id, object->confidence, {r.left, r.top, r.width, r.height}});
  }
}

void StreamTracker::mark(NvDsObjectMeta* object, const Track& track, const NvDsFrameMeta* frame) const {
  object->object_id = settings_.id_prefix | track.id;
  object->tracker_confidence = track.confidence;
  object->tracker_bbox_info.org_bbox_coords = {track.box.left, track.box.top, track.box.width, track.box.height};
  const Box box = clipped(track.box, frame);
  object->rect_params.left = box.left;
  object->rect_params.top = box.top;
  object->rect_params.width = box.width;
  object->rect_params.height = box.height;
  std::string text = object->obj_label;
  if (settings_.shows_id) text += " " + std::to_string(track.id);
  set_text(object, text);
}

void StreamTracker::remember(const Track& track, const NvDsObjectMeta* object) {
  auto& look = looks_[track.id];
  look.component_id = object->unique_component_id;
  std::memcpy(look.label, object->obj_label, sizeof(look.label));
  look.rect = object->rect_params;
}

NvDsObjectMeta* StreamTracker::add_predicted(NvDsFrameMeta* frame, const Track& track) {
  const auto look = looks_.find(track.id);
  if (look == looks_.end()) return nullptr;
  auto* object = nvds_acquire_obj_meta_from_pool(frame->base_meta.batch_meta);
  object->class_id = track.class_id;
  object->unique_component_id = look->second.component_id;
  object->confidence = -0.1F;  // DeepStream's sign for "only the tracker says so"
  std::memcpy(object->obj_label, look->second.label, sizeof(look->second.label));
  object->rect_params = look->second.rect;
  mark(object, track, frame);
  nvds_add_obj_meta_to_frame(frame, object, nullptr);
  return object;
}

void StreamTracker::forget_gone_looks() {
  for (auto it = looks_.begin(); it != looks_.end();) {
    it = it->second.is_current ? std::next(it) : looks_.erase(it);
  }
}

// The track's object in this frame; nullptr: it has none.
NvDsObjectMeta* StreamTracker::report(NvDsFrameMeta* frame, const Track& track, bool is_detected) {
  if (track.state != TrackState::active) return nullptr;
  if (track.detection < 0) return is_detected ? nullptr : add_predicted(frame, track);
  auto* object = objects_[static_cast<std::size_t>(track.detection)];
  mark(object, track, frame);
  remember(track, object);
  return object;
}

void StreamTracker::remember_past(const NvDsFrameMeta* frame, const Track& track, const NvDsObjectMeta* object) {
  if (!object) return past_.keep(frame->frame_num, track, clipped(track.box, frame));
  auto frames = past_.take(track.id);
  if (!frames.empty())
    reported_past_.push_back({object->object_id, object->class_id, object->obj_label, std::move(frames)});
}

void StreamTracker::update(NvDsFrameMeta* frame) {
  const bool is_detected = was_detected(frame);
  collect(frame);
  const auto& tracks =
      is_detected ? tracker_.update(frame->frame_num, detections_) : tracker_.predict(frame->frame_num);

  for (auto& [id, look] : looks_) look.is_current = false;
  reported_past_.clear();
  std::vector<bool> is_kept(objects_.size(), false);
  for (const auto& track : tracks) {
    const auto* object = report(frame, track, is_detected);
    if (object && track.detection >= 0) is_kept[static_cast<std::size_t>(track.detection)] = true;
    remember_past(frame, track, object);
    if (const auto look = looks_.find(track.id); look != looks_.end()) look->second.is_current = true;
  }
  for (std::size_t i = 0; i < objects_.size(); ++i)
    if (!is_kept[i]) nvds_remove_obj_meta_from_frame(frame, objects_[i]);
  forget_gone_looks();
  past_.forget_all_but(tracks);
}

void StreamTracker::forget() {
  tracker_.forget();
  past_.forget();
}

}  // namespace fluvial
