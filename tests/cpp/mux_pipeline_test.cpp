// fluvialmux: in whole pipelines, through states and failures.
#include "leaks.h"
#include "mux_fixture.h"
#include "pipelines.h"

#include <atomic>

using namespace fluvial;
using namespace testing;

namespace {

constexpr auto src = "videotestsrc is-live=false ! video/x-raw,format=I420,width=32,height=32,framerate=30/1 ";

}  // namespace

TEST_CASE("a failing downstream ends the sources, and one error is told") {
  Pipeline p(std::string(src) + "! m.sink_0 " + src +
             "! m.sink_1 fluvialmux name=m ! identity error-after=3 ! fakesink");
  const auto outcome = p.play();
  CHECK(outcome.error == "Failed after iterations as requested.");
  p.set_state(GST_STATE_NULL);
}

TEST_CASE("a downstream that is not linked is an error, and stopping does not hang") {
  Pipeline p(std::string(src) + "! m.sink_0 fluvialmux name=m");
  CHECK(p.play().error == "Internal data stream error.");
}

TEST_CASE("a downstream that has enough ends the sources") {
  Pipeline p(std::string(src) + "! identity name=i ! m.sink_0 fluvialmux name=m ! identity eos-after=3 ! fakesink");
  std::atomic<int> passed{0};
  watch(p.element("i"), "src", [&](GstBuffer*) { ++passed; });
  CHECK(p.play().has_ended);
  g_usleep(50000);
  const int before = passed;
  g_usleep(50000);
  CHECK(passed == before);
  auto* pad = gst_element_get_static_pad(p.element("i"), "src");
  CHECK(GST_PAD_LAST_FLOW_RETURN(pad) == GST_FLOW_EOS);
  gst_object_unref(pad);
}

TEST_CASE("a pipeline of two sources ends once, with both ends told") {
  Pipeline p(
      "videotestsrc num-buffers=20 ! video/x-raw,width=32,height=32 ! m.sink_0 "
      "videotestsrc num-buffers=5 ! video/x-raw,width=64,height=48 ! m.sink_1 nvstreammux name=m ! fakesink name=f");
  int frames = 0;
  watch(p.element("f"), "sink", [&](GstBuffer* b) { frames += int(surface_count(b)); });
  const auto outcome = p.play();
  CHECK(outcome.has_ended);
  CHECK(outcome.ended_sources == std::vector<guint>{1, 0});
  CHECK(frames == 25);
}

TEST_CASE("sources of different rates and lengths go into one file with DeepStream's mux") {
  Pipeline p(
      "videotestsrc num-buffers=10 ! video/x-raw,width=64,height=64,framerate=10/1 ! m.sink_0 "
      "videotestsrc num-buffers=30 ! video/x-raw,width=64,height=64,framerate=30/1 ! m.sink_1 "
      "nvstreammux name=m batch-size=2 width=64 height=64 ! nvmultistreamtiler rows=1 columns=2 width=128 height=64 "
      "! nvvideoconvert ! nvv4l2h264enc ! h264parse ! mp4mux ! fakesink");
  const auto outcome = p.play();
  CHECK(outcome.error.empty());
  CHECK(outcome.has_ended);
}

TEST_CASE("200 starts and stops leave nothing behind, and each begins at frame 0") {
  Pipeline p(std::string(src) + "! m.sink_0 " + src + "! m.sink_1 fluvialmux name=m ! fakesink name=f sync=false");
  std::atomic<int> first{-1};
  watch(p.element("f"), "sink", [&](GstBuffer* b) {
    if (first == -1) first = rows(b)[0].number;
  });
  for (int round = 0; round < 200; ++round) {
    first = -1;
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(GST_STATE_NULL);
    REQUIRE(first == 0);
  }
}

TEST_CASE("states go back and forth without a frame ever coming") {
  Pipeline p("appsrc name=a ! m.sink_0 fluvialmux name=m ! fakesink async=false");
  for (int round = 0; round < 50; ++round) {
    p.reaches(GST_STATE_PLAYING);
    p.set_state(round % 2 ? GST_STATE_READY : GST_STATE_NULL);
  }
}
