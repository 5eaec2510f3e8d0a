#include "elements/track/past_meta.h"

#include <cstdio>
#include <memory>

#include "nvds_tracker_meta.h"

namespace fluvial {
namespace {

// The C struct and all that it points at. The batch is the first member: a NvDsTargetMiscDataBatch* is its PastData*.
struct PastData {
  NvDsTargetMiscDataBatch batch{};
  std::vector<NvDsTargetMiscDataStream> streams;
  std::vector<NvDsTargetMiscDataObject> objects;  // of the first stream, then of the second...
  std::vector<NvDsTargetMiscDataFrame> frames;    // likewise

  void point() {
    batch.list = streams.data();
    batch.numAllocated = batch.numFilled = static_cast<std::uint32_t>(streams.size());
    auto* object = objects.data();
    auto* frame = frames.data();
    for (auto& stream : streams) {
      stream.list = object;
      for (std::uint32_t i = 0; i < stream.numFilled; ++i, ++object) {
        object->list = frame;
        frame += object->numObj;
      }
    }
  }
};

TRACKER_STATE state_of(TrackState state) {
  switch (state) {
    case TrackState::active: return ACTIVE;
    case TrackState::lost: return INACTIVE;
    default: return TENTATIVE;
  }
}

NvDsTargetMiscDataFrame as_meta(const PastFrame& past) {
  NvDsTargetMiscDataFrame frame{};
  frame.frameNum = static_cast<std::uint32_t>(past.frame);
  frame.tBbox.left = past.box.left;
  frame.tBbox.top = past.box.top;
  frame.tBbox.width = past.box.width;
  frame.tBbox.height = past.box.height;
  frame.confidence = past.confidence;
  frame.age = static_cast<std::uint32_t>(past.age);
  frame.trackerState = state_of(past.state);
  frame.visibility = 1;
  return frame;
}

void add(PastData& data, const PastObject& past) {
  NvDsTargetMiscDataObject object{};
  object.numObj = object.numAllocated = static_cast<std::uint32_t>(past.frames.size());
  object.uniqueId = past.id;
  object.classId = static_cast<std::uint16_t>(past.class_id);
  std::snprintf(object.objLabel, sizeof(object.objLabel), "%s", past.label.c_str());
  data.objects.push_back(object);
  for (const auto& frame : past.frames) data.frames.push_back(as_meta(frame));
}

void add(PastData& data, const PastStream& past) {
  NvDsTargetMiscDataStream stream{};
  stream.streamID = past.source;
  stream.surfaceStreamID = past.source;
  stream.numAllocated = stream.numFilled = static_cast<std::uint32_t>(past.objects.size());
  data.streams.push_back(stream);
  for (const auto& object : past.objects) add(data, object);
}

gpointer copy_past(gpointer meta, gpointer) {
  auto* copy = new PastData(*static_cast<PastData*>(static_cast<NvDsUserMeta*>(meta)->user_meta_data));
  copy->point();
  return &copy->batch;
}

void free_past(gpointer meta, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(meta);
  delete static_cast<PastData*>(user->user_meta_data);
  user->user_meta_data = nullptr;
}

}  // namespace

void attach_past_frames(NvDsBatchMeta* batch, const std::vector<PastStream>& streams) {
  if (streams.empty()) return;
  auto data = std::make_unique<PastData>();
  for (const auto& stream : streams) add(*data, stream);
  data->point();
  auto* user = nvds_acquire_user_meta_from_pool(batch);
  user->user_meta_data = data.release();
  user->base_meta.meta_type = NVDS_TRACKER_PAST_FRAME_META;
  user->base_meta.copy_func = copy_past;
  user->base_meta.release_func = free_past;
  nvds_add_user_meta_to_batch(batch, user);
}

}  // namespace fluvial
