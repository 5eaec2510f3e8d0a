// A mux whose sources a test feeds by hand, and short words for what comes out of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "elements/events.h"
#include "harness.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"

namespace testing {

using namespace fluvial;

// A mux with sources that the test feeds by hand.
struct Mux {
  GstElement* element = nullptr;
  std::unique_ptr<Harness> out;
  std::map<guint, std::unique_ptr<Harness>> sources;

  explicit Mux(guint batch_size = 0, int timeout_us = -1, const char* factory = "fluvialmux")
      : Mux(made(batch_size, timeout_us, factory)) {}
  explicit Mux(GstElement* floating) : element(GST_ELEMENT(gst_object_ref_sink(floating))) {
    out = std::make_unique<Harness>(element, nullptr, "src");
  }
  ~Mux() {
    gst_element_set_state(element, GST_STATE_NULL);  // first: pads may still wait for room
    sources.clear();
    out.reset();
    gst_object_unref(element);
  }

  static GstElement* made(guint batch_size, int timeout_us, const char* factory) {
    auto* element = gst_element_factory_make(factory, nullptr);
    g_object_set(element, "batch-size", batch_size, "batched-push-timeout", timeout_us, nullptr);
    return element;
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
  // A frame of so many ms, and for so long.
  GstFlowReturn push_at(guint id, guint64 ms, guint64 duration_ms = 100) {
    auto* buffer = new_frame(GST_VIDEO_FORMAT_I420, 16, 16);
    GST_BUFFER_PTS(buffer) = ms * GST_MSECOND;
    GST_BUFFER_DURATION(buffer) = duration_ms * GST_MSECOND;
    return sources[id]->push(buffer);
  }
  // stream-start, caps and segment, as a stream that begins now.
  void begin(guint id) {
    gst_harness_push_event(sources[id]->get(), gst_event_new_stream_start("anew"));
    sources[id]->set_in_caps(video_caps("I420", 16, 16));
  }
  void end_for_good(guint id) {
    auto* pad = gst_pad_get_peer(sources[id]->get()->srcpad);
    auto* fields = gst_structure_new_empty(event_end_source);
    gst_pad_send_event(pad, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB, fields));
    gst_object_unref(pad);
  }
  void end(guint id) { gst_harness_push_event(sources[id]->get(), gst_event_new_eos()); }
};

struct FrameRow {
  guint source;
  int number;
  guint batch_id;
};

inline std::vector<FrameRow> rows(GstBuffer* buffer) {
  std::vector<FrameRow> result;
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  REQUIRE(batch);
  CHECK(batch->num_frames_in_batch == surface_count(buffer));
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list))
    result.push_back({frame->pad_index, frame->frame_num, frame->batch_id});
  return result;
}

// "source:number source:number" of the next batch.
inline std::string pull(Mux& mux) {
  auto* buffer = mux.out->pull();
  if (!buffer) return "nothing";
  std::string text;
  for (const auto& row : rows(buffer)) text += std::to_string(row.source) + ":" + std::to_string(row.number) + " ";
  gst_buffer_unref(buffer);
  return text;
}

// Events on the src pad until this type comes, as short words.
inline std::string events_until(Mux& mux, GstEventType last) {
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

}  // namespace testing
