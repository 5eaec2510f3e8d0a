// fluvialmux: who is in a batch, when it goes out, and sources that come and go.
#include "leaks.h"
#include "harness.h"
#include "meta/batch_buffer.h"
#include "pictures.h"
#include "pipelines.h"
#include "surface/batch.h"

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "elements/events.h"

using namespace fluvial;
using namespace testing;

namespace {

// A mux with sources that the test feeds by hand.
struct Mux {
  GstElement* element = nullptr;
  std::unique_ptr<Harness> out;
  std::map<guint, std::unique_ptr<Harness>> sources;

  explicit Mux(guint batch_size = 0, int timeout_us = -1, const char* factory = "fluvialmux")
      : element(gst_element_factory_make(factory, nullptr)) {
    gst_object_ref_sink(element);
    g_object_set(element, "batch-size", batch_size, "batched-push-timeout", timeout_us, nullptr);
    out = std::make_unique<Harness>(element, nullptr, "src");
  }
  ~Mux() {
    gst_element_set_state(element, GST_STATE_NULL);  // first: pads may still wait for room
    sources.clear();
    out.reset();
    gst_object_unref(element);
  }

  Harness& add(guint id, const std::string& caps = video_caps("I420", 16, 16)) {
    auto& source = sources[id];
    source = std::make_unique<Harness>(element, ("sink_" + std::to_string(id)).c_str(), nullptr);
    if (!caps.empty()) source->set_in_caps(caps);
    return *source;
  }
  // What an application does: the pad is released while the mux plays.
  void remove(guint id) {
    auto* pad = gst_pad_get_peer(sources[id]->get()->srcpad);
    gst_element_release_request_pad(element, pad);
    gst_object_unref(pad);
    sources.erase(id);
  }
  GstFlowReturn push(guint id, int n = 0) { return sources[id]->push(new_frame(GST_VIDEO_FORMAT_I420, 16, 16, n)); }
  void end(guint id) { gst_harness_push_event(sources[id]->get(), gst_event_new_eos()); }
};

struct FrameRow {
  guint source;
  int number;
  guint batch_id;
};

std::vector<FrameRow> rows(GstBuffer* buffer) {
  std::vector<FrameRow> result;
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  REQUIRE(batch);
  CHECK(batch->num_frames_in_batch == surface_count(buffer));
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list))
    result.push_back({frame->pad_index, frame->frame_num, frame->batch_id});
  return result;
}

// "source:number source:number" of the next batch.
std::string pull(Mux& mux) {
  auto* buffer = mux.out->pull();
  if (!buffer) return "nothing";
  std::string text;
  for (const auto& row : rows(buffer)) text += std::to_string(row.source) + ":" + std::to_string(row.number) + " ";
  gst_buffer_unref(buffer);
  return text;
}

// Events on the src pad until this type comes, as short words.
std::string events_until(Mux& mux, GstEventType last) {
  std::string text;
  while (auto* event = gst_harness_pull_event(mux.out->get())) {
    const auto type = GST_EVENT_TYPE(event);
    guint id = 0;
    if (is_source_event(event, event_pad_added, id)) text += "added" + std::to_string(id) + " ";
    if (is_source_event(event, event_pad_deleted, id)) text += "deleted" + std::to_string(id) + " ";
    if (is_source_event(event, event_stream_eos, id)) text += "end" + std::to_string(id) + " ";
    if (type == GST_EVENT_STREAM_START) text += "start ";
    if (type == GST_EVENT_CAPS) text += "caps ";
    if (type == GST_EVENT_SEGMENT) text += "segment ";
    if (type == GST_EVENT_EOS) text += "eos ";
    gst_event_unref(event);
    if (type == last) break;
  }
  return text;
}

constexpr auto src = "videotestsrc is-live=false ! video/x-raw,format=I420,width=32,height=32,framerate=30/1 ";

}  // namespace

TEST_CASE("one frame of each source makes a batch, in the order of the sources") {
  Mux mux;
  mux.add(0);
  mux.add(3);
  CHECK(mux.push(3) == GST_FLOW_OK);
  CHECK(mux.push(0) == GST_FLOW_OK);
  auto* buffer = mux.out->pull();
  const auto all = rows(buffer);
  REQUIRE(all.size() == 2);
  CHECK(all[0].source == 0);
  CHECK(all[1].source == 3);
  CHECK(all[1].batch_id == 1);
  auto* frame = nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, 1);
  CHECK(frame->source_id == 3);
  CHECK(frame->source_frame_width == 16);
  CHECK(frame->pipeline_height == 16);
  CHECK(frame->ntp_timestamp > 0);
  CHECK(frame->buf_pts == 0);
  gst_buffer_unref(buffer);
  guint64 copied = 1;
  g_object_get(mux.element, "copied-bytes", &copied, nullptr);
  CHECK(copied == 0);
}

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

TEST_CASE("a source larger than its queue fills a batch of any size") {
  // DeepStream's old mux: with one source and no timeout the batch waits for as many frames as it holds.
  Mux mux(16, -1, "nvstreammux");
  mux.add(0);
  std::thread feeder([&] {
    for (int n = 0; n < 32; ++n) mux.push(0, n);
  });
  for (int round = 0; round < 2; ++round) {
    auto* buffer = mux.out->pull();
    REQUIRE(buffer);
    CHECK(rows(buffer).size() == 16);
    gst_buffer_unref(buffer);
  }
  feeder.join();
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

TEST_CASE("live sources give one frame each, however many wait") {
  Mux mux(8);
  g_object_set(mux.element, "live-source", TRUE, nullptr);
  mux.add(0);
  mux.add(1);
  for (int n = 0; n < 3; ++n) mux.push(0, n);
  mux.push(1);
  CHECK(pull(mux) == "0:0 1:0 ");
}

TEST_CASE("a batch that is not full goes out when its time is over") {
  Mux mux(4, 20000);
  mux.add(0);
  mux.add(1);
  mux.push(0);
  mux.push(1);
  CHECK(pull(mux) == "0:0 1:0 ");
  const gint64 before = g_get_monotonic_time();
  mux.push(0, 1);
  CHECK(pull(mux) == "0:1 ");
  const gint64 waited = g_get_monotonic_time() - before;
  CHECK(waited >= 19000);
  CHECK(waited < 2000000);
}

TEST_CASE("a source that has not begun is waited for before the first batch") {
  Mux mux(4, 1000);
  mux.add(0);
  mux.add(1);
  std::thread late([&] {
    g_usleep(200000);
    mux.push(1);
  });
  mux.push(0);
  CHECK(pull(mux) == "0:0 1:0 ");
  late.join();
}

TEST_CASE("under our own name a batch has one frame of each source, however many wait") {
  Mux mux(4, 50000);
  mux.add(0);
  for (int n = 0; n < 3; ++n) mux.push(0, n);
  CHECK(pull(mux) == "0:0 ");
}

TEST_CASE("a timeout set while a batch waits counts at once") {
  Mux mux(4);
  mux.add(0);
  mux.add(1);
  mux.push(0);
  g_object_set(mux.element, "batched-push-timeout", 1000, nullptr);
  CHECK(pull(mux) == "0:0 ");
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

TEST_CASE("time never goes back, whichever source is late") {
  Mux mux(1);
  mux.add(0);
  mux.push(0, 9);
  auto* first = mux.out->pull();
  mux.push(0, 3);
  auto* second = mux.out->pull();
  CHECK(GST_BUFFER_PTS(first) == GST_BUFFER_PTS(second));
  gst_buffer_unref(first);
  gst_buffer_unref(second);
}

TEST_CASE("a source's size changes mid stream; without width and height frames keep their own") {
  Mux mux;
  auto& source = mux.add(0, video_caps("I420", 16, 16));
  mux.push(0);
  gst_buffer_unref(mux.out->pull());
  source.set_in_caps(video_caps("NV12", 40, 24));
  source.push(new_frame(GST_VIDEO_FORMAT_NV12, 40, 24, 1));
  auto* buffer = mux.out->pull();
  CHECK(surface_at(buffer, 0)->format().size == Size{40, 24});
  CHECK(surface_at(buffer, 0)->format().pixels == PixelFormat::i420);  // the batch's format stays
  gst_buffer_unref(buffer);
}

TEST_CASE("with width and height every frame has that size, padded when asked") {
  for (const bool is_padded : {false, true}) {
    Mux mux;
    g_object_set(mux.element, "width", 64, "height", 64, "enable-padding", is_padded, nullptr);
    auto& source = mux.add(0, video_caps("GRAY8", 32, 16));
    source.push(new_frame(GST_VIDEO_FORMAT_GRAY8, 32, 16, 0, 255));
    auto* buffer = mux.out->pull();
    const auto view = surface_at(buffer, 0)->view();
    CHECK(view.width == 64);
    CHECK(view.height == 64);
    CHECK(*at(view, 0, 32, 32) == 255);
    CHECK(*at(view, 0, 32, 2) == (is_padded ? 0 : 255));
    auto* frame = nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, 0);
    CHECK(frame->source_frame_height == 16);
    CHECK(frame->pipeline_height == 64);
    gst_buffer_unref(buffer);
  }
}

TEST_CASE("sources of other colours keep what their numbers mean") {
  Mux mux;
  mux.add(0, video_caps("I420", 16, 16, ",colorimetry=bt601"));
  auto& other = mux.add(1, video_caps("NV12", 16, 16, ",colorimetry=bt709"));
  mux.push(0);
  other.push(new_frame(GST_VIDEO_FORMAT_NV12, 16, 16));
  auto* buffer = mux.out->pull();
  CHECK_FALSE(surface_at(buffer, 0)->format().colorimetry.is_bt709);
  CHECK(surface_at(buffer, 1)->format().pixels == PixelFormat::i420);
  CHECK(surface_at(buffer, 1)->format().colorimetry.is_bt709);
  gst_buffer_unref(buffer);
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

TEST_CASE("a frame before any caps is not negotiated, not a crash") {
  Mux mux;
  auto& source = mux.add(0, "");
  auto* pad = source.get()->srcpad;
  gst_pad_push_event(pad, gst_event_new_stream_start("x"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(pad, gst_event_new_segment(&segment));
  CHECK(gst_pad_push(pad, new_frame(GST_VIDEO_FORMAT_I420, 16, 16)) == GST_FLOW_NOT_NEGOTIATED);
}

TEST_CASE("a source whose segment is in bytes is batched without a time") {
  Mux mux;
  auto& source = mux.add(0);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  gst_harness_push_event(source.get(), gst_event_new_segment(&segment));
  mux.push(0);
  CHECK(pull(mux) == "0:0 ");
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
      mux.out->get()->sinkpad, [](GstPad*, GstEvent**, gpointer n) -> gboolean { return ++*static_cast<int*>(n), TRUE; },
      &sticky);
  CHECK(sticky < 24);
}

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
  Pipeline p("videotestsrc num-buffers=20 ! video/x-raw,width=32,height=32 ! m.sink_0 "
             "videotestsrc num-buffers=5 ! video/x-raw,width=64,height=48 ! m.sink_1 nvstreammux name=m ! fakesink name=f");
  int frames = 0;
  watch(p.element("f"), "sink", [&](GstBuffer* b) { frames += int(surface_count(b)); });
  const auto outcome = p.play();
  CHECK(outcome.has_ended);
  CHECK(outcome.ended_sources == std::vector<guint>{1, 0});
  CHECK(frames == 25);
}

TEST_CASE("two muxes share nothing") {
  Mux a, b(1);
  a.add(0);
  a.add(1);
  b.add(0);
  a.push(0);
  b.push(0);
  CHECK(pull(b) == "0:0 ");
  a.push(1);
  CHECK(pull(a) == "0:0 1:0 ");
  b.push(0, 1);
  CHECK(pull(b) == "0:1 ");
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

TEST_CASE("latency is upstream's and what a batch may wait") {
  Mux mux(4, 30000);
  g_object_set(mux.element, "live-source", TRUE, nullptr);
  mux.add(0);
  gst_harness_set_upstream_latency(mux.sources[0]->get(), 10 * GST_MSECOND);
  CHECK(gst_harness_query_latency(mux.out->get()) == 40 * GST_MSECOND);
}
