#include "elements/infer/attach_segmentation.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "gstnvdsinfer.h"
#include "gstnvdsmeta.h"

namespace fluvial {
namespace {

// The C struct and what it points at. The meta is the first member: a NvDsInferSegmentationMeta* is its Map*.
struct Map {
  NvDsInferSegmentationMeta meta{};
  Segmentation held;

  void point() {
    meta.classes = static_cast<guint>(held.class_count);
    meta.width = static_cast<guint>(held.size.width);
    meta.height = static_cast<guint>(held.size.height);
    meta.class_map = held.classes.data();
    meta.class_probabilities_map = held.probabilities.empty() ? nullptr : held.probabilities.data();
  }
};

gpointer copy_map(gpointer data, gpointer) {
  const auto* from = static_cast<Map*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  auto* to = new Map(*from);
  to->point();
  return &to->meta;
}

void free_map(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  delete static_cast<Map*>(user->user_meta_data);
  user->user_meta_data = nullptr;
}

// C programs read width x height numbers whatever the vectors hold.
void check(const Segmentation& s) {
  const auto pixels = static_cast<std::size_t>(s.size.width) * static_cast<std::size_t>(s.size.height);
  const auto numbers = pixels * static_cast<std::size_t>(s.class_count);
  const bool fits = s.size.width >= 0 && s.size.height >= 0 && s.class_count >= 0 && s.classes.size() == pixels &&
                    (s.probabilities.empty() || s.probabilities.size() == numbers);
  if (!fits)
    throw std::runtime_error("a segmentation of " + std::to_string(s.size.width) + "x" + std::to_string(s.size.height) +
                             " pixels and " + std::to_string(s.class_count) + " classes holds " +
                             std::to_string(s.classes.size()) + " classes and " +
                             std::to_string(s.probabilities.size()) + " probabilities");
}

}  // namespace

void attach_segmentation(unsigned unique_id, const Unit& unit, Segmentation&& segmentation) {
  check(segmentation);
  auto map = std::make_unique<Map>();
  map->held = std::move(segmentation);
  map->meta.unique_id = static_cast<gint>(unique_id);
  map->point();
  auto* user = nvds_acquire_user_meta_from_pool(unit.frame->base_meta.batch_meta);
  user->user_meta_data = map.release();
  user->base_meta.meta_type = NVDSINFER_SEGMENTATION_META;
  user->base_meta.copy_func = copy_map;
  user->base_meta.release_func = free_map;
  if (unit.region) return nvds_add_user_meta_to_roi(unit.region, user);
  if (unit.object) return nvds_add_user_meta_to_obj(unit.object, user);
  nvds_add_user_meta_to_frame(unit.frame, user);
  unit.frame->bInferDone = 1;
}

}  // namespace fluvial
