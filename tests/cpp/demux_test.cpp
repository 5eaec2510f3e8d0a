// fluvialdemux: each source's frames out of its own pad, whoever else listens.
#include "leaks.h"
#include "harness.h"
#include "meta/batch_buffer.h"
#include "pipelines.h"
#include "surface/batch.h"

#include <atomic>
#include <map>
#include <memory>
#include <thread>

#include "elements/events.h"

using namespace fluvial;
using namespace testing;

namespace {

struct Demux {
  GstElement* element = gst_element_factory_make("fluvialdemux", nullptr);
  std::unique_ptr<Harness> in;
  std::map<guint, std::unique_ptr<Harness>> outs;
  std::unique_ptr<Allocator> allocator = make_system_allocator();

  Demux() {
    gst_object_ref_sink(element);
    in = std::make_unique<Harness>(element, "sink", nullptr);
    in->set_in_caps(surface_caps_text("NV12", 32, 16, ",batch-size=2"));
  }
  ~Demux() {
    outs.clear();
    in.reset();
    gst_object_unref(element);
  }
  Harness& add(guint id) {
    auto& out = outs[id];
    out = std::make_unique<Harness>(element, nullptr, ("src_" + std::to_string(id)).c_str());
    return *out;
  }

  // One frame of each source, with two objects, the second a child of the first.
  GstBuffer* batch(const std::vector<guint>& sources, int n = 0, Size size = {32, 16}) {
    std::vector<SurfacePtr> surfaces;
    for (std::size_t i = 0; i < sources.size(); ++i) surfaces.push_back(allocator->allocate({PixelFormat::nv12, size, {}}));
    auto* buffer = new_batch_buffer(std::move(surfaces));
    auto* meta = add_batch_meta(buffer, guint(sources.size()));
    for (guint i = 0; i < sources.size(); ++i) {
      auto* frame = nvds_acquire_frame_meta_from_pool(meta);
      frame->batch_id = i;
      frame->pad_index = frame->source_id = sources[i];
      frame->frame_num = n;
      frame->buf_pts = GstClockTime(n) * GST_MSECOND;
      nvds_add_frame_meta_to_batch(meta, frame);
      NvDsObjectMeta* parent = nullptr;
      for (guint64 id = 1; id <= 2; ++id) {
        auto* object = nvds_acquire_obj_meta_from_pool(meta);
        object->object_id = id;
        nvds_add_obj_meta_to_frame(frame, object, parent);
        parent = object;
      }
    }
    GST_BUFFER_PTS(buffer) = GST_SECOND;
    return buffer;
  }
  GstFlowReturn push(const std::vector<guint>& sources, int n = 0) { return in->push(batch(sources, n)); }
};

NvDsFrameMeta* only_frame(GstBuffer* buffer) {
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  REQUIRE(batch);
  REQUIRE(batch->num_frames_in_batch == 1);
  return static_cast<NvDsFrameMeta*>(batch->frame_meta_list->data);
}

GstFlowReturn swallow(GstPad*, GstObject*, GstBuffer* buffer) {
  gst_buffer_unref(buffer);
  return GST_FLOW_OK;
}

}  // namespace

TEST_CASE("each frame leaves by its source's pad, alone, with its own surface, time and metadata") {
  Demux demux;
  auto& zero = demux.add(0);
  auto& five = demux.add(5);
  auto* in = demux.batch({5, 0}, 7);
  const auto surface = surface_at(in, 0);
  REQUIRE(demux.in->push(in) == GST_FLOW_OK);
  auto* out = five.pull();
  CHECK(surface_count(out) == 1);
  CHECK(surface_at(out, 0) == surface);
  CHECK(GST_BUFFER_PTS(out) == 7 * GST_MSECOND);
  auto* frame = only_frame(out);
  CHECK(frame->batch_id == 0);
  CHECK(frame->pad_index == 5);
  CHECK(frame->frame_num == 7);
  CHECK(frame->num_obj_meta == 2);
  auto* first = static_cast<NvDsObjectMeta*>(frame->obj_meta_list->data);
  CHECK(first->object_id == 1);  // a copied list comes out in reverse
  CHECK(static_cast<NvDsObjectMeta*>(frame->obj_meta_list->next->data)->parent == first);
  gst_buffer_unref(out);
  out = zero.pull();
  CHECK(only_frame(out)->pad_index == 0);
  gst_buffer_unref(out);
}

TEST_CASE("a stream's start goes before everything else on a pad") {
  Demux demux;
  auto& out = demux.add(0);
  gst_harness_push_event(demux.in->get(), new_pad_added_event(0));
  demux.push({0});
  gst_buffer_unref(out.pull());
  std::string order;
  while (auto* event = gst_harness_try_pull_event(out.get())) {
    order += std::string(GST_EVENT_TYPE_NAME(event)) + " ";
    gst_event_unref(event);
  }
  CHECK(order.substr(0, 13) == "stream-start ");
  CHECK(order.find("stream-start", 1) == std::string::npos);
}

TEST_CASE("caps are of one surface, and change with its size") {
  Demux demux;
  auto& out = demux.add(0);
  for (const Size size : {Size{32, 16}, Size{64, 48}}) {
    demux.in->push(demux.batch({0}, 0, size));
    gst_buffer_unref(out.pull());
    auto* caps = gst_pad_get_current_caps(out.get()->sinkpad);
    int width = 0, batch_size = 0, fps = 0, per = 0;
    auto* s = gst_caps_get_structure(caps, 0);
    gst_structure_get_int(s, "width", &width);
    gst_structure_get_int(s, "batch-size", &batch_size);
    gst_structure_get_fraction(s, "framerate", &fps, &per);
    CHECK(width == size.width);
    CHECK(batch_size == 1);
    CHECK(fps == 30);
    gst_caps_unref(caps);
  }
}

TEST_CASE("frames that nobody asked for are dropped") {
  Demux demux;
  CHECK(demux.push({0, 1}) == GST_FLOW_OK);
  auto& out = demux.add(1);
  CHECK(demux.push({0, 1}, 1) == GST_FLOW_OK);
  auto* buffer = out.pull();
  CHECK(only_frame(buffer)->frame_num == 1);
  gst_buffer_unref(buffer);
}

TEST_CASE("a pad that is not linked drops its frames, as in DeepStream") {
  Demux demux;
  auto* pad = gst_element_request_pad_simple(demux.element, "src_0");
  CHECK(demux.push({0}) == GST_FLOW_OK);
  CHECK(demux.push({0}) == GST_FLOW_OK);
  gst_element_release_request_pad(demux.element, pad);
  gst_object_unref(pad);
}

TEST_CASE("one branch that has enough does not stop the other; all of them do") {
  Demux demux;
  auto& a = demux.add(0);
  auto& b = demux.add(1);
  auto end = [](const Harness& h) {
    gst_pad_add_probe(h.get()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
                      [](GstPad*, GstPadProbeInfo* info, gpointer) {
                        gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
                        info->data = nullptr;
                        info->ABI.abi.flow_ret = GST_FLOW_EOS;
                        return GST_PAD_PROBE_HANDLED;
                      },
                      nullptr, nullptr);
  };
  end(a);
  CHECK(demux.push({0, 1}) == GST_FLOW_OK);
  gst_buffer_unref(b.pull());
  end(b);
  demux.push({0, 1});
  CHECK(demux.push({0, 1}) == GST_FLOW_EOS);
}

TEST_CASE("a branch's error is everybody's") {
  Demux demux;
  auto& a = demux.add(0);
  demux.add(1);
  gst_pad_add_probe(a.get()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
                    [](GstPad*, GstPadProbeInfo* info, gpointer) {
                      gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
                      info->data = nullptr;
                      info->ABI.abi.flow_ret = GST_FLOW_ERROR;
                      return GST_PAD_PROBE_HANDLED;
                    },
                    nullptr, nullptr);
  CHECK(demux.push({1, 0}) == GST_FLOW_ERROR);
}

TEST_CASE("a buffer without batch metadata is an error that says what is missing") {
  Pipeline p("videotestsrc num-buffers=3 ! fluvialconvert ! video/x-raw(memory:NVMM) ! fluvialdemux name=d d.src_0 ! fakesink");
  CHECK(p.play().error == "a buffer without batch metadata: put nvstreammux before this element");
}

TEST_CASE("a batch_id beyond the batch is an error, not a crash") {
  Demux demux;
  demux.add(0);
  auto* buffer = demux.batch({0});
  only_frame(buffer)->batch_id = 9;
  CHECK(demux.in->push(buffer) == GST_FLOW_ERROR);
}

TEST_CASE("every pad ends, also one that never had a frame") {
  Pipeline p("videotestsrc num-buffers=5 ! video/x-raw,width=32,height=32 ! m.sink_0 fluvialmux name=m ! fluvialdemux name=d "
             "d.src_0 ! queue ! fakesink d.src_3 ! queue ! fakesink async=false");
  const auto outcome = p.play();
  CHECK(outcome.has_ended);
  CHECK(outcome.ended_sources == std::vector<guint>{0});
}

TEST_CASE("nothing ever came: the end passes") {
  Pipeline p("videotestsrc num-buffers=0 ! m.sink_0 fluvialmux name=m ! fluvialdemux name=d d.src_0 ! fakesink");
  CHECK(p.play().has_ended);
}

TEST_CASE("per-stream-eos ends one branch while the other goes on") {
  for (const bool is_per_stream : {false, true}) {
    Pipeline p("videotestsrc num-buffers=3 ! video/x-raw,width=32,height=32 ! m.sink_0 "
               "videotestsrc num-buffers=30 ! video/x-raw,width=32,height=32 ! m.sink_1 fluvialmux name=m "
               "! fluvialdemux name=d d.src_0 ! queue ! fakesink d.src_1 ! queue ! fakesink");
    g_object_set(p.element("d"), "per-stream-eos", is_per_stream, nullptr);
    struct Seen {
      bool is_ended = false;
      int after = 0;
    } seen;
    auto* pad = gst_element_get_static_pad(p.element("d"), "src_0");
    gst_pad_add_probe(
        pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS) static_cast<Seen*>(data)->is_ended = true;
          return GST_PAD_PROBE_OK;
        },
        &seen, nullptr);
    gst_object_unref(pad);
    watch(p.element("d"), "src_1", [&](GstBuffer*) { seen.after += seen.is_ended; });
    CHECK(p.play().has_ended);
    CHECK((seen.after > 0) == is_per_stream);
  }
}

TEST_CASE("after a flush frames flow again, in a new segment") {
  Demux demux;
  auto& out = demux.add(0);
  demux.push({0});
  gst_buffer_unref(out.pull());
  gst_harness_push_event(demux.in->get(), gst_event_new_flush_start());
  gst_harness_push_event(demux.in->get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(demux.in->get(), gst_event_new_segment(&segment));
  CHECK(demux.push({0}, 1) == GST_FLOW_OK);
  gst_buffer_unref(out.pull());
  auto* event = gst_pad_get_sticky_event(out.get()->sinkpad, GST_EVENT_SEGMENT, 0);
  CHECK(event);
  if (event) gst_event_unref(event);
}

TEST_CASE("a pad asked for without a number gets the first free one") {
  Demux demux;
  demux.add(0);
  auto* pad = gst_element_request_pad_simple(demux.element, "src_%u");
  REQUIRE(pad);
  CHECK(std::string(GST_PAD_NAME(pad)) == "src_1");
  gst_element_release_request_pad(demux.element, pad);
  gst_object_unref(pad);
}

TEST_CASE("1000 pads come and go while frames flow, and nothing stops") {
  Demux demux;
  auto& steady = demux.add(0);
  std::atomic<bool> is_done{false};
  std::atomic<int> worst{GST_FLOW_OK};
  int sent = 0;
  std::thread feeder([&] {
    for (; !is_done; ++sent)
      if (const auto flow = demux.push({0, 1, 2}, sent); flow != GST_FLOW_OK) worst = flow;
  });
  for (int round = 0; round < 1000; ++round) {
    const std::string name = round % 2 ? "src_1" : "src_2";
    auto* pad = gst_element_request_pad_simple(demux.element, name.c_str());
    REQUIRE(pad);
    auto* to = gst_pad_new("to", GST_PAD_SINK);
    gst_pad_set_chain_function(to, swallow);
    gst_pad_set_active(to, TRUE);
    REQUIRE(gst_pad_link(pad, to) == GST_PAD_LINK_OK);
    if (round % 10 == 0) g_usleep(100);
    gst_element_release_request_pad(demux.element, pad);
    gst_object_unref(pad);
    gst_pad_set_active(to, FALSE);
    gst_object_unref(to);
  }
  is_done = true;
  feeder.join();
  CHECK(worst == GST_FLOW_OK);
  int received = 0;
  while (auto* buffer = steady.try_pull()) {
    ++received;
    gst_buffer_unref(buffer);
  }
  CHECK(received == sent);
  CHECK(demux.element->numsrcpads == 1);
}

TEST_CASE("a branch may read the batch while another adds objects to it") {
  Demux demux;
  auto& out = demux.add(0);
  auto* buffer = demux.batch({0});
  auto* meta = gst_buffer_get_nvds_batch_meta(buffer);
  auto* frame = static_cast<NvDsFrameMeta*>(meta->frame_meta_list->data);
  std::atomic<bool> is_done{false};
  std::thread writer([&] {
    while (!is_done) {
      auto* object = nvds_acquire_obj_meta_from_pool(meta);
      nvds_add_obj_meta_to_frame(frame, object, nullptr);
      nvds_remove_obj_meta_from_frame(frame, object);
    }
  });
  for (int round = 0; round < 500; ++round) {
    demux.in->push(gst_buffer_ref(buffer));
    gst_buffer_unref(out.pull());
  }
  is_done = true;
  writer.join();
  gst_buffer_unref(buffer);
}

TEST_CASE("200 starts and stops leave nothing behind") {
  Pipeline p("videotestsrc ! video/x-raw,width=32,height=32 ! m.sink_0 videotestsrc ! video/x-raw,width=32,height=32 ! m.sink_1 "
             "fluvialmux name=m ! fluvialdemux name=d d.src_0 ! queue ! fakesink d.src_1 ! queue ! fakesink");
  for (int round = 0; round < 200; ++round) {
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(round % 2 ? GST_STATE_READY : GST_STATE_NULL);
  }
}
