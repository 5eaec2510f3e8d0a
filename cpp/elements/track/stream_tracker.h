// Tracking on one source's metadata: objects in, the same objects with ids out.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

#include "algo/byte_track.h"
#include "algo/past_frames.h"
#include "elements/track/past_meta.h"
#include "meta/batch_buffer.h"

namespace fluvial {

struct TrackMetaSettings {
  std::set<int> class_ids;      // only these are tracked, others are left alone; empty: all
  bool shows_id = true;         // in the object's text
  std::uint64_t id_prefix = 0;  // upper half of every id
};

// Belongs to one source; not thread-safe. What it remembers is bounded by the tracker's targets.
class StreamTracker {
 public:
  StreamTracker(const TrackerSettings& tracker, TrackMetaSettings settings)
      : tracker_(tracker), settings_(std::move(settings)) {}

  // Gives ids to the frame's objects, removes those that belong to no shown track, and on frames that no detector saw
  // adds an object for each shown track.
  void update(NvDsFrameMeta* frame);

  // Of the objects that the last update reported again or for the first time: the frames that were left out before.
  const std::vector<PastObject>& past() const { return reported_past_; }

  void forget();

 private:
  // How a track's object looks, for frames on which only the tracker knows it.
  struct Look {
    int component_id = 0;
    char label[MAX_LABEL_SIZE] = {};
    NvOSD_RectParams rect{};
    NvOSD_ColorParams font_color{};
    bool is_current = false;
  };

  bool was_detected(const NvDsFrameMeta* frame);
  void collect(NvDsFrameMeta* frame);
  void mark(NvDsObjectMeta* object, const Track& track, const NvDsFrameMeta* frame) const;
  NvDsObjectMeta* add_predicted(NvDsFrameMeta* frame, const Track& track);
  void remember(const Track& track, const NvDsObjectMeta* object);
  NvDsObjectMeta* report(NvDsFrameMeta* frame, const Track& track, bool is_detected);
  void remember_past(const NvDsFrameMeta* frame, const Track& track, const NvDsObjectMeta* object);
  void forget_gone_looks();

  ByteTracker tracker_;
  TrackMetaSettings settings_;
  bool has_seen_detector_ = false;  // an element upstream says on which frames it ran
  std::unordered_map<std::uint64_t, Look> looks_;
  PastFrames past_;
  std::vector<PastObject> reported_past_;  // of the current frame
  std::vector<NvDsObjectMeta*> objects_;   // of the current frame, in the order of detections_
  std::vector<Detection> detections_;
};

}  // namespace fluvial
