#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/past_frames.h"

#include <doctest/doctest.h>

using namespace fluvial;

namespace {

Track unseen(std::uint64_t id, std::int32_t age = 0) {
  Track track;
  track.id = id;
  track.age = age;
  track.confidence = 0.5F;
  return track;
}

}  // namespace

TEST_CASE("frames of one track are taken once, oldest first") {
  PastFrames past;
  past.keep(7, unseen(1, 0), {1, 2, 3, 4});
  past.keep(8, unseen(1, 1), {5, 6, 7, 8});
  past.keep(8, unseen(2), {});
  const auto frames = past.take(1);
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].frame == 7);
  CHECK(frames[0].box.left == 1);
  CHECK(frames[1].age == 1);
  CHECK(past.take(1).empty());
  CHECK(past.take(2).size() == 1);
}

TEST_CASE("nothing is kept of tracks that are gone") {
  PastFrames past;
  past.keep(0, unseen(1), {});
  past.keep(0, unseen(2), {});
  past.forget_all_but({unseen(2)});
  CHECK(past.track_count() == 1);
  CHECK(past.take(1).empty());
  CHECK(past.take(2).size() == 1);
}

TEST_CASE("of a track that is unseen for long only the latest frames are kept") {
  PastFrames past;
  for (int frame = 0; frame < 10000; ++frame) {
    past.keep(frame, unseen(1), {});
    past.forget_all_but({unseen(1)});
  }
  const auto frames = past.take(1);
  REQUIRE(frames.size() == PastFrames::longest);
  CHECK(frames.front().frame == 10000 - static_cast<std::int64_t>(PastFrames::longest));
  CHECK(frames.back().frame == 9999);
}
