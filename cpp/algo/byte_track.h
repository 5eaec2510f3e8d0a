// Detections of one camera, frame by frame, become tracks with lasting ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "algo/assignment.h"
#include "algo/kalman.h"
#include "algo/tracker_settings.h"
#include "types/detection.h"
#include "types/geometry.h"

namespace fluvial {

enum class TrackState {
  tentative,  // on probation: not to be shown yet
  active,     // show it
  lost,       // unseen, kept in the hope of finding it again; its box is a guess
};

struct Track {
  std::uint64_t id = 0;  // from 1, never used twice by one tracker
  int detection = -1;    // index into the update's detections; -1: predicted, not seen
  int class_id = 0;
  Box box;               // pixels of the frame; may reach over its border
  float confidence = 0;  // 0..1: of the last detection, falling by 5 % in each frame unseen
  std::int32_t age = 0;  // frames since the track began, 0 in its first
  std::int32_t frames_unseen = 0;
  TrackState state = TrackState::tentative;
};

// ByteTrack (Zhang et al. 2022): sure detections find their track first, then weak ones extend the tracks left over.
// Differs from the paper where it measured better, on five detectors and six sequences: less process noise (kalman.h);
// weak detections may find lost tracks too, not only those of the last frame; probation by evidence, not by two frames.
// Direction of movement, re-update along a guessed path (both OC-SORT), larger boxes (C-BIoU), overlap in height and
// medians of the camera's movement were tried on top and did not help.
//
// Belongs to one stream; not thread-safe. Deterministic. Holds at most max_targets tracks, and its buffers grow to the
// largest frame seen, so the steady state allocates nothing.
class ByteTracker {
 public:
  // Throws std::invalid_argument naming the field, its value and what is allowed.
  explicit ByteTracker(const TrackerSettings& settings = {});

  // frame: number of the frame; a gap means frames that nobody saw. One that does not grow counts as the next frame.
  // A detection with negative confidence has none (DeepStream's -0.1) and counts as sure. One that has no area, or is
  // nowhere near a picture, is passed over.
  // Returns every track that lives, oldest first; valid until the next call.
  const std::vector<Track>& update(std::int64_t frame, const Detection* detections, std::size_t count);
  const std::vector<Track>& update(std::int64_t frame, const std::vector<Detection>& detections);

  // For a frame on which no detector ran: all tracks move on, none is lost for it. Returns as update does.
  const std::vector<Track>& predict(std::int64_t frame);

  // Forgets all tracks (another video, a jump); ids go on.
  void forget();

  const TrackerSettings& settings() const { return settings_; }

 private:
  struct Target {
    Track track;
    BoxFilter filter;
    Box predicted;
    int times_seen = 0;
    float evidence = 0;
  };
  // Detections without a track yet, column by column so that the compiler can take several at once.
  struct Columns {
    std::vector<float> left, top, right, bottom, area, weight;
    std::vector<int> class_id;
  };

  void advance(std::int64_t frame);
  void sort_by_confidence(const Detection* detections, std::size_t count);
  void associate(bool is_probation, std::vector<int>& detections, float min_iou, bool weighs_confidence);
  void fill_columns(const std::vector<int>& detections, bool weighs_confidence);
  void fill_costs(const Target& target, float min_iou, float* costs) const;
  void see(Target& target, int detection);
  void miss(Target& target);
  void drop_gone();
  void start_targets();
  bool is_new(const Detection& detection) const;
  bool make_room();
  const std::vector<Track>& publish();

  TrackerSettings settings_;
  std::uint64_t next_id_ = 1;
  std::int64_t frame_ = 0;       // of the last call; only differences count
  std::vector<Target> targets_;  // oldest first
  std::vector<Track> tracks_;    // what the caller sees of them

  // Scratch of one update.
  const Detection* detections_ = nullptr;
  std::vector<int> sure_, weak_;  // indices of detections without a track yet
  std::vector<int> candidates_;   // indices of targets without a detection yet
  Columns columns_;
  std::vector<float> costs_;
  Assignment assignment_;
};

}  // namespace fluvial
