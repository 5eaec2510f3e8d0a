// fluvialmux: batches by the frames' times, by the clock, and what becomes of times and numbers.
#include "leaks.h"
#include "meta/frame_notes.h"
#include "mux_fixture.h"

#include <gst/check/gsttestclock.h>

#include <algorithm>
#include <thread>

using namespace fluvial;
using namespace testing;

namespace {

// A mux with align-inputs that gets so many seconds of each rate; what is in its batches, in order.
std::vector<std::string> aligned(const std::vector<int>& rates, int seconds) {
  Mux mux;
  g_object_set(mux.element, "align-inputs", TRUE, nullptr);
  for (guint id = 0; id < rates.size(); ++id) mux.add(id);
  std::vector<std::thread> feeders;
  for (guint id = 0; id < rates.size(); ++id)
    feeders.emplace_back([&, id] {
      const int fps = rates[id];
      for (int n = 0; n < fps * seconds; ++n) {
        auto* buffer = new_frame(GST_VIDEO_FORMAT_I420, 16, 16);
        GST_BUFFER_PTS(buffer) = guint64(n) * GST_SECOND / guint64(fps);
        GST_BUFFER_DURATION(buffer) = GST_SECOND / guint64(fps);
        mux.sources[id]->push(buffer);
      }
      mux.end(id);
    });
  std::size_t left = 0;
  for (const int fps : rates) left += std::size_t(fps * seconds);
  std::vector<std::string> batches;
  while (left > 0) {
    const auto text = pull(mux);
    REQUIRE(text != "nothing");
    left -= std::size_t(std::count(text.begin(), text.end(), ':'));
    batches.push_back(text);
  }
  for (auto& feeder : feeders) feeder.join();
  return batches;
}

// sync-inputs with a clock that the test moves.
struct Clocked : Mux {
  GstTestClock* clock = nullptr;

  explicit Clocked(int timeout_us = 0) : Mux(0, timeout_us) {
    g_object_set(element, "sync-inputs", TRUE, nullptr);
    clock = GST_TEST_CLOCK(gst_test_clock_new());
    gst_element_set_clock(element, GST_CLOCK(clock));
    gst_element_set_base_time(element, 0);
  }
  ~Clocked() { gst_object_unref(clock); }
  void set_ms(guint64 ms) const {
    gst_test_clock_set_time(clock, ms * GST_MSECOND);
    g_object_set(element, "max-latency", max_latency(), nullptr);  // wakes the mux, which sleeps by the real time
  }
  guint64 max_latency() const {
    guint64 ns = 0;
    g_object_get(element, "max-latency", &ns, nullptr);
    return ns;
  }
};

NvDsFrameMeta* first_frame(GstBuffer* buffer) {
  return nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, 0);
}

}  // namespace

TEST_CASE("files of 10 and 30 frames a second: a batch holds one moment, and no frame is lost") {
  const auto batches = aligned({10, 30}, 1);
  REQUIRE(batches.size() == 30);
  CHECK(batches[0] == "0:0 1:0 ");
  CHECK(batches[1] == "1:1 ");
  CHECK(batches[2] == "1:2 ");
  CHECK(batches[3] == "0:1 1:3 ");
  CHECK(batches[27] == "0:9 1:27 ");
  CHECK(batches[29] == "1:29 ");
}

TEST_CASE("files of 10, 15 and 30 frames a second lose no frame either") {
  std::string all;
  for (const auto& batch : aligned({10, 15, 30}, 1)) all += batch;
  CHECK(all.find("0:9 ") != std::string::npos);
  CHECK(all.find("1:14 ") != std::string::npos);
  CHECK(all.find("2:29 ") != std::string::npos);
  CHECK(std::count(all.begin(), all.end(), ':') == 55);
}

TEST_CASE("an aligned batch has the time of its earliest frame, and the fastest source's rate in its caps") {
  Mux mux;
  g_object_set(mux.element, "align-inputs", TRUE, nullptr);
  mux.add(0, "video/x-raw,format=I420,width=16,height=16,framerate=10/1");
  mux.add(1, "video/x-raw,format=I420,width=16,height=16,framerate=30/1");
  mux.push_at(0, 110, 100);
  mux.push_at(1, 100, 33);
  auto* buffer = mux.out->pull();
  CHECK(rows(buffer).size() == 2);
  CHECK(GST_BUFFER_PTS(buffer) == 100 * GST_MSECOND);
  gst_buffer_unref(buffer);
  auto* caps = gst_pad_get_current_caps(mux.out->get()->sinkpad);
  int n = 0, d = 0;
  gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &n, &d);
  CHECK(n == 30);
  gst_caps_unref(caps);
}

TEST_CASE("an aligned source that has ended is not waited for; one that is slow is, until the time is over") {
  Mux mux(0, 20000);
  g_object_set(mux.element, "align-inputs", TRUE, nullptr);
  mux.add(0);
  mux.add(1);
  mux.push_at(0, 0);
  mux.push_at(1, 0);
  CHECK(pull(mux) == "0:0 1:0 ");
  mux.push_at(0, 100);
  CHECK(pull(mux) == "0:1 ");
  mux.end(1);
  mux.push_at(0, 200);
  CHECK(pull(mux) == "0:2 ");
}

TEST_CASE("sync-inputs holds a frame until the clock reaches its time, and others do not wait for it") {
  Clocked mux;
  mux.add(0);
  mux.add(1);
  mux.set_ms(100);
  mux.push_at(1, 600000);  // early by ten minutes
  mux.push_at(0, 100);
  CHECK(pull(mux) == "0:0 ");
  CHECK(mux.out->try_pull() == nullptr);
  mux.set_ms(600000);
  CHECK(pull(mux) == "1:0 ");
}

TEST_CASE("sync-inputs drops what comes later than max-latency, and says so") {
  Clocked mux;
  g_object_set(mux.element, "max-latency", 300 * GST_MSECOND, nullptr);
  std::vector<guint64> dropped;
  g_signal_connect(mux.element, "dropped", G_CALLBACK(+[](GstElement*, GstBuffer* buffer, std::vector<guint64>* to) {
                     to->push_back(GST_BUFFER_PTS(buffer) / GST_MSECOND);
                   }),
                   &dropped);
  auto* bus = gst_bus_new();
  gst_element_set_bus(mux.element, bus);
  mux.add(0);
  mux.set_ms(1000);
  mux.push_at(0, 590, 100);  // 410 ms late: more than max-latency and its own length
  mux.push_at(0, 610, 100);
  CHECK(pull(mux) == "0:0 ");
  CHECK(dropped == std::vector<guint64>{590});
  auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_QOS);
  REQUIRE(message);
  guint64 lost = 0;
  gst_message_parse_qos_stats(message, nullptr, nullptr, &lost);
  CHECK(lost == 1);
  gst_message_unref(message);
  gst_element_set_bus(mux.element, nullptr);
  gst_object_unref(bus);
}

TEST_CASE("without sync-inputs nothing is held or dropped") {
  Clocked mux;
  g_object_set(mux.element, "sync-inputs", FALSE, nullptr);
  mux.add(0);
  mux.set_ms(5000);
  mux.push_at(0, 0);
  CHECK(pull(mux) == "0:0 ");
  mux.push_at(0, 900000);
  CHECK(pull(mux) == "0:1 ");
}

TEST_CASE("max-latency is part of the latency that sync-inputs makes") {
  Mux mux(4, 30000);
  g_object_set(mux.element, "live-source", TRUE, "sync-inputs", TRUE, "max-latency", guint64(20 * GST_MSECOND),
               nullptr);
  mux.add(0);
  gst_harness_set_upstream_latency(mux.sources[0]->get(), 10 * GST_MSECOND);
  CHECK(gst_harness_query_latency(mux.out->get()) == 60 * GST_MSECOND);
}

TEST_CASE("a frame knows its time in its own stream, wherever its timestamps begin") {
  Mux mux;
  auto& source = mux.add(0);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 3600 * GST_SECOND;
  segment.time = 2 * GST_SECOND;
  gst_harness_push_event(source.get(), gst_event_new_segment(&segment));
  auto* frame = new_frame(GST_VIDEO_FORMAT_I420, 16, 16);
  GST_BUFFER_PTS(frame) = 3601 * GST_SECOND;
  source.push(frame);
  auto* buffer = mux.out->pull();
  CHECK(first_frame(buffer)->buf_pts == 3601 * GST_SECOND);
  CHECK(stream_time(*first_frame(buffer)) == 3 * GST_SECOND);
  CHECK(GST_BUFFER_PTS(buffer) == GST_SECOND);
  gst_buffer_unref(buffer);
}

TEST_CASE("a stream reset is told before its first frame, and begins the count again when asked") {
  for (const bool is_asked : {false, true}) {
    Mux mux;
    g_object_set(mux.element, "frame-num-reset-on-stream-reset", is_asked, nullptr);
    mux.add(0);
    mux.push(0, 0);
    CHECK(pull(mux) == "0:0 ");
    CHECK(events_until(mux, event_pad_added) == "start caps segment added0 ");
    gst_harness_push_event(mux.sources[0]->get(), new_stream_reset_event(0));
    mux.push(0, 1);
    CHECK(pull(mux) == (is_asked ? "0:0 " : "0:1 "));
    mux.push(0, 2);
    CHECK(pull(mux) == (is_asked ? "0:1 " : "0:2 "));
    auto* event = gst_harness_pull_event(mux.out->get());
    guint id = 9;
    CHECK(is_source_event(event, event_stream_reset, id));
    CHECK(id == 0);
    gst_event_unref(event);
  }
}

TEST_CASE("a sender's time that stands still is put right by frame-duration") {
  for (const guint64 duration_ms : {G_MAXUINT64, guint64{40}, guint64{0}}) {
    Mux mux;
    g_object_set(mux.element, "attach-sys-ts", FALSE, "frame-duration", duration_ms, nullptr);
    mux.add(0);
    auto* caps = gst_caps_from_string("timestamp/x-unix");
    guint64 last = 0;
    for (int n = 0; n < 2; ++n) {
      auto* frame = new_frame(GST_VIDEO_FORMAT_I420, 16, 16, n);
      gst_buffer_add_reference_timestamp_meta(frame, caps, 1000 * GST_SECOND, GST_CLOCK_TIME_NONE);
      mux.sources[0]->push(frame);
      auto* buffer = mux.out->pull();
      last = first_frame(buffer)->ntp_timestamp;
      gst_buffer_unref(buffer);
    }
    gst_caps_unref(caps);
    const guint64 step = duration_ms == 40 ? 40 * GST_MSECOND : duration_ms == 0 ? GST_SECOND / 30 : 0;
    CHECK(last == 1000 * GST_SECOND + step);
  }
}
