#include "elements/preprocess/regions.h"

#include <algorithm>

#include "algo/letterbox.h"
#include "meta/batch_buffer.h"

namespace fluvial {
namespace {

bool is_within(float value, int least, int most) {
  return value >= static_cast<float>(least) && (most == 0 || value <= static_cast<float>(most));
}

bool names(const std::vector<int>& list, int what) { return std::find(list.begin(), list.end(), what) != list.end(); }

std::string text_of(const Box& box) {
  std::string text;
  for (float number : {box.left, box.top, box.width, box.height})
    text += (text.empty() ? "" : ";") + std::to_string(static_cast<int>(number));
  return text;
}

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right() && b.left < a.right() && a.top < b.bottom() && b.top < a.bottom();
}

Box box_of(const NvOSD_RectParams& rect) { return {rect.left, rect.top, rect.width, rect.height}; }

void draw(NvDsFrameMeta* frame, const RegionColor& color, const std::vector<Box>& boxes) {
  NvDsDisplayMeta* display = nullptr;
  for (const auto& box : boxes) {
    if (!display || display->num_rects == MAX_ELEMENTS_IN_DISPLAY_META) {
      display = nvds_acquire_display_meta_from_pool(frame->base_meta.batch_meta);
      nvds_add_display_meta_to_frame(frame, display);
    }
    auto& rect = display->rect_params[display->num_rects++];
    rect.left = box.left;
    rect.top = box.top;
    rect.width = box.width;
    rect.height = box.height;
    rect.border_width = 2;
    rect.border_color = {color.red, color.green, color.blue, color.alpha};
  }
}

}  // namespace

const RegionGroup* RegionSelection::group_of(int source) const {
  const RegionGroup* of_all = nullptr;
  for (const auto& group : settings_.groups) {
    if (names(group.sources, source)) return &group;
    if (!of_all && names(group.sources, -1)) of_all = &group;
  }
  return of_all;
}

bool RegionSelection::replace(int source, std::vector<Box> regions) {
  const auto* group = group_of(source);
  if (!group) return false;
  const auto at = group - settings_.groups.data();
  settings_.groups[static_cast<std::size_t>(at)].regions[source] = std::move(regions);
  told_.erase(source);
  return true;
}

// A group of all sources has one list for them, unless a source was given its own.
std::vector<Box> RegionSelection::boxes_of(const RegionGroup& group, int source, Size frame) {
  const bool has_regions = settings_.on_frames ? group.on_regions : !group.on_all_objects;
  if (!has_regions) return {{0, 0, static_cast<float>(frame.width), static_cast<float>(frame.height)}};
  auto found = group.regions.find(source);
  if (found == group.regions.end()) found = group.regions.begin();
  std::vector<Box> boxes;
  for (const auto& wanted : found->second) {
    const Box box = clamp_to(wanted, frame);
    if (box.area() > 0) {
      boxes.push_back(box);
    } else if (told_.insert(source).second) {
      complain_("[group-" + std::to_string(group.number) + "] roi-params-src-" + std::to_string(source) +
                ": the region " + text_of(wanted) + " lies outside of the frame of " + std::to_string(frame.width) +
                "x" + std::to_string(frame.height) +
                " pixels and is left out; regions are in pixels of the frames that the mux gives");
    }
  }
  return boxes;
}

bool RegionSelection::is_wanted(const RegionGroup& group, const NvDsObjectMeta& object,
                                const std::vector<Box>& boxes) const {
  const auto& rect = object.rect_params;
  if (settings_.on_unique_id >= 0 && object.unique_component_id != settings_.on_unique_id) return false;
  if (!group.classes.empty() && !names(group.classes, object.class_id)) return false;
  if (!is_within(rect.width, group.min_width, group.max_width)) return false;
  if (!is_within(rect.height, group.min_height, group.max_height)) return false;
  return std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) { return overlap(box, box_of(rect)); });
}

// Each object once, though it may lie in several regions.
void RegionSelection::add_objects(const RegionGroup& group, NvDsFrameMeta* frame, Size size,
                                  const std::vector<Box>& boxes, std::vector<Region>& to) const {
  for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) {
    if (!is_wanted(group, *object, boxes)) continue;
    const Box box = clamp_to(box_of(object->rect_params), size);
    if (box.width >= 1 && box.height >= 1) to.push_back({frame, object, box, &group});
  }
}

void RegionSelection::add_frame(const RegionGroup& group, NvDsFrameMeta* frame, Size size, std::vector<Region>& to) {
  const auto boxes = boxes_of(group, static_cast<int>(frame->source_id), size);
  if (group.draws_regions) draw(frame, group.color, boxes);
  if (!settings_.on_frames) return add_objects(group, frame, size, boxes, to);
  for (const auto& box : boxes) to.push_back({frame, nullptr, box, &group});
}

std::vector<Region> RegionSelection::choose(NvDsBatchMeta* batch, const SizeOf& size_of) {
  std::vector<Region> regions;
  for (const auto& group : settings_.groups) {
    if (batches_[group.number]++ % (std::uint64_t{group.interval} + 1) != 0) continue;
    for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list))
      if (group_of(static_cast<int>(frame->source_id)) == &group) add_frame(group, frame, size_of(*frame), regions);
  }
  return regions;
}

}  // namespace fluvial
