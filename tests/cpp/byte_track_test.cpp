#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/byte_track.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace fluvial;

// Counts every allocation of this program, for the test that there is none. Not inlined: seeing half of a pair, the
// compiler takes it for a mismatch.
static std::atomic<long> allocations{0};

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using Detections = std::vector<Detection>;

Detection seen(float centre_x, float centre_y, float confidence = 0.95F, int class_id = 0) {
  return {class_id, confidence, {centre_x - 20, centre_y - 50, 40, 100}};
}

// The track that took this detection in the last update.
const Track* taker(const std::vector<Track>& tracks, int detection) {
  const auto found =
      std::find_if(tracks.begin(), tracks.end(), [&](const Track& t) { return t.detection == detection; });
  return found == tracks.end() ? nullptr : &*found;
}

std::uint64_t id_of(const std::vector<Track>& tracks, int detection = 0) {
  const auto* track = taker(tracks, detection);
  return track ? track->id : 0;
}

std::size_t active_count(const std::vector<Track>& tracks) {
  return std::count_if(tracks.begin(), tracks.end(), [](const Track& t) { return t.state == TrackState::active; });
}

// One object that walks to the right, 4 pixels a frame.
Detections walker(int frame, float confidence = 0.95F) {
  return {seen(100 + 4.0F * static_cast<float>(frame), 200, confidence)};
}

}  // namespace

TEST_CASE("a sure object is active in its first frame and keeps its id") {
  ByteTracker tracker;
  for (int frame = 0; frame < 50; ++frame) {
    const auto& tracks = tracker.update(frame, walker(frame));
    REQUIRE(tracks.size() == 1);
    CHECK(tracks[0].id == 1);
    CHECK(tracks[0].detection == 0);
    CHECK(tracks[0].state == TrackState::active);
    CHECK(tracks[0].age == frame);
    CHECK(tracks[0].frames_unseen == 0);
  }
}

TEST_CASE("a doubtful object is tentative until there is evidence enough") {
  ByteTracker tracker;  // .6 squared, three times, is more than .9
  CHECK(tracker.update(0, walker(0, 0.6F))[0].state == TrackState::tentative);
  CHECK(tracker.update(1, walker(1, 0.6F))[0].state == TrackState::tentative);
  CHECK(tracker.update(2, walker(2, 0.6F))[0].state == TrackState::active);
}

TEST_CASE("probation counts frames where the settings say so, and a flicker ends it") {
  TrackerSettings settings;
  settings.probation_frames = 3;
  ByteTracker tracker(settings);
  CHECK(active_count(tracker.update(0, walker(0))) == 0);
  CHECK(active_count(tracker.update(1, walker(1))) == 0);
  CHECK(tracker.update(2, Detections{}).empty());
  const auto& again = tracker.update(3, walker(3));
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == 2);
  tracker.update(4, walker(4));
  CHECK(active_count(tracker.update(5, walker(5))) == 1);
}

TEST_CASE("a tentative track survives the misses that the settings allow") {
  TrackerSettings settings;
  settings.probation_frames = 3;
  settings.early_termination_frames = 2;
  ByteTracker tracker(settings);
  tracker.update(0, walker(0));
  CHECK(tracker.update(1, Detections{}).size() == 1);
  CHECK(id_of(tracker.update(2, walker(2))) == 1);
  tracker.update(3, Detections{});
  CHECK(tracker.update(4, Detections{}).empty());
}

TEST_CASE("two that cross paths keep their ids") {
  ByteTracker tracker;
  for (int frame = 0; frame < 60; ++frame) {
    const float way = 5.0F * static_cast<float>(frame);
    // Not on the same line, as people pass beside each other.
    const auto& tracks = tracker.update(frame, {seen(100 + way, 200), seen(400 - way, 212)});
    CHECK(id_of(tracks, 0) == 1);
    CHECK(id_of(tracks, 1) == 2);
  }
}

TEST_CASE("two that cross paths and merge into one detection meanwhile keep their ids") {
  ByteTracker tracker;
  for (int frame = 0; frame < 60; ++frame) {
    const float way = 5.0F * static_cast<float>(frame);
    Detections detections = {seen(100 + way, 200), seen(400 - way, 212)};
    if (frame >= 28 && frame <= 32) detections.pop_back();
    const auto& tracks = tracker.update(frame, detections);
    if (frame < 28 || frame > 36) {
      CHECK(id_of(tracks, 0) == 1);
      CHECK(id_of(tracks, 1) == 2);
    }
  }
}

TEST_CASE("an occlusion of ten frames keeps the id, and the track is lost meanwhile") {
  ByteTracker tracker;
  for (int frame = 0; frame < 20; ++frame) tracker.update(frame, walker(frame));
  for (int frame = 20; frame < 30; ++frame) {
    const auto& tracks = tracker.update(frame, Detections{});
    REQUIRE(tracks.size() == 1);
    CHECK(tracks[0].state == TrackState::lost);
    CHECK(tracks[0].detection == -1);
    CHECK(tracks[0].frames_unseen == frame - 19);
    CHECK(tracks[0].confidence < 0.95F);
  }
  const auto& tracks = tracker.update(30, walker(30));
  REQUIRE(tracks.size() == 1);
  CHECK(tracks[0].id == 1);
  CHECK(tracks[0].state == TrackState::active);
}

TEST_CASE("after lost_frames a track is gone and its id never comes back") {
  TrackerSettings settings;
  settings.lost_frames = 5;
  ByteTracker tracker(settings);
  tracker.update(0, walker(0));
  for (int frame = 1; frame <= 5; ++frame) CHECK(tracker.update(frame, Detections{}).size() == 1);
  CHECK(tracker.update(6, Detections{}).empty());
  CHECK(id_of(tracker.update(7, walker(0))) == 2);
}

TEST_CASE("a weak detection extends a track but never starts one") {
  ByteTracker tracker;
  for (int frame = 0; frame < 10; ++frame) CHECK(tracker.update(frame, walker(frame, 0.3F)).empty());
  for (int frame = 10; frame < 20; ++frame) tracker.update(frame, walker(frame));
  for (int frame = 20; frame < 60; ++frame) {
    const auto& tracks = tracker.update(frame, walker(frame, 0.3F));
    REQUIRE(tracks.size() == 1);
    CHECK(tracks[0].detection == 0);
    CHECK(tracks[0].state == TrackState::active);
  }
}

TEST_CASE("a sure detection is preferred to a weak one that lies better") {
  ByteTracker tracker;
  tracker.update(0, {seen(100, 200)});
  const auto& tracks = tracker.update(1, {seen(100, 200, 0.3F), seen(106, 200, 0.9F)});
  REQUIRE(tracks.size() == 1);
  CHECK(tracks[0].detection == 1);
}

TEST_CASE("of two equal overlaps the surer detection wins") {
  ByteTracker tracker;
  tracker.update(0, {seen(100, 200)});
  CHECK(id_of(tracker.update(1, {seen(94, 200, 0.6F), seen(106, 200, 0.9F)}), 1) == 1);
  tracker.forget();
  tracker.update(2, {seen(100, 200)});
  CHECK(id_of(tracker.update(3, {seen(94, 200, 0.9F), seen(106, 200, 0.6F)}), 0) == 2);
}

TEST_CASE("the least overlap is asked of the boxes alone, whatever the confidence") {
  TrackerSettings settings;
  settings.min_iou = 0.3F;
  ByteTracker tracker(settings);
  tracker.update(0, {seen(100, 200)});
  CHECK(id_of(tracker.update(1, {seen(120, 200, 0.55F)})) == 1);  // overlap a third
  tracker.forget();
  tracker.update(2, {seen(100, 200)});
  CHECK(id_of(tracker.update(3, {seen(122, 200, 1.0F)})) == 3);  // .29
}

TEST_CASE("a box that grew keeps its size while it is lost") {
  ByteTracker tracker;
  for (int frame = 0; frame < 20; ++frame) {
    const float size = 1 + 0.03F * static_cast<float>(frame);
    tracker.update(frame, {{0, 0.95F, {100, 100, 40 * size, 100 * size}}});
  }
  const float before = tracker.update(20, Detections{})[0].box.height;
  for (int frame = 21; frame < 40; ++frame) tracker.update(frame, Detections{});
  CHECK(tracker.update(40, Detections{})[0].box.height == doctest::Approx(before));
}

TEST_CASE("what is below the least confidence is not looked at") {
  ByteTracker tracker;
  tracker.update(0, walker(0));
  CHECK(taker(tracker.update(1, walker(1, 0.05F)), 0) == nullptr);
}

TEST_CASE("a detection without a confidence counts as sure") {
  ByteTracker tracker;
  const auto& tracks = tracker.update(0, walker(0, -0.1F));
  REQUIRE(tracks.size() == 1);
  CHECK(tracks[0].state == TrackState::active);
  CHECK(tracks[0].confidence == 1);
}

TEST_CASE("a second box on a tracked object starts no track, on a neighbour of another class it does") {
  ByteTracker tracker;
  tracker.update(0, {seen(100, 200)});
  CHECK(tracker.update(1, {seen(100, 200), seen(104, 203, 0.9F)}).size() == 1);
  CHECK(tracker.update(2, {seen(100, 200), seen(104, 203, 0.9F, 7)}).size() == 2);
}

TEST_CASE("of two boxes on a new object the surer one starts the track") {
  ByteTracker tracker;
  const auto& tracks = tracker.update(0, {seen(104, 203, 0.7F), seen(100, 200, 0.96F)});
  REQUIRE(tracks.size() == 1);
  CHECK(tracks[0].detection == 1);
}

TEST_CASE("classes are kept apart, unless the settings say otherwise") {
  TrackerSettings settings;
  ByteTracker strict(settings);
  settings.needs_same_class = false;
  ByteTracker lax(settings);
  for (auto* tracker : {&strict, &lax}) tracker->update(0, {seen(100, 200, 0.95F, 1)});
  CHECK(id_of(strict.update(1, {seen(100, 200, 0.95F, 2)})) == 2);
  const auto& tracks = lax.update(1, {seen(100, 200, 0.95F, 2)});
  CHECK(id_of(tracks) == 1);
  CHECK(tracks[0].class_id == 2);
}

TEST_CASE("a frame without a detector moves active tracks on and loses none") {
  ByteTracker tracker;
  for (int frame = 0; frame < 60; ++frame) {
    const auto& tracks = frame % 3 == 0 ? tracker.update(frame, walker(frame)) : tracker.predict(frame);
    REQUIRE(tracks.size() == 1);
    CHECK(tracks[0].id == 1);
    CHECK(tracks[0].state == TrackState::active);
    CHECK(tracks[0].detection == (frame % 3 == 0 ? 0 : -1));
    if (frame > 20) CHECK(tracks[0].box.left == doctest::Approx(80 + 4 * frame).epsilon(0.02));
  }
}

TEST_CASE("a track coasts as long as the settings say, then it is lost") {
  TrackerSettings settings;
  settings.coast_frames = 2;
  ByteTracker tracker(settings);
  for (int frame = 0; frame < 10; ++frame) tracker.update(frame, walker(frame));
  CHECK(active_count(tracker.update(10, Detections{})) == 1);
  CHECK(active_count(tracker.update(11, Detections{})) == 1);
  CHECK(active_count(tracker.update(12, Detections{})) == 0);
}

TEST_CASE("frames that nobody saw are bridged by their number") {
  ByteTracker tracker;
  for (int frame = 0; frame < 20; ++frame) tracker.update(frame, walker(frame));
  // 48 pixels later the boxes no longer touch: only the gap in the numbers tells where to look.
  CHECK(id_of(tracker.update(32, walker(32))) == 1);
}

TEST_CASE("numbers that stand still, fall or leap are survived") {
  ByteTracker tracker;
  const auto never = std::numeric_limits<std::int64_t>::max(), before = std::numeric_limits<std::int64_t>::min();
  for (const std::int64_t frame :
       {std::int64_t{5}, std::int64_t{5}, std::int64_t{3}, never, before, std::int64_t{0}, never})
    tracker.update(frame, {seen(100, 200)});
  const auto& tracks = tracker.update(0, {seen(100, 200)});
  REQUIRE(tracks.size() == 1);
  CHECK(tracks[0].id == 1);  // it stood still, so even a leap finds it where it was
}

TEST_CASE("boxes that are none are passed over") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), far = std::numeric_limits<float>::infinity();
  ByteTracker tracker;
  const Detections bad = {{0, 0.9F, {nan, 0, 10, 10}}, {0, 0.9F, {0, 0, far, 10}},    {0, 0.9F, {0, 0, 0, 10}},
                          {0, 0.9F, {0, 0, 10, -4}},   {0, 0.9F, {1e30F, 0, 10, 10}}, {0, nan, {0, 0, 10, 10}}};
  CHECK(tracker.update(0, bad).empty());
  CHECK(tracker.update(1, nullptr, 0).empty());
}

TEST_CASE("the box lies between the detection's and the filter's, as the settings say") {
  TrackerSettings settings;
  settings.box_smoothing = 0;
  ByteTracker raw(settings);
  settings.box_smoothing = 1;
  ByteTracker smooth(settings);
  for (int frame = 0; frame < 10; ++frame) {
    raw.update(frame, {seen(100, 200)});
    smooth.update(frame, {seen(100, 200)});
  }
  CHECK(raw.update(10, {seen(110, 200)})[0].box.left == 90);
  const float left = smooth.update(10, {seen(110, 200)})[0].box.left;
  CHECK(left > 80);
  CHECK(left < 89);
}

TEST_CASE("two trackers share nothing") {
  ByteTracker one, other;
  for (int frame = 0; frame < 5; ++frame) one.update(frame, {seen(100, 200), seen(300, 200)});
  CHECK(id_of(other.update(0, {seen(500, 200)})) == 1);
  CHECK(one.update(5, {seen(100, 200), seen(300, 200)}).size() == 2);
}

TEST_CASE("forgetting drops all tracks, and ids go on") {
  ByteTracker tracker;
  tracker.update(0, walker(0));
  tracker.forget();
  const auto& tracks = tracker.update(1, walker(1));
  REQUIRE(tracks.size() == 1);
  CHECK(tracks[0].id == 2);
}

TEST_CASE("the same input gives the same tracks, bit for bit") {
  const auto run = [] {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> any(0, 1);
    ByteTracker tracker;
    std::vector<float> all;
    for (int frame = 0; frame < 200; ++frame) {
      Detections detections;
      for (int i = 0; i < 30; ++i) detections.push_back(seen(500 * any(random), 300 * any(random), any(random)));
      for (const auto& track : tracker.update(frame, detections))
        all.insert(all.end(), {static_cast<float>(track.id), track.box.left, track.box.height, track.confidence});
    }
    return all;
  };
  CHECK(run() == run());
}

TEST_CASE("in 1,000 frames of noise there are never more tracks than allowed, and no id or detection is given twice") {
  TrackerSettings settings;
  settings.max_targets = 40;
  ByteTracker tracker(settings);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> any(0, 1);
  std::uint64_t newest = 0;
  for (int frame = 0; frame < 1000; ++frame) {
    Detections detections;
    for (int i = 0; i < 60; ++i) detections.push_back(seen(1900 * any(random), 1000 * any(random), any(random)));
    const auto& tracks = tracker.update(frame, detections);
    CHECK(tracks.size() <= 40);
    std::set<std::uint64_t> ids;
    std::set<int> taken;
    for (const auto& track : tracks) {
      CHECK(ids.insert(track.id).second);
      if (track.detection >= 0) CHECK(taken.insert(track.detection).second);
      if (track.age == 0) CHECK(track.id > newest);
    }
    for (const auto id : ids) newest = std::max(newest, id);
  }
  CHECK(newest > 1000);
}

TEST_CASE("where the places are taken, the longest lost makes room and a seen one never does") {
  TrackerSettings settings;
  settings.max_targets = 2;
  ByteTracker tracker(settings);
  tracker.update(0, {seen(100, 200), seen(300, 200)});
  tracker.update(1, {seen(100, 200), seen(300, 200), seen(500, 200)});
  CHECK(taker(tracker.update(2, {seen(100, 200), seen(300, 200), seen(500, 200)}), 2) == nullptr);
  const auto& tracks = tracker.update(3, {seen(300, 200), seen(500, 200)});
  CHECK(id_of(tracks, 0) == 2);
  CHECK(id_of(tracks, 1) == 3);
  CHECK(tracks.size() == 2);
}

TEST_CASE("the steady state allocates nothing") {
  ByteTracker tracker;
  std::vector<Detections> frames;
  std::mt19937 random(1);
  std::normal_distribution<float> jitter(0, 3);
  for (int frame = 0; frame < 1000; ++frame) {
    Detections detections;
    for (int i = 0; i < 50; ++i) {
      const bool is_weak = (frame + i) % 11 == 0;
      if ((frame + i) % 17 != 0)
        detections.push_back(
            seen(60.0F * static_cast<float>(i) + jitter(random), 200 + jitter(random), is_weak ? 0.3F : 0.9F));
    }
    frames.push_back(std::move(detections));
  }
  for (int frame = 0; frame < 100; ++frame) tracker.update(frame, frames[frame]);
  const long before = allocations;
  std::size_t live = 0;
  for (int frame = 100; frame < 1000; ++frame) live = tracker.update(frame, frames[frame]).size();
  CHECK(allocations == before);
  CHECK(live == 50);
}

TEST_CASE("a setting out of range is refused with its name, value and range") {
  TrackerSettings settings;
  settings.high_confidence = 1.5F;
  CHECK_THROWS_WITH_AS(ByteTracker{settings}, "tracker: high_confidence is 1.5, allowed is 0 to 1",
                       std::invalid_argument);
  settings = {};
  settings.max_targets = 0;
  CHECK_THROWS_WITH_AS(ByteTracker{settings}, "tracker: max_targets is 0, allowed is a whole number from 1 to 100000",
                       std::invalid_argument);
  settings = {};
  settings.noise.observation = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(ByteTracker{settings}, std::invalid_argument);
}

TEST_CASE("every field of the table sets its own member, and the defaults are allowed") {
  for (const auto& field : tracker_fields()) {
    TrackerSettings settings;
    CHECK(field.allows(field.is_whole ? field.get(settings) : std::min(field.high, field.get(settings))));
    field.set(settings, field.high);
    CHECK(field.get(settings) == doctest::Approx(field.high));
    for (const auto& other : tracker_fields())
      if (&other != &field) CHECK(other.get(settings) == other.get(TrackerSettings{}));
  }
}
