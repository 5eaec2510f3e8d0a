#include "elements/tile/sources.h"

#include <utility>

#include "elements/tile/metadata.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"

namespace fluvial {
namespace {

void keep(Source& source) {
  std::unique_ptr<NvDsBatchMeta, BatchMetaDeleter> batch(nvds_create_batch_meta(1));
  auto* frame = nvds_acquire_frame_meta_from_pool(batch.get());
  nvds_add_frame_meta_to_batch(batch.get(), frame);
  copy_in_order(*source.meta, *frame, {});
  source.meta = frame;
  source.kept = std::move(batch);
  source.is_in_batch = false;
}

}  // namespace

void Sources::keep_those_not_in(const std::set<guint>& ids) {
  for (auto& [id, source] : sources_)
    if (source.is_in_batch && ids.count(id) == 0) keep(source);
}

void Sources::update(GstBuffer* buffer, NvDsBatchMeta* batch) {
  std::map<guint, std::pair<SurfacePtr, const NvDsFrameMeta*>> frames;  // of two frames of a source the last one
  std::set<guint> ids;
  for (const auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    frames[frame->pad_index] = {surface_at(buffer, frame->batch_id), frame};
    ids.insert(frame->pad_index);
  }
  keep_those_not_in(ids);
  for (auto& [id, frame] : frames) {
    auto& source = sources_[id];
    source = {std::move(frame.first), frame.second, true, nullptr, nullptr};
  }
  last_.reset(gst_buffer_ref(buffer));
}

void Sources::clear() {
  sources_.clear();
  last_.reset();
}

}  // namespace fluvial
