// Detections of one camera, frame by frame, become tracks with lasting ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "algo/assignment.h"
#include "algo/kalman.h"
#include "types/detection.h"
#include "types/geometry.h"

namespace fluvial {

struct TrackerSettings {
  float min_confidence = 0.1F;       // 0..1: weaker detections are not looked at
  float high_confidence = 0.5F;      // 0..1: weaker ones may extend a track, never start one
  float min_iou = 0.1F;              // 0..1: least overlap of a track's prediction with a sure detection
  float min_iou_low = 0.5F;          // 0..1: the same with a weak detection
  float max_iou_new = 0.7F;          // 0..1: a detection that overlaps a seen track more than this starts no track
  bool needs_same_class = true;      // else a track may take a detection of another class, and then changes class
  int max_targets = 256;             // tracks kept, seen and lost; then the longest lost makes room
  int probation_frames = 1;          // detections in a row before a track is active; 0 and 1: at once
  int early_termination_frames = 1;  // missed frames that end a tentative track
  int lost_frames = 30;              // frames that an unseen track is kept, and may be found again
  int coast_frames = 0;              // frames that an unseen track stays active, at its predicted box
  bool has_unique_ids = false;       // for the element: ids unique beyond this tracker (upper half random)
  KalmanNoise noise;
};

enum class TrackState {
  tentative,  // on probation: not to be shown yet
  active,     // show it
  lost,       // unseen, kept in the hope of finding it again; its box is a guess
};

struct Track {
  std::uint64_t id = 0;         // from 1, never used twice by one tracker
  int detection = -1;           // index into the update's detections; -1: predicted, not seen
  int class_id = 0;
  Box box;                      // pixels of the frame; may reach over its border
  float confidence = 0;         // 0..1: of the detection; falls while unseen
  std::int32_t age = 0;         // frames since the track began, 0 in its first
  std::int32_t frames_unseen = 0;
  TrackState state = TrackState::tentative;
};

// ByteTrack (Zhang et al. 2022): sure detections find their track first, then weak ones extend the tracks left over.
// Belongs to one stream; not thread-safe. Deterministic. Holds at most max_targets tracks, and its buffers grow to the
// largest frame seen, so that the steady state allocates nothing.
class ByteTracker {
 public:
  // Throws std::invalid_argument naming the field, its value and what is allowed.
  explicit ByteTracker(const TrackerSettings& settings = {});

  // frame: number of the frame; a gap means frames that nobody saw. One that does not grow counts as the next frame.
  // A detection with negative confidence has none (cluster mode "groupRectangles") and counts as sure.
  // Returns every track that lives, oldest first; valid until the next call.
  const std::vector<Track>& update(std::int64_t frame, const Detection* detections, std::size_t count);
  const std::vector<Track>& update(std::int64_t frame, const std::vector<Detection>& detections);

  // For a frame on which no detector ran: active tracks move on and stay active, none is lost for it.
  const std::vector<Track>& predict(std::int64_t frame);

  // Forgets all tracks (another video, a jump); ids go on.
  void forget();

  const TrackerSettings& settings() const { return settings_; }
  std::size_t target_count() const { return targets_.size(); }

 private:
  struct Target {
    Track track;
    BoxFilter filter;
    Box predicted;
    std::int64_t last_seen = 0;  // frame
    int hits = 0;                // detections in a row while tentative
  };

  void advance(std::int64_t frame);
  void sort_detections(const Detection* detections, std::size_t count);
  template <typename Wanted>
  void associate(std::vector<int>& detections, float min_iou, Wanted wanted);
  void fill_costs(const std::vector<int>& detections, bool is_fused);
  void see(Target& target, int detection);
  void miss(Target& target);
  void start_targets();
  bool is_new(const Detection& detection) const;
  bool make_room();
  void drop_gone();
  const std::vector<Track>& publish();

  TrackerSettings settings_;
  std::uint64_t next_id_ = 1;
  std::int64_t frame_ = 0;  // of the caller; only differences matter
  bool has_frame_ = false;
  std::vector<Target> targets_;  // oldest first
  std::vector<Track> tracks_;    // what the caller sees of them

  // Scratch of one update.
  const Detection* detections_ = nullptr;
  std::vector<int> sure_, weak_;  // indices of detections still without a track
  std::vector<int> candidates_;   // indices of targets
  std::vector<float> costs_;
  Assignment assignment_;
};

}  // namespace fluvial
