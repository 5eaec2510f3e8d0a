// fluvialencode: surfaces into H.264 and H.265.
#include "leaks.h"
#include "harness.h"
#include "pipelines.h"

#include <atomic>

using namespace testing;

namespace {

const std::string source = "videotestsrc num-buffers=10 ! video/x-raw,width=96,height=64,framerate=30/1 ";

}  // namespace

TEST_CASE("surfaces of every format, and system memory, are encoded and decode again") {
  for (const char* encoder : {"fluvialencode ! h264parse", "fluvialencodeh265 ! h265parse", "nvv4l2h264enc ! h264parse"})
    for (const char* input : {"video/x-raw(memory:NVMM),format=RGBA", "video/x-raw(memory:NVMM),format=NV12",
                              "video/x-raw(memory:NVMM),format=GRAY8", "video/x-raw,format=BGRx"}) {
      CAPTURE(encoder);
      CAPTURE(input);
      Pipeline p(source + "! fluvialconvert ! " + input + " ! " + encoder + " ! fluvialdecode ! fakesink name=f");
      std::atomic<int> frames{0};
      watch(p.element("f"), "sink", [&](GstBuffer*) { ++frames; });
      const auto outcome = p.play();
      CHECK_MESSAGE(outcome.has_ended, outcome.error);
      CHECK(frames == 10);
    }
}

TEST_CASE("bitrate and key frames reach the encoder, in its own units") {
  Pipeline p(source + "! fluvialencode name=e bitrate=1500000 iframeinterval=5 ! h264parse ! fakesink name=f");
  auto* encoder = gst_bin_get_by_name(GST_BIN(p.element("e")), "encoder");
  guint bitrate = 0, interval = 0;
  if (g_str_equal(GST_OBJECT_NAME(gst_element_get_factory(encoder)), "x264enc")) {
    g_object_get(encoder, "bitrate", &bitrate, "key-int-max", &interval, nullptr);
    CHECK(bitrate == 1500);
    CHECK(interval == 5);
  }
  gst_object_unref(encoder);
  std::atomic<int> keys{0};
  watch(p.element("f"), "sink", [&](GstBuffer* b) { keys += !GST_BUFFER_FLAG_IS_SET(b, GST_BUFFER_FLAG_DELTA_UNIT); });
  CHECK(p.play().has_ended);
  CHECK(keys == 2);
}

TEST_CASE("the bitrate changes while frames flow") {
  Pipeline p("videotestsrc num-buffers=60 ! video/x-raw,width=96,height=64 ! fluvialencode name=e ! fakesink name=f");
  std::atomic<int> frames{0};
  watch(p.element("f"), "sink", [&](GstBuffer*) {
    if (++frames % 10 == 0) g_object_set(p.element("e"), "bitrate", 100000U * guint(frames), nullptr);
  });
  CHECK(p.play().has_ended);
  CHECK(frames == 60);
}

TEST_CASE("odd sizes are encoded or refused with an error, never a hang") {
  Pipeline p("videotestsrc num-buffers=3 ! video/x-raw,width=97,height=65 ! fluvialencode ! fakesink");
  const auto outcome = p.play();
  CHECK((outcome.has_ended || !outcome.error.empty()));
}

TEST_CASE("what DeepStream's programs set is taken") {
  auto* element = gst_element_factory_make("nvv4l2h264enc", nullptr);
  gst_object_ref_sink(element);
  g_object_set(element, "preset-level", 1, "insert-sps-pps", TRUE, "bufapi-version", TRUE, "profile", 2, nullptr);
  guint profile = 0;
  g_object_get(element, "profile", &profile, nullptr);
  CHECK(profile == 2);
  gst_object_unref(element);
}

TEST_CASE("50 starts and stops leave nothing behind") {
  Pipeline p("videotestsrc ! video/x-raw,width=32,height=32 ! fluvialencode ! fakesink");
  for (int round = 0; round < 50; ++round) {
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(GST_STATE_NULL);
  }
}
