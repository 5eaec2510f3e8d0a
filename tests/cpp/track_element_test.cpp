// fluvialtrack: ids on metadata; the tracker itself is tested in byte_track_test.
#include "harness.h"
#include "leaks.h"
#include "meta/batch_buffer.h"
#include "pipelines.h"
#include "surface/batch.h"

#include <fstream>

#include "elements/events.h"
#include "nvds_tracker_meta.h"

using namespace fluvial;
using namespace testing;

namespace {

constexpr guint64 untracked = 0xFFFFFFFFFFFFFFFF;

// Settings are judged when the element starts, which a harness does at once.
GstElement* new_tracker(const std::string& properties) {
  auto* bin = gst_parse_bin_from_description(("fluvialtrack name=t " + properties).c_str(), FALSE, nullptr);
  auto* element = gst_bin_get_by_name(GST_BIN(bin), "t");
  gst_bin_remove(GST_BIN(bin), element);
  gst_object_unref(bin);
  return element;
}

struct Tracker {
  GstElement* element;
  Harness harness;
  explicit Tracker(const char* properties = "") : element(new_tracker(properties)), harness(element, "sink", "src") {
    harness.set_caps(surface_caps_text("NV12", 640, 480), surface_caps_text("NV12", 640, 480));
  }
  ~Tracker() { gst_object_unref(element); }
  void push(GstBuffer* buffer) const { REQUIRE(harness.push(buffer) == GST_FLOW_OK); }
  GstBuffer* pull() const { return harness.pull(); }
  GstHarness* get() const { return harness.get(); }
};

struct Source {
  guint id = 0;
  int frame = 0;
};

NvDsObjectMeta* add_object(NvDsFrameMeta* frame, float left, float confidence = 0.95F, int class_id = 0,
                           NvDsObjectMeta* parent = nullptr) {
  auto* object = nvds_acquire_obj_meta_from_pool(frame->base_meta.batch_meta);
  object->object_id = untracked;
  object->class_id = class_id;
  object->confidence = confidence;
  object->rect_params.left = left;
  object->rect_params.top = 100;
  object->rect_params.width = 50;
  object->rect_params.height = 80;
  std::snprintf(object->obj_label, sizeof(object->obj_label), "car");
  nvds_add_obj_meta_to_frame(frame, object, parent);
  return object;
}

NvDsFrameMeta* add_frame(NvDsBatchMeta* batch, Source& source) {
  auto* frame = nvds_acquire_frame_meta_from_pool(batch);
  frame->pad_index = frame->source_id = source.id;
  frame->frame_num = source.frame++;
  frame->source_frame_width = frame->pipeline_width = 640;
  frame->source_frame_height = frame->pipeline_height = 480;
  nvds_add_frame_meta_to_batch(batch, frame);
  return frame;
}

GstBuffer* new_batch() {
  auto* buffer = new_batch_buffer({});
  add_batch_meta(buffer, 4);
  return buffer;
}

NvDsFrameMeta* frame_of(GstBuffer* buffer, guint index = 0) {
  return nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, index);
}

// One frame with one object; the id it got, 0 when it was removed.
guint64 track_one(const Tracker& tracker, Source& source, float left = 100) {
  auto* buffer = new_batch();
  add_object(add_frame(gst_buffer_get_nvds_batch_meta(buffer), source), left);
  tracker.push(buffer);
  auto* out = tracker.pull();
  auto* list = frame_of(out)->obj_meta_list;
  const guint64 id = list ? static_cast<NvDsObjectMeta*>(list->data)->object_id : 0;
  gst_buffer_unref(out);
  return id;
}

}  // namespace

TEST_CASE("an object keeps its id, and says it in its text") {
  Tracker tracker;
  Source source;
  const auto id = track_one(tracker, source, 100);
  CHECK(id != 0);
  CHECK(id != untracked);
  CHECK(track_one(tracker, source, 103) == id);
  auto* buffer = new_batch();
  auto* object = add_object(add_frame(gst_buffer_get_nvds_batch_meta(buffer), source), 106);
  tracker.push(buffer);
  auto* out = tracker.pull();
  CHECK(out == buffer);  // in place
  CHECK(object->object_id == id);
  CHECK(std::string(object->text_params.display_text) == "car " + std::to_string(id));
  CHECK(object->tracker_confidence > 0.5F);
  CHECK(object->tracker_bbox_info.org_bbox_coords.width > 40);
  gst_buffer_unref(out);
}

TEST_CASE("display-tracking-id=false leaves the id out of the text") {
  Tracker tracker("display-tracking-id=false");
  Source source;
  track_one(tracker, source);
  auto* buffer = new_batch();
  auto* object = add_object(add_frame(gst_buffer_get_nvds_batch_meta(buffer), source), 100);
  tracker.push(buffer);
  CHECK(std::string(object->text_params.display_text) == "car");
  gst_buffer_unref(tracker.pull());
}

TEST_CASE("two sources in one batch share no track") {
  Tracker tracker;
  Source a{0}, b{7};
  const auto first = track_one(tracker, a, 100);
  CHECK(track_one(tracker, b, 500) == first);  // each counts from 1
  auto* buffer = new_batch();
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  auto* of_a = add_object(add_frame(batch, a), 100);
  auto* of_b = add_object(add_frame(batch, b), 500);
  tracker.push(buffer);
  CHECK(of_a->object_id == first);
  CHECK(of_b->object_id == first);
  gst_buffer_unref(tracker.pull());
}

TEST_CASE("two trackers share nothing") {
  Tracker a, b;
  Source of_a, of_b;
  track_one(a, of_a, 100);
  track_one(a, of_a, 400);
  CHECK(track_one(b, of_b, 400) == 1);
}

TEST_CASE("an object without a track is removed, others of other classes are left alone") {
  Tracker tracker("operate-on-class-ids=0;2");
  Source source;
  auto* buffer = new_batch();
  auto* frame = add_frame(gst_buffer_get_nvds_batch_meta(buffer), source);
  add_object(frame, 100, 0.05F, 0);  // too weak to track
  auto* other = add_object(frame, 300, 0.9F, 1);
  auto* tracked = add_object(frame, 500, 0.95F, 2);
  tracker.push(buffer);
  auto* out = tracker.pull();
  CHECK(frame_of(out)->num_obj_meta == 2);
  CHECK(other->object_id == untracked);
  CHECK(tracked->object_id != untracked);
  gst_buffer_unref(out);
}

TEST_CASE("an object found inside another is not tracked, and loses a parent that goes") {
  Tracker tracker;
  Source source;
  auto* buffer = new_batch();
  auto* frame = add_frame(gst_buffer_get_nvds_batch_meta(buffer), source);
  auto* car = add_object(frame, 100, 0.05F);
  auto* plate = add_object(frame, 110, 0.9F, 5, car);
  tracker.push(buffer);
  auto* out = tracker.pull();
  CHECK(frame_of(out)->num_obj_meta == 1);
  CHECK(plate->parent == nullptr);
  CHECK(plate->object_id == untracked);
  gst_buffer_unref(out);
}

TEST_CASE("a frame that no detector saw has the objects that the tracker expects") {
  Tracker tracker;
  Source source;
  guint64 id = 0;
  for (int n = 0; n < 5; ++n) {
    auto* buffer = new_batch();
    auto* frame = add_frame(gst_buffer_get_nvds_batch_meta(buffer), source);
    frame->bInferDone = 1;
    id = (add_object(frame, 100 + 4.0F * float(n)), 0);
    tracker.push(buffer);
    auto* out = tracker.pull();
    if (auto* list = frame_of(out)->obj_meta_list) id = static_cast<NvDsObjectMeta*>(list->data)->object_id;
    gst_buffer_unref(out);
  }
  auto* buffer = new_batch();
  add_frame(gst_buffer_get_nvds_batch_meta(buffer), source);  // bInferDone 0: the detector's interval
  tracker.push(buffer);
  auto* out = tracker.pull();
  REQUIRE(frame_of(out)->num_obj_meta == 1);
  auto* object = static_cast<NvDsObjectMeta*>(frame_of(out)->obj_meta_list->data);
  CHECK(object->object_id == id);
  CHECK(object->confidence == -0.1F);
  CHECK(std::string(object->obj_label) == "car");
  CHECK(object->rect_params.left > 110);
  gst_buffer_unref(out);
}

namespace {

// One frame, with an object of this confidence at this place; confidence 0: with none. The past frames it came with.
NvDsUserMeta* past_of(GstBuffer* buffer) {
  auto* list = gst_buffer_get_nvds_batch_meta(buffer)->batch_user_meta_list;
  return list ? static_cast<NvDsUserMeta*>(list->data) : nullptr;
}

GstBuffer* track_frame(const Tracker& tracker, Source& source, float left, float confidence) {
  auto* buffer = new_batch();
  auto* frame = add_frame(gst_buffer_get_nvds_batch_meta(buffer), source);
  frame->bInferDone = 1;
  if (confidence > 0) add_object(frame, left, confidence);
  tracker.push(buffer);
  return tracker.pull();
}

}  // namespace

TEST_CASE("frames of an object on probation are told once it is active") {
  Tracker tracker;
  Source source{3};
  for (int n = 0; n < 3; ++n) {  // .5 has a quarter of the evidence
    auto* out = track_frame(tracker, source, 100 + 4.0F * float(n), 0.5F);
    CHECK(frame_of(out)->num_obj_meta == 0);
    CHECK(past_of(out) == nullptr);
    gst_buffer_unref(out);
  }
  auto* out = track_frame(tracker, source, 112, 0.5F);
  REQUIRE(frame_of(out)->num_obj_meta == 1);
  auto* user = past_of(out);
  REQUIRE(user);
  CHECK(user->base_meta.meta_type == NVDS_TRACKER_PAST_FRAME_META);
  const auto* batch = static_cast<NvDsTargetMiscDataBatch*>(user->user_meta_data);
  REQUIRE(batch->numFilled == 1);
  CHECK(batch->list[0].streamID == 3);
  REQUIRE(batch->list[0].numFilled == 1);
  const auto& object = batch->list[0].list[0];
  CHECK(object.uniqueId == static_cast<NvDsObjectMeta*>(frame_of(out)->obj_meta_list->data)->object_id);
  CHECK(std::string(object.objLabel) == "car");
  REQUIRE(object.numObj == 3);
  for (guint n = 0; n < 3; ++n) {
    CHECK(object.list[n].frameNum == n);
    CHECK(object.list[n].age == n);
    CHECK(object.list[n].confidence == 0.5F);
    CHECK(object.list[n].trackerState == TENTATIVE);
    CHECK(std::abs(object.list[n].tBbox.left - (100 + 4.0F * float(n))) < 4);
  }
  gst_buffer_unref(out);
  out = track_frame(tracker, source, 116, 0.5F);
  CHECK(past_of(out) == nullptr);  // told once
  gst_buffer_unref(out);
}

TEST_CASE("frames of an object out of sight are told when it is found again, also by a copy of the batch") {
  Tracker tracker;
  Source source;
  for (int n = 0; n < 5; ++n) gst_buffer_unref(track_frame(tracker, source, 100, 0.95F));
  for (int n = 0; n < 2; ++n) gst_buffer_unref(track_frame(tracker, source, 0, 0));
  auto* out = track_frame(tracker, source, 100, 0.95F);
  auto* copy = gst_buffer_copy(out);
  gst_buffer_unref(out);
  REQUIRE(past_of(copy));
  const auto* batch = static_cast<NvDsTargetMiscDataBatch*>(past_of(copy)->user_meta_data);
  REQUIRE(batch->list[0].list[0].numObj == 2);
  const auto* frames = batch->list[0].list[0].list;
  CHECK(frames[0].frameNum == 5);
  CHECK(frames[1].frameNum == 6);
  CHECK(frames[1].trackerState == INACTIVE);
  CHECK(frames[1].confidence < frames[0].confidence);
  gst_buffer_unref(copy);
}

TEST_CASE("the box that is shown ends at the frame's border") {
  Tracker tracker;
  Source source;
  auto* buffer = new_batch();
  auto* object = add_object(add_frame(gst_buffer_get_nvds_batch_meta(buffer), source), 620);
  tracker.push(buffer);
  CHECK(object->rect_params.left + object->rect_params.width <= 640.01F);
  CHECK(object->tracker_bbox_info.org_bbox_coords.width > 40);
  gst_buffer_unref(tracker.pull());
}

TEST_CASE("when a source ends its tracks end; when it goes its numbers start again") {
  Tracker tracker;
  Source source;
  CHECK(track_one(tracker, source) == 1);
  gst_harness_push_event(tracker.get(), new_stream_eos_event(0));
  CHECK(track_one(tracker, source) == 2);
  gst_harness_push_event(tracker.get(), new_pad_deleted_event(0));
  CHECK(track_one(tracker, source) == 1);
}

TEST_CASE("tracking-id-reset-mode=2 starts the numbers again at a source's end") {
  Tracker tracker("tracking-id-reset-mode=2");
  Source source;
  CHECK(track_one(tracker, source) == 1);
  gst_harness_push_event(tracker.get(), new_stream_eos_event(0));
  CHECK(track_one(tracker, source) == 1);
}

TEST_CASE("tracking-id-reset-mode=1 gives new ids after a stream reset, of that source alone") {
  for (const bool obeys : {false, true}) {
    Tracker tracker(obeys ? "tracking-id-reset-mode=1" : "tracking-id-reset-mode=2");
    Source source;
    CHECK(track_one(tracker, source) == 1);
    gst_harness_push_event(tracker.get(), gst_nvevent_new_stream_reset(5));
    CHECK(track_one(tracker, source) == 1);
    gst_harness_push_event(tracker.get(), gst_nvevent_new_stream_reset(0));
    CHECK(track_one(tracker, source) == (obeys ? 2 : 1));
  }
}

TEST_CASE("sources that come and go leave no tracker behind") {
  Tracker tracker;
  for (guint round = 0; round < 1000; ++round) {
    Source source{round};
    CHECK(track_one(tracker, source) == 1);
    gst_harness_push_event(tracker.get(), new_pad_deleted_event(round));
  }
}

TEST_CASE("a shared batch is copied before it is changed") {
  Tracker tracker;
  Source source;
  auto* buffer = new_batch();
  auto* object = add_object(add_frame(gst_buffer_get_nvds_batch_meta(buffer), source), 100);
  tracker.push(gst_buffer_ref(buffer));
  auto* out = tracker.pull();
  CHECK(out != buffer);
  CHECK(object->object_id == untracked);
  CHECK(static_cast<NvDsObjectMeta*>(frame_of(out)->obj_meta_list->data)->object_id == 1);
  gst_buffer_unref(out);
  gst_buffer_unref(buffer);
}

TEST_CASE("settings that are wrong stop the start, and say what is allowed") {
  const auto error_of = [](const std::string& properties) {
    Pipeline p("videotestsrc num-buffers=3 ! m.sink_0 fluvialmux name=m ! fluvialtrack " + properties + " ! fakesink");
    return p.play().error;
  };
  CHECK(error_of("operate-on-class-ids=0;car").find("'car' is not a class; expected numbers from 0 on") !=
        std::string::npos);
  CHECK(error_of("ll-config-file=/nowhere/tracker.yml").find("/nowhere/tracker.yml") != std::string::npos);
  CHECK(error_of("config=\"Fluvial: {max_targets: 0}\"").find("max_targets") != std::string::npos);
  CHECK(error_of("ll-config-file=/opt/nvidia/deepstream/deepstream/samples/config_tracker_IOU.yml") == "");
}

TEST_CASE("a pipeline with a tracker runs to its end") {
  Pipeline p(
      "videotestsrc num-buffers=10 ! m.sink_0 nvstreammux name=m ! nvtracker ll-lib-file=/x/libnvds.so "
      "tracker-width=640 gpu-id=0 ! fakesink");
  CHECK(p.play().has_ended);
}

TEST_CASE("200 starts and stops leave nothing behind, and ids begin at 1 each time") {
  Pipeline p("videotestsrc ! video/x-raw,width=32,height=32 ! m.sink_0 fluvialmux name=m ! fluvialtrack ! fakesink");
  for (int round = 0; round < 200; ++round) {
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(GST_STATE_NULL);
  }
}
