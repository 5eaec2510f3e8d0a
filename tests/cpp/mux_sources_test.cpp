// fluvialmux: sources that come, flush, end and go.
#include "leaks.h"
#include "mux_fixture.h"

#include <atomic>
#include <set>
#include <thread>

using namespace fluvial;
using namespace testing;

TEST_CASE("a batch is told of in order: start, caps, segment, sources, frames, ends, end") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  mux.push(0);
  mux.push(1);
  CHECK(pull(mux) == "0:0 1:0 ");
  mux.end(0);
  mux.end(1);
  CHECK(events_until(mux, GST_EVENT_EOS) == "start caps segment added0 added1 end0 end1 eos ");
}

TEST_CASE("a source that ends does not hold up the others") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  mux.push(0, 0);
  mux.push(1, 0);
  CHECK(pull(mux) == "0:0 1:0 ");
  mux.push(0, 1);
  mux.end(1);
  CHECK(pull(mux) == "0:1 ");
  mux.push(0, 2);
  CHECK(pull(mux) == "0:2 ");
}

TEST_CASE("when one source ends, the other gives the whole batch") {
  Mux mux(12);
  mux.add(0);
  mux.add(1);
  std::thread feeder([&] {
    for (int n = 0; n < 12; ++n) mux.push(0, n);
    mux.end(0);
  });
  mux.end(1);
  std::size_t total = 0;
  while (total < 12) {
    auto* buffer = mux.out->pull();
    REQUIRE(buffer);
    total += rows(buffer).size();
    gst_buffer_unref(buffer);
  }
  feeder.join();
  CHECK(total == 12);
}

TEST_CASE("all sources end without a frame: the end comes, and nothing else") {
  Mux mux;
  mux.add(0, "");
  mux.add(1, "");
  mux.end(0);
  mux.end(1);
  CHECK(events_until(mux, GST_EVENT_EOS).find("eos") != std::string::npos);
}

TEST_CASE("one source without a frame, one with: its end is told behind the first batch") {
  Mux mux;
  mux.add(0);
  mux.add(1, "");
  mux.end(1);
  mux.push(0);
  CHECK(pull(mux) == "0:0 ");
  mux.end(0);
  CHECK(events_until(mux, GST_EVENT_EOS) == "start caps segment added0 added1 end1 end0 eos ");
}

TEST_CASE("a source that is told to end before its stream begins refuses what the stream brings") {
  Mux mux;
  mux.add(0);
  mux.add(1, "");
  mux.end_for_good(1);
  mux.begin(1);
  CHECK(mux.push(1) == GST_FLOW_EOS);
  mux.push(0);
  CHECK(pull(mux) == "0:0 ");
  mux.end(0);
  CHECK(events_until(mux, GST_EVENT_EOS) == "start caps segment added0 added1 end1 end0 eos ");
}

TEST_CASE("a source that is told to end gives what it has delivered, and its thread waits for nobody") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  std::atomic<int> taken{0};
  std::thread feeder([&] {
    while (mux.push(0, taken) == GST_FLOW_OK) ++taken;
  });
  while (taken < 4) std::this_thread::yield();  // as many as there is room for; source 1 has nothing
  mux.end_for_good(0);
  feeder.join();
  mux.end_for_good(1);
  for (const char* one : {"0:0 ", "0:1 ", "0:2 ", "0:3 "}) CHECK(pull(mux) == one);
  CHECK(events_until(mux, GST_EVENT_EOS) == "start caps segment added0 added1 end1 end0 eos ");
  CHECK(taken == 4);
}

TEST_CASE("what was told to end begins with the mux's next run") {
  Mux mux;
  mux.add(0);
  mux.end_for_good(0);
  CHECK(events_until(mux, GST_EVENT_EOS) == "start eos ");
  gst_element_set_state(mux.element, GST_STATE_READY);
  gst_element_set_state(mux.element, GST_STATE_PLAYING);
  mux.begin(0);
  CHECK(mux.push(0) == GST_FLOW_OK);
  CHECK(pull(mux) == "0:0 ");
}

TEST_CASE("drop-pipeline-eos keeps the pipeline open for sources to come") {
  Mux mux;
  g_object_set(mux.element, "drop-pipeline-eos", TRUE, nullptr);
  mux.add(0);
  mux.push(0);
  mux.end(0);
  CHECK(pull(mux) == "0:0 ");
  mux.add(1);
  mux.push(1);
  CHECK(pull(mux) == "1:0 ");
}

TEST_CASE("a source flushes alone") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  mux.push(0, 0);
  mux.push(0, 1);
  auto* h = mux.sources[0]->get();
  gst_harness_push_event(h, gst_event_new_flush_start());
  gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h, gst_event_new_segment(&segment));
  mux.push(0, 30);
  mux.push(1, 0);
  auto* buffer = mux.out->pull();
  auto* frame = nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, 0);
  CHECK(frame->buf_pts == GST_SECOND);  // what was there before the flush is gone
  CHECK(rows(buffer).size() == 2);
  gst_buffer_unref(buffer);
}

TEST_CASE("a source that waits for room lets go when it flushes") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  std::atomic<int> result{99};
  std::thread feeder([&] {
    GstFlowReturn flow = GST_FLOW_OK;
    for (int n = 0; flow == GST_FLOW_OK; ++n) flow = mux.push(0, n);
    result = flow;
  });
  g_usleep(20000);
  gst_pad_push_event(mux.sources[0]->get()->srcpad, gst_event_new_flush_start());
  feeder.join();
  CHECK(result == GST_FLOW_FLUSHING);
}

TEST_CASE("a source that ends, flushes and ends again says so twice") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  mux.push(0);
  mux.push(1);
  pull(mux);
  mux.end(0);
  CHECK(events_until(mux, event_stream_eos) == "start caps segment added0 added1 end0 ");
  auto* h = mux.sources[0]->get();
  gst_harness_push_event(h, gst_event_new_flush_start());
  gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h, gst_event_new_segment(&segment));
  mux.push(0);
  mux.push(1);
  CHECK(pull(mux) == "0:1 1:1 ");
  mux.end(0);
  CHECK(events_until(mux, event_stream_eos) == "end0 ");
}

TEST_CASE("frames go on after the end of all, when all flush: a film shown again") {
  Mux mux;
  mux.add(0);
  mux.push(0);
  mux.end(0);
  CHECK(pull(mux) == "0:0 ");
  events_until(mux, GST_EVENT_EOS);
  auto* h = mux.sources[0]->get();
  gst_harness_push_event(h, gst_event_new_flush_start());
  gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h, gst_event_new_segment(&segment));
  mux.push(0);
  CHECK(pull(mux) == "0:1 ");
}

TEST_CASE("a pad asked for without a number gets the first free one") {
  Mux mux;
  mux.add(0);
  auto* pad = gst_element_request_pad_simple(mux.element, "sink_%u");
  REQUIRE(pad);
  CHECK(std::string(GST_PAD_NAME(pad)) == "sink_1");
  gst_element_release_request_pad(mux.element, pad);
  gst_object_unref(pad);
}

TEST_CASE("frames of a released source are still batched") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  mux.push(0, 0);
  mux.push(0, 1);
  mux.remove(0);
  mux.push(1, 0);
  CHECK(pull(mux) == "0:0 1:0 ");
  mux.push(1, 1);
  CHECK(pull(mux) == "0:1 1:1 ");
  CHECK(events_until(mux, event_pad_deleted) == "start caps segment added0 added1 end0 deleted0 ");
}

TEST_CASE("a released source and its successor of the same number are two streams") {
  Mux mux;
  mux.add(0);
  mux.add(1);
  mux.push(0, 0);
  mux.push(1, 0);
  CHECK(pull(mux) == "0:0 1:0 ");
  mux.push(0, 1);
  mux.remove(0);
  mux.add(0);
  mux.push(0, 0);
  mux.push(1, 1);
  CHECK(pull(mux) == "0:1 1:1 ");  // the old one's last frame
  mux.push(1, 2);
  CHECK(pull(mux) == "0:0 1:2 ");  // the new one counts from 0
  CHECK(events_until(mux, event_pad_deleted) == "start caps segment added0 added1 end0 deleted0 ");
  CHECK(events_until(mux, event_pad_added) == "added0 ");
}

TEST_CASE("a source that came and went before the first batch is not spoken of") {
  Mux mux;
  mux.add(0);
  mux.remove(0);
  mux.add(1);
  mux.push(1);
  CHECK(pull(mux) == "1:0 ");
  mux.end(1);
  CHECK(events_until(mux, GST_EVENT_EOS) == "start caps segment added1 end1 eos ");
}

TEST_CASE("1000 sources come and go while another plays, which loses no frame") {
  Mux mux(0, 1000);
  mux.add(0);
  std::atomic<bool> is_done{false};
  std::atomic<int> pushed{0};
  std::thread steady([&] {
    while (!is_done) pushed += mux.push(0, pushed) == GST_FLOW_OK;
    mux.end(0);
  });
  std::set<int> numbers;
  std::atomic<int> sent{0};
  std::atomic<bool> is_all_sent{false};
  int others = 0;
  std::thread drain([&] {
    const gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < until) {
      const bool is_last = is_all_sent && static_cast<int>(numbers.size()) == pushed && others == sent;
      if (is_last) break;
      auto* buffer = mux.out->try_pull();
      if (!buffer) {
        g_usleep(100);
        continue;
      }
      for (const auto& row : rows(buffer)) {
        if (row.source == 0) numbers.insert(row.number);
        if (row.source != 0) ++others;
      }
      gst_buffer_unref(buffer);
    }
  });
  for (int round = 0; round < 1000; ++round) {
    auto* pad = gst_element_request_pad_simple(mux.element, round % 2 ? "sink_7" : "sink_%u");
    REQUIRE(pad);
    auto* from = gst_pad_new("from", GST_PAD_SRC);
    gst_pad_set_active(from, TRUE);
    REQUIRE(gst_pad_link(from, pad) == GST_PAD_LINK_OK);
    if (round % 3) {
      gst_pad_push_event(from, gst_event_new_stream_start("other"));
      auto* caps = gst_caps_from_string(video_caps("I420", 16, 16).c_str());
      gst_pad_push_event(from, gst_event_new_caps(caps));
      gst_caps_unref(caps);
      GstSegment segment;
      gst_segment_init(&segment, GST_FORMAT_TIME);
      gst_pad_push_event(from, gst_event_new_segment(&segment));
      sent += gst_pad_push(from, new_frame(GST_VIDEO_FORMAT_I420, 16, 16)) == GST_FLOW_OK;
    }
    gst_element_release_request_pad(mux.element, pad);
    gst_object_unref(pad);
    gst_pad_set_active(from, FALSE);
    gst_object_unref(from);
  }
  is_done = true;
  steady.join();
  is_all_sent = true;
  drain.join();
  CHECK(static_cast<int>(numbers.size()) == pushed);
  CHECK(others == sent);
  CHECK(GST_ELEMENT(mux.element)->numsinkpads == 1);
  // What the src pad remembers for late comers is a few events a number, not a few a round.
  int sticky = 0;
  gst_pad_sticky_events_foreach(
      mux.out->get()->sinkpad,
      [](GstPad*, GstEvent**, gpointer n) -> gboolean { return ++*static_cast<int*>(n), TRUE; }, &sticky);
  CHECK(sticky < 24);
}
