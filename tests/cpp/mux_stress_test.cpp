// fluvialmux: sources added to and removed from a playing pipeline, as DeepStream's runtime_source_add_delete does it.
#include "leaks.h"
#include "mux_fixture.h"
#include "pipelines.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

using namespace fluvial;
using namespace testing;

namespace {

constexpr guint changing = 4;  // sources that come and go: numbers 1 to 4

// What has come out of the mux so far, by source.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<guint, int> frames, added, ended, deleted;
  bool is_in_order = true;  // the lasting source's frames

  void note(GstBuffer* buffer) {
    std::lock_guard lock(mutex);
    for (const auto& row : rows(buffer)) {
      const int n = frames[row.source]++;
      if (row.source == 0) is_in_order &= row.number == n;
    }
    changed.notify_all();
  }
  void note(GstEvent* event) {
    std::lock_guard lock(mutex);
    guint id = 0;
    if (is_source_event(event, event_pad_added, id)) ++added[id];
    if (is_source_event(event, event_stream_eos, id)) ++ended[id];
    if (is_source_event(event, event_pad_deleted, id)) ++deleted[id];
    changed.notify_all();
  }
  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), condition);
  }
  bool all(std::map<guint, int>& counts, int least) {
    for (guint id = 1; id <= changing; ++id)
      if (counts[id] < least) return false;
    return true;
  }
};

void watch_events(GstElement* element, Seen& seen) {
  auto* pad = gst_element_get_static_pad(element, "sink");
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      [](GstPad*, GstPadProbeInfo* info, gpointer to) {
        static_cast<Seen*>(to)->note(GST_PAD_PROBE_INFO_EVENT(info));
        return GST_PAD_PROBE_OK;
      },
      &seen, nullptr);
  gst_object_unref(pad);
}

struct Added {
  GstElement* bin;
  GstPad* pad;  // the mux's
};

Added add_source(const Pipeline& p, guint id) {
  GError* error = nullptr;
  auto* bin = gst_parse_bin_from_description(
      "videotestsrc ! video/x-raw,format=I420,width=32,height=32,framerate=30/1 ! identity", TRUE, &error);
  REQUIRE(error == nullptr);
  gst_bin_add(GST_BIN(p.get()), bin);
  auto* pad = gst_element_request_pad_simple(p.element("m"), ("sink_" + std::to_string(id)).c_str());
  REQUIRE(pad);
  auto* src = gst_element_get_static_pad(bin, "src");
  REQUIRE(gst_pad_link(src, pad) == GST_PAD_LINK_OK);
  gst_object_unref(src);
  REQUIRE(gst_element_sync_state_with_parent(bin));
  return {bin, pad};
}

void remove_source(const Pipeline& p, const Added& source) {
  gst_element_set_state(source.bin, GST_STATE_NULL);
  gst_pad_send_event(source.pad, gst_event_new_flush_stop(FALSE));
  gst_element_release_request_pad(p.element("m"), source.pad);
  gst_object_unref(source.pad);
  gst_bin_remove(GST_BIN(p.get()), source.bin);
}

}  // namespace

TEST_CASE("four sources come and go 200 times while frames flow: each is told of, and nobody else loses a frame") {
  constexpr int rounds = 200;
  Pipeline p(
      "videotestsrc ! video/x-raw,format=I420,width=32,height=32,framerate=30/1 ! m.sink_0 "
      "nvstreammux name=m batch-size=5 batched-push-timeout=1000 live-source=true ! fakesink name=f sync=false");
  Seen seen;
  watch(p.element("f"), "sink", [&](GstBuffer* buffer) { seen.note(buffer); });
  watch_events(p.element("f"), seen);
  REQUIRE(p.reaches(GST_STATE_PLAYING));
  for (int round = 1; round <= rounds; ++round) {
    std::vector<Added> sources;
    {
      std::lock_guard lock(seen.mutex);
      for (guint id = 1; id <= changing; ++id) seen.frames[id] = 0;
    }
    for (guint id = 1; id <= changing; ++id) sources.push_back(add_source(p, id));
    REQUIRE(seen.wait([&] { return seen.all(seen.frames, 1); }));
    for (const auto& source : sources) remove_source(p, source);
    REQUIRE(seen.wait([&] { return seen.all(seen.deleted, round); }));
  }
  p.set_state(GST_STATE_NULL);
  for (guint id = 1; id <= changing; ++id) {
    CHECK(seen.added[id] == rounds);
    CHECK(seen.ended[id] == rounds);
    CHECK(seen.deleted[id] == rounds);
  }
  CHECK(seen.is_in_order);
  CHECK(GST_ELEMENT(p.element("m"))->numsinkpads == 1);
}

TEST_CASE("the stream-eos message of a removed source comes over the bus") {
  Pipeline p(
      "videotestsrc ! video/x-raw,format=I420,width=32,height=32,framerate=30/1 ! m.sink_0 "
      "nvstreammux name=m batch-size=2 batched-push-timeout=1000 live-source=true ! fakesink name=f sync=false");
  Seen seen;
  watch(p.element("f"), "sink", [&](GstBuffer* buffer) { seen.note(buffer); });
  watch_events(p.element("f"), seen);
  REQUIRE(p.reaches(GST_STATE_PLAYING));
  const auto source = add_source(p, 1);
  REQUIRE(seen.wait([&] { return seen.frames[1] > 0; }));
  remove_source(p, source);
  REQUIRE(seen.wait([&] { return seen.deleted[1] == 1; }));
  gst_element_send_event(p.get(), gst_event_new_eos());
  const auto outcome = p.wait();
  CHECK(outcome.has_ended);
  CHECK(outcome.ended_sources == std::vector<guint>{1, 0});
}
