#include "algo/byte_track.h"

#include <algorithm>
#include <cmath>

namespace fluvial {
namespace {

constexpr float kFarthest = 1e6F;      // pixels: beyond it a box is an accident, and squares would overflow
constexpr float kUnseenDecay = 0.95F;  // of confidence, each frame
constexpr float kAlone = 1;            // the cost of making no pair, which is that of a pair without overlap

// A detection without a confidence was worth reporting to its detector: sure.
float confidence_of(const Detection& detection) {
  return detection.confidence < 0 || detection.confidence > 1 ? 1.0F : detection.confidence;
}

bool is_usable(const Box& box) {  // false for NaN
  return std::abs(box.left) < kFarthest && std::abs(box.top) < kFarthest && box.width > 0 && box.width < kFarthest &&
         box.height > 0 && box.height < kFarthest;
}

float between(float from, float to, float part) { return from + (to - from) * part; }

Box between(const Box& from, const Box& to, float part) {
  return {between(from.left, to.left, part), between(from.top, to.top, part), between(from.width, to.width, part),
          between(from.height, to.height, part)};
}

}  // namespace

ByteTracker::ByteTracker(const TrackerSettings& settings) : settings_(settings) {
  check(settings_);
  targets_.reserve(settings_.max_targets);
  tracks_.reserve(settings_.max_targets);
  candidates_.reserve(settings_.max_targets);
}

const std::vector<Track>& ByteTracker::update(std::int64_t frame, const std::vector<Detection>& detections) {
  return update(frame, detections.data(), detections.size());
}

const std::vector<Track>& ByteTracker::update(std::int64_t frame, const Detection* detections, std::size_t count) {
  advance(frame);
  sort_by_confidence(detections, count);
  // ByteTrack, algorithm 1. Tracks on probation come last, so that a flicker never takes an established track's object.
  associate(false, sure_, settings_.min_iou, true);
  associate(false, weak_, settings_.min_iou_low, false);
  associate(true, sure_, settings_.min_iou, true);
  for (auto& target : targets_)
    if (target.track.detection < 0) miss(target);
  drop_gone();
  start_targets();
  return publish();
}

const std::vector<Track>& ByteTracker::predict(std::int64_t frame) {
  advance(frame);
  return publish();
}

void ByteTracker::forget() { targets_.clear(); }

void ByteTracker::advance(std::int64_t frame) {
  // Unsigned, as the difference of two int64 may be more than one holds. After a gap longer than lost_frames no track
  // can live on; extrapolating further would only leave the picture.
  const auto gap = frame > frame_ ? static_cast<std::uint64_t>(frame) - static_cast<std::uint64_t>(frame_) : 1U;
  const auto step = static_cast<std::int32_t>(std::min(gap, static_cast<std::uint64_t>(settings_.lost_frames) + 1));
  frame_ = frame;
  for (auto& target : targets_) {
    target.filter.predict(static_cast<float>(step), settings_.noise);
    target.predicted = target.filter.box();
    target.track.detection = -1;
    target.track.age += step;
    target.track.frames_unseen += step;
    target.track.confidence *= kUnseenDecay;
  }
}

void ByteTracker::sort_by_confidence(const Detection* detections, std::size_t count) {
  detections_ = detections;
  sure_.clear();
  weak_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const float confidence = confidence_of(detections[i]);
    if (!(confidence >= settings_.min_confidence) || !is_usable(detections[i].box)) continue;
    (confidence >= settings_.high_confidence ? sure_ : weak_).push_back(static_cast<int>(i));
  }
}

// Pairs targets that have no detection yet with these detections; those that found a target leave the list.
void ByteTracker::associate(bool is_probation, std::vector<int>& detections, float min_iou, bool weighs_confidence) {
  candidates_.clear();
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const Track& track = targets_[i].track;
    if (track.detection < 0 && (track.state == TrackState::tentative) == is_probation)
      candidates_.push_back(static_cast<int>(i));
  }
  if (candidates_.empty() || detections.empty()) return;

  fill_columns(detections, weighs_confidence);
  costs_.resize(candidates_.size() * detections.size());
  for (std::size_t row = 0; row < candidates_.size(); ++row)
    fill_costs(targets_[candidates_[row]], min_iou, costs_.data() + row * detections.size());
  const auto& column_of = assignment_.solve(costs_.data(), candidates_.size(), detections.size(), kAlone);
  for (std::size_t row = 0; row < candidates_.size(); ++row) {
    if (column_of[row] < 0) continue;
    see(targets_[candidates_[row]], detections[column_of[row]]);
    detections[column_of[row]] = -1;
  }
  detections.erase(std::remove(detections.begin(), detections.end(), -1), detections.end());
}

void ByteTracker::fill_columns(const std::vector<int>& detections, bool weighs_confidence) {
  Columns& c = columns_;
  for (auto* column : {&c.left, &c.top, &c.right, &c.bottom, &c.area, &c.weight}) column->resize(detections.size());
  c.class_id.resize(detections.size());
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const Detection& detection = detections_[detections[i]];
    c.left[i] = detection.box.left;
    c.top[i] = detection.box.top;
    c.right[i] = detection.box.right();
    c.bottom[i] = detection.box.bottom();
    c.area[i] = detection.box.area();
    c.weight[i] = weighs_confidence ? confidence_of(detection) : 1;
    c.class_id[i] = detection.class_id;
  }
}

// One target's row: 1 - iou * weight, so that of two equal overlaps the surer detection wins ("score fusion", as in
// ByteTrack's code). The threshold is on the overlap itself: a doubtful detection must not need more of it.
// Short loops without branches, because the compiler turns only such into vector code.
void ByteTracker::fill_costs(const Target& target, float min_iou, float* costs) const {
  const Columns& c = columns_;
  const std::size_t count = c.left.size();
  const float left = target.predicted.left, top = target.predicted.top;
  const float right = target.predicted.right(), bottom = target.predicted.bottom(), area = target.predicted.area();
  float* overlap = costs;
  for (std::size_t i = 0; i < count; ++i) {
    const float width = std::max(0.0F, std::min(right, c.right[i]) - std::max(left, c.left[i]));
    const float height = std::max(0.0F, std::min(bottom, c.bottom[i]) - std::max(top, c.top[i]));
    const float both = width * height;
    overlap[i] = both / (area + c.area[i] - both);
  }
  for (std::size_t i = 0; i < count; ++i) overlap[i] = overlap[i] >= min_iou ? overlap[i] : 0.0F;
  if (settings_.needs_same_class)
    for (std::size_t i = 0; i < count; ++i) overlap[i] = c.class_id[i] == target.track.class_id ? overlap[i] : 0.0F;
  for (std::size_t i = 0; i < count; ++i) costs[i] = kAlone - c.weight[i] * overlap[i];
}

void ByteTracker::see(Target& target, int index) {
  const Detection& detection = detections_[index];
  Track& track = target.track;
  target.filter.update(detection.box, settings_.noise);
  track.detection = index;
  track.class_id = detection.class_id;
  track.confidence = confidence_of(detection);
  track.box = between(detection.box, target.filter.box(), settings_.box_smoothing);
  track.frames_unseen = 0;
  ++target.times_seen;
  target.evidence += track.confidence * track.confidence;
  if (track.state != TrackState::tentative ||
      (target.evidence >= settings_.probation_evidence && target.times_seen >= settings_.probation_frames))
    track.state = TrackState::active;
}

void ByteTracker::miss(Target& target) {
  Track& track = target.track;
  if (track.state == TrackState::active && track.frames_unseen > settings_.coast_frames) track.state = TrackState::lost;
  target.filter.stop_resizing();
}

void ByteTracker::drop_gone() {
  const auto is_gone = [this](const Target& target) {
    const int patience =
        target.track.state == TrackState::tentative ? settings_.early_termination_frames - 1 : settings_.lost_frames;
    return target.track.detection < 0 && target.track.frames_unseen > patience;
  };
  targets_.erase(std::remove_if(targets_.begin(), targets_.end(), is_gone), targets_.end());
}

// Surest first, so that of two boxes on one new object the better one counts.
void ByteTracker::start_targets() {
  std::sort(sure_.begin(), sure_.end(), [this](int a, int b) {
    const float surer = confidence_of(detections_[a]) - confidence_of(detections_[b]);
    return surer != 0 ? surer > 0 : a < b;
  });
  for (const int index : sure_) {
    if (!is_new(detections_[index]) || !make_room()) continue;
    Target& target = targets_.emplace_back();
    target.track.id = next_id_++;
    target.filter = BoxFilter(detections_[index].box, settings_.noise);
    see(target, index);
  }
}

// A second box on something that is already seen is the detector's doubt, not another object.
bool ByteTracker::is_new(const Detection& detection) const {
  return std::none_of(targets_.begin(), targets_.end(), [&](const Target& target) {
    const bool may_be_same = !settings_.needs_same_class || target.track.class_id == detection.class_id;
    return may_be_same && target.track.detection >= 0 && iou(target.track.box, detection.box) > settings_.max_iou_new;
  });
}

// False when every target is seen. A lost one is worth less than one that is there.
bool ByteTracker::make_room() {
  if (targets_.size() < static_cast<std::size_t>(settings_.max_targets)) return true;
  const auto longest_lost = std::max_element(targets_.begin(), targets_.end(), [](const Target& a, const Target& b) {
    return a.track.frames_unseen < b.track.frames_unseen;
  });
  if (longest_lost->track.frames_unseen == 0) return false;
  targets_.erase(longest_lost);
  return true;
}

const std::vector<Track>& ByteTracker::publish() {
  tracks_.clear();
  for (auto& target : targets_) {
    if (target.track.detection < 0) target.track.box = target.predicted;
    tracks_.push_back(target.track);
  }
  return tracks_;
}

}  // namespace fluvial
