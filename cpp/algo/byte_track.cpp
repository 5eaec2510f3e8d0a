#include "algo/byte_track.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace fluvial {
namespace {

// A detection without a confidence (DeepStream's -0.1) was worth reporting to its detector: sure.
float confidence_of(const Detection& detection) { return detection.confidence < 0 ? 1.0F : detection.confidence; }

bool is_usable(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.width) && std::isfinite(box.height) &&
         box.width > 0 && box.height > 0;
}

template <typename Number>
void need(const char* field, Number value, Number low, Number high) {
  if (value >= low && value <= high) return;  // false for NaN
  throw std::invalid_argument(std::string("tracker: ") + field + " is " + std::to_string(value) + ", allowed is " +
                              std::to_string(low) + " to " + std::to_string(high));
}

void check(const TrackerSettings& s) {
  need("min_confidence", s.min_confidence, 0.0F, 1.0F);
  need("high_confidence", s.high_confidence, 0.0F, 1.0F);
  need("min_iou", s.min_iou, 0.0F, 1.0F);
  need("min_iou_low", s.min_iou_low, 0.0F, 1.0F);
  need("max_iou_new", s.max_iou_new, 0.0F, 1.0F);
  need("max_targets", s.max_targets, 1, 100000);
  need("probation_frames", s.probation_frames, 0, 10000);
  need("early_termination_frames", s.early_termination_frames, 1, 10000);
  need("lost_frames", s.lost_frames, 0, 100000);
  need("coast_frames", s.coast_frames, 0, 100000);
  need("noise.place", s.noise.place, 1e-4F, 10.0F);
  need("noise.speed", s.noise.speed, 1e-6F, 10.0F);
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
  sort_detections(detections, count);
  // ByteTrack, algorithm 1: all established tracks, also lost ones, against the sure detections; what is left of those
  // seen last time against the weak ones; tracks on probation last, so that a flicker never takes a track's detection.
  associate(sure_, settings_.min_iou, [](const Target& t) { return t.track.state != TrackState::tentative; });
  associate(weak_, settings_.min_iou_low, [](const Target& t) { return t.track.state == TrackState::active; });
  associate(sure_, settings_.min_iou, [](const Target& t) { return t.track.state == TrackState::tentative; });
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

void ByteTracker::forget() {
  targets_.clear();
  has_frame_ = false;
}

void ByteTracker::advance(std::int64_t frame) {
  const std::int64_t step = has_frame_ && frame > frame_ ? frame - frame_ : 1;
  frame_ = frame;
  has_frame_ = true;
  for (auto& target : targets_) {
    target.filter.predict(static_cast<float>(step), settings_.noise);
    target.predicted = target.filter.box();
    target.track.detection = -1;
    target.track.age += static_cast<std::int32_t>(step);
    target.track.frames_unseen += static_cast<std::int32_t>(step);
  }
}

void ByteTracker::sort_detections(const Detection* detections, std::size_t count) {
  detections_ = detections;
  sure_.clear();
  weak_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const float confidence = confidence_of(detections[i]);
    if (!(confidence >= settings_.min_confidence) || !is_usable(detections[i].box)) continue;
    (confidence >= settings_.high_confidence ? sure_ : weak_).push_back(static_cast<int>(i));
  }
}

// Pairs the wanted targets with these detections; detections that found one leave the list.
template <typename Wanted>
void ByteTracker::associate(std::vector<int>& detections, float min_iou, Wanted wanted) {
  candidates_.clear();
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (targets_[i].track.detection < 0 && wanted(targets_[i])) candidates_.push_back(static_cast<int>(i));
  if (candidates_.empty() || detections.empty()) return;
  fill_costs(detections, &detections == &sure_);
  const auto& pairs = assignment_.solve(costs_.data(), candidates_.size(), detections.size(), 1 - min_iou);
  for (std::size_t row = 0; row < pairs.size(); ++row) {
    if (pairs[row] < 0) continue;
    see(targets_[candidates_[row]], detections[pairs[row]]);
    detections[pairs[row]] = -1;
  }
  detections.erase(std::remove(detections.begin(), detections.end(), -1), detections.end());
}

void ByteTracker::fill_costs(const std::vector<int>& detections, bool is_fused) {
  costs_.resize(candidates_.size() * detections.size());
  float* cost = costs_.data();
  for (const int candidate : candidates_) {
    const Target& target = targets_[candidate];
    for (const int index : detections) {
      const Detection& detection = detections_[index];
      float score = iou(target.predicted, detection.box);
      if (is_fused) score *= confidence_of(detection);
      if (settings_.needs_same_class && detection.class_id != target.track.class_id) score = -1;
      *cost++ = 1 - score;
    }
  }
}

void ByteTracker::see(Target& target, int index) {
  const Detection& detection = detections_[index];
  Track& track = target.track;
  target.filter.update(detection.box, settings_.noise);
  target.last_seen = frame_;
  ++target.hits;
  track.detection = index;
  track.class_id = detection.class_id;
  track.confidence = confidence_of(detection);
  track.frames_unseen = 0;
  track.box = detection.box;
  if (track.state != TrackState::tentative || target.hits >= settings_.probation_frames)
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
    return target.track.frames_unseen > patience;
  };
  targets_.erase(std::remove_if(targets_.begin(), targets_.end(), is_gone), targets_.end());
}

void ByteTracker::start_targets() {
  for (const int index : sure_) {
    if (!is_new(detections_[index]) || !make_room()) continue;
    targets_.emplace_back();
    Target& target = targets_.back();
    target.track.id = next_id_++;
    target.filter = BoxFilter(detections_[index].box, settings_.noise);
    see(target, index);
  }
}

// A second box on something that is already seen is the detector's doubt, not another object.
bool ByteTracker::is_new(const Detection& detection) const {
  return std::none_of(targets_.begin(), targets_.end(), [&](const Target& target) {
    return target.track.detection >= 0 && iou(target.track.box, detection.box) > settings_.max_iou_new;
  });
}

// False when every target is in use. A lost one is worth less than one that is there.
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
