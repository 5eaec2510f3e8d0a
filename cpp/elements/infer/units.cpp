#include "elements/infer/units.h"

#include <algorithm>

#include "meta/batch_buffer.h"

namespace fluvial {
namespace {

constexpr float grown = 1.2F;  // DeepStream's: a box a fifth larger shows more

bool is_within(float value, int least, int most) {
  return value >= static_cast<float>(least) && (most == 0 || value <= static_cast<float>(most));
}

}  // namespace

std::vector<Unit> units_of_frames(NvDsBatchMeta* batch) {
  std::vector<Unit> units;
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) units.push_back({frame, nullptr, {}});
  return units;
}

std::vector<Unit> units_of_frames_with_objects(NvDsBatchMeta* batch, const InferSettings& settings) {
  std::vector<Unit> units;
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) {
      if (!is_wanted(settings, *object)) continue;
      units.push_back({frame, nullptr, {}});
      break;
    }
  }
  return units;
}

ObjectSelection::ObjectSelection(const InferSettings& settings, bool remembers)
    : settings_(settings), remembers_(remembers) {}

bool is_wanted(const InferSettings& s, const NvDsObjectMeta& object) {
  if (s.on_unique_id >= 0 && object.unique_component_id != s.on_unique_id) return false;
  if (!s.on_classes.empty() &&
      std::find(s.on_classes.begin(), s.on_classes.end(), object.class_id) == s.on_classes.end())
    return false;
  const auto& box = object.rect_params;
  return box.width >= 1 && box.height >= 1 && is_within(box.width, s.min_object_width, s.max_object_width) &&
         is_within(box.height, s.min_object_height, s.max_object_height);
}

bool ObjectSelection::is_due(Looks& looks, const NvDsFrameMeta& frame, const NvDsObjectMeta& object) {
  const float area = object.rect_params.width * object.rect_params.height;
  const auto [found, is_new] = looks.try_emplace(object.object_id, Look{frame.frame_num, frame.frame_num, area});
  Look& look = found->second;
  look.last_seen = frame.frame_num;
  if (is_new) return true;
  const int interval = settings_.reinfer_interval.value_or(INT_MAX);
  // A file that loops, or a source that starts again, counts from 0 anew.
  const bool is_old = frame.frame_num < look.last_inferred || frame.frame_num - look.last_inferred > interval;
  if (!is_old && area <= look.area * grown) return false;
  look.last_inferred = frame.frame_num;
  look.area = area;
  return true;
}

void ObjectSelection::forget_unseen(Looks& looks, int frame_num) {
  // Once in a while is enough: between two sweeps a source cannot fill the map past its bound unnoticed.
  const bool is_full = looks.size() > most_objects;
  if (frame_num % forget_after != 0 && !is_full) return;
  for (auto it = looks.begin(); it != looks.end();) {
    const int unseen = frame_num - it->second.last_seen;
    it = unseen > forget_after || unseen < 0 || (is_full && unseen > 0) ? looks.erase(it) : std::next(it);
  }
  if (looks.size() > most_objects) looks.clear();
}

ObjectSelection::Choice ObjectSelection::choose(NvDsBatchMeta* batch) {
  Choice choice;
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) {
      if (!is_wanted(settings_, *object)) continue;
      const bool is_tracked = remembers_ && object->object_id != UNTRACKED_OBJECT_ID;
      const bool is_fresh = !is_tracked || is_due(known_[frame->pad_index], *frame, *object);
      (is_fresh ? choice.fresh : choice.repeated).push_back({frame, object, {}});
    }
    if (const auto looks = known_.find(frame->pad_index); looks != known_.end())
      forget_unseen(looks->second, frame->frame_num);
  }
  return choice;
}

void ObjectSelection::forget(unsigned source) { known_.erase(source); }

std::size_t ObjectSelection::remembered() const {
  std::size_t count = 0;
  for (const auto& [source, looks] : known_) count += looks.size();
  return count;
}

}  // namespace fluvial
