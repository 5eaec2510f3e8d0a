#include "elements/segvisual/pictures.h"

#include <climits>
#include <string>

#include "meta/batch_buffer.h"

namespace fluvial {
namespace {

// Programs make such metadata too, and may leave it empty.
bool is_map(const NvDsInferSegmentationMeta* map) {
  return map && map->class_map && map->width > 0 && map->height > 0 && map->width <= INT_MAX && map->height <= INT_MAX;
}

template <typename Body>
void for_maps(const NvDsFrameMeta& frame, Body body) {
  const MetaLock lock(frame.base_meta.batch_meta);
  for (auto* user : each<NvDsUserMeta>(frame.frame_user_meta_list)) {
    if (user->base_meta.meta_type != NVDSINFER_SEGMENTATION_META) continue;
    const auto* map = static_cast<const NvDsInferSegmentationMeta*>(user->user_meta_data);
    if (is_map(map)) body(*map);
  }
}

int whole(guint side, int otherwise) { return side > 0 ? static_cast<int>(side) : otherwise; }

}  // namespace

std::vector<const NvDsInferSegmentationMeta*> maps_of(const NvDsFrameMeta& frame, const SegvisualSettings& settings) {
  std::vector<const NvDsInferSegmentationMeta*> maps;
  for_maps(frame, [&](const auto& map) {
    if (settings.unique_id <= 0 || map.unique_id == settings.unique_id) maps.push_back(&map);
  });
  return maps;
}

std::string ids_of_maps(const NvDsFrameMeta& frame) {
  std::string ids;
  for_maps(frame, [&](const auto& map) { ids += (ids.empty() ? "" : ", ") + std::to_string(map.unique_id); });
  return ids;
}

SurfaceFormat picture_format(const SegvisualSettings& settings, Size frame) {
  return {PixelFormat::rgba, {whole(settings.width, frame.width), whole(settings.height, frame.height)}, {}};
}

SurfacePtr Pictures::draw(const SurfacePtr& frame, const std::vector<const NvDsInferSegmentationMeta*>& maps,
                          const SegvisualSettings& settings) {
  const SurfaceFormat format = picture_format(settings, frame->format().size);
  if (maps.empty() && frame->format() == format) return frame;
  auto picture = allocator_.allocate(format);
  if (maps.empty() || settings.keeps_picture) allocator_.transform(*frame, *picture, {});
  const MapPaint how{settings.keeps_picture, static_cast<int>(settings.background), settings.alpha};
  for (const auto* map : maps)
    painter_.paint(picture->view(), {map->class_map, {static_cast<int>(map->width), static_cast<int>(map->height)}},
                   how);
  return picture;
}

}  // namespace fluvial
