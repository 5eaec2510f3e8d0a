// fluvialconvert: what is copied and what is not, and metadata that follows its picture.
#include "harness.h"
#include "leaks.h"
#include "meta/batch_buffer.h"
#include "pictures.h"
#include "pipelines.h"
#include "surface/batch.h"

using namespace fluvial;
using namespace testing;

namespace {

guint64 copied_bytes(const Harness& h) {
  guint64 bytes = 0;
  g_object_get(h.element(), "copied-bytes", &bytes, nullptr);
  return bytes;
}

std::string caps_of(const Harness& h) {
  auto* caps = gst_pad_get_current_caps(h.get()->sinkpad);
  if (!caps) return "";
  gchar* text = gst_caps_to_string(caps);
  std::string result = text;
  g_free(text);
  gst_caps_unref(caps);
  return result;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

// A batch of black surfaces, each with one object at 10,20 of 30x40.
GstBuffer* new_batch(Allocator& allocator, PixelFormat pixels, const std::vector<Size>& sizes) {
  std::vector<SurfacePtr> surfaces;
  for (const auto size : sizes) {
    surfaces.push_back(allocator.allocate({pixels, size, {}}));
    allocator.clear(*surfaces.back());
  }
  auto* buffer = new_batch_buffer(std::move(surfaces));
  auto* batch = add_batch_meta(buffer, guint(sizes.size()));
  for (guint i = 0; i < sizes.size(); ++i) {
    auto* frame = nvds_acquire_frame_meta_from_pool(batch);
    frame->batch_id = i;
    nvds_add_frame_meta_to_batch(batch, frame);
    auto* object = nvds_acquire_obj_meta_from_pool(batch);
    object->rect_params.left = 10;
    object->rect_params.top = 20;
    object->rect_params.width = 30;
    object->rect_params.height = 40;
    nvds_add_obj_meta_to_frame(frame, object, nullptr);
  }
  GST_BUFFER_PTS(buffer) = 0;
  return buffer;
}

NvOSD_RectParams rect_of(GstBuffer* buffer, guint frame_index = 0) {
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  REQUIRE(batch);
  auto* frame = nvds_get_nth_frame_meta(batch->frame_meta_list, frame_index);
  REQUIRE(frame);
  return static_cast<NvDsObjectMeta*>(frame->obj_meta_list->data)->rect_params;
}

}  // namespace

TEST_CASE("a frame in system memory is wrapped, not copied") {
  Harness h("fluvialconvert");
  h.set_caps(video_caps("I420", 64, 48), surface_caps_text("I420", 64, 48));
  auto* frame = new_frame(GST_VIDEO_FORMAT_I420, 64, 48);
  auto* memory = gst_buffer_peek_memory(frame, 0);
  REQUIRE(h.push(frame) == GST_FLOW_OK);
  auto* out = h.pull();
  REQUIRE(surface_count(out) == 1);
  CHECK(gst_buffer_peek_memory(surface_at(out, 0)->source(), 0) == memory);
  CHECK(copied_bytes(h) == 0);
  CHECK(GST_BUFFER_PTS(out) == 0);
  CHECK(GST_BUFFER_DURATION(out) == GST_SECOND / 30);
  gst_buffer_unref(out);
}

TEST_CASE("wrapped and unwrapped again is the same memory, with one of each metadata") {
  Harness h("fluvialconvert");
  Harness back("fluvialconvert");
  h.set_caps(video_caps("NV12", 64, 48), surface_caps_text("NV12", 64, 48));
  back.set_caps(surface_caps_text("NV12", 64, 48), video_caps("NV12", 64, 48));
  auto* frame = new_frame(GST_VIDEO_FORMAT_NV12, 64, 48, 3);
  auto* memory = gst_buffer_peek_memory(frame, 0);
  auto* clock = gst_caps_new_empty_simple("timestamp/x-ntp");
  gst_buffer_add_reference_timestamp_meta(frame, clock, 42, GST_CLOCK_TIME_NONE);
  gst_caps_unref(clock);
  h.push(frame);
  back.push(h.pull());
  auto* out = back.pull();
  CHECK(gst_buffer_peek_memory(out, 0) == memory);
  CHECK(copied_bytes(h) + copied_bytes(back) == 0);
  CHECK(GST_BUFFER_PTS(out) == 100000000);
  CHECK(gst_buffer_get_n_meta(out, GST_REFERENCE_TIMESTAMP_META_API_TYPE) == 1);
  gst_buffer_unref(out);
}

TEST_CASE("equal caps pass through: the same buffer, the same metadata") {
  auto allocator = make_system_allocator();
  Harness h("nvvideoconvert");
  h.set_caps(surface_caps_text("NV12", 640, 480), surface_caps_text("NV12", 640, 480));
  auto* in = new_batch(*allocator, PixelFormat::nv12, {{640, 480}});
  auto* batch = gst_buffer_get_nvds_batch_meta(in);
  h.push(in);
  auto* out = h.pull();
  CHECK(out == in);
  CHECK(gst_buffer_get_nvds_batch_meta(out) == batch);
  gst_buffer_unref(out);
}

TEST_CASE("disable-passthrough makes new metadata, and still copies no pixel") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  g_object_set(h.element(), "disable-passthrough", TRUE, nullptr);
  h.set_caps(surface_caps_text("NV12", 640, 480), surface_caps_text("NV12", 640, 480));
  auto* in = new_batch(*allocator, PixelFormat::nv12, {{640, 480}});
  gst_buffer_ref(in);
  h.push(in);
  auto* out = h.pull();
  CHECK(out != in);
  CHECK(gst_buffer_get_nvds_batch_meta(out) != gst_buffer_get_nvds_batch_meta(in));
  CHECK(surface_at(out, 0) == surface_at(in, 0));
  gst_buffer_unref(in);
  gst_buffer_unref(out);
}

TEST_CASE("objects follow their picture to another size") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  h.set_caps(surface_caps_text("NV12", 640, 480), surface_caps_text("RGBA", 320, 480));
  h.push(new_batch(*allocator, PixelFormat::nv12, {{640, 480}}));
  auto* out = h.pull();
  CHECK(surface_at(out, 0)->format().size == Size{320, 480});
  CHECK(rect_of(out).left == 5);
  CHECK(rect_of(out).top == 20);
  CHECK(rect_of(out).width == 15);
  gst_buffer_unref(out);
}

TEST_CASE("objects follow their picture into system memory and back") {
  auto allocator = make_system_allocator();
  Harness out_of("fluvialconvert");
  Harness back("fluvialconvert");
  out_of.set_caps(surface_caps_text("NV12", 640, 480), video_caps("RGBA", 320, 240));
  back.set_caps(video_caps("RGBA", 320, 240), surface_caps_text("RGBA", 640, 480));
  out_of.push(new_batch(*allocator, PixelFormat::nv12, {{640, 480}}));
  auto* half = out_of.pull();
  CHECK(rect_of(half).left == 5);
  CHECK(rect_of(half).height == 20);
  back.push(half);
  auto* out = back.pull();
  CHECK(rect_of(out).left == 10);
  CHECK(rect_of(out).height == 40);
  gst_buffer_unref(out);
}

TEST_CASE("frames of a batch that differ in size keep theirs through a new format") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  h.set_caps(surface_caps_text("NV12", 640, 480, ",batch-size=2"), surface_caps_text("RGBA", 640, 480));
  h.push(new_batch(*allocator, PixelFormat::nv12, {{640, 480}, {101, 57}}));
  auto* out = h.pull();
  CHECK(surface_at(out, 0)->format().size == Size{640, 480});
  CHECK(surface_at(out, 1)->format().size == Size{101, 57});
  CHECK(surface_at(out, 1)->format().pixels == PixelFormat::rgba);
  CHECK(rect_of(out, 1).left == 10);
  CHECK(has(caps_of(h), "batch-size=(int)2"));
  gst_buffer_unref(out);
}

TEST_CASE("frames that differ in size become one size, their objects each by its own scale") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  h.set_caps(surface_caps_text("NV12", 640, 480), surface_caps_text("NV12", 320, 240));
  h.push(new_batch(*allocator, PixelFormat::nv12, {{640, 480}, {160, 120}, {320, 240}}));
  auto* out = h.pull();
  for (guint i = 0; i < 3; ++i) CHECK(surface_at(out, i)->format().size == Size{320, 240});
  CHECK(rect_of(out, 0).left == 5);
  CHECK(rect_of(out, 1).left == 20);
  CHECK(rect_of(out, 2).left == 10);
  gst_buffer_unref(out);
}

TEST_CASE("batches of different sizes come one after another") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  h.set_caps(surface_caps_text("NV12", 64, 48), surface_caps_text("RGBA", 64, 48));
  for (std::size_t count : {1, 4, 2, 0, 3}) {
    REQUIRE(h.push(new_batch(*allocator, PixelFormat::nv12, std::vector<Size>(count, {64, 48}))) == GST_FLOW_OK);
    auto* out = h.pull();
    CHECK(surface_count(out) == count);
    gst_buffer_unref(out);
  }
}

TEST_CASE("src-crop and dest-crop place picture and objects alike") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  g_object_set(h.element(), "src-crop", "10:20:40:40", "dest-crop", "100:0:80:80", nullptr);
  h.set_caps(surface_caps_text("RGBA", 64, 64), surface_caps_text("RGBA", 200, 100));
  auto* in = new_batch(*allocator, PixelFormat::rgba, {{64, 64}});
  paint(surface_at(in, 0)->view());
  const Rgb corner = read_pixel(surface_at(in, 0)->view(), 10, 20);
  h.push(in);
  auto* out = h.pull();
  const auto view = surface_at(out, 0)->view();
  CHECK(std::abs(read_pixel(view, 100, 0).g - corner.g) <= 2);
  CHECK(read_pixel(view, 99, 0).g == 0);
  CHECK(read_pixel(view, 100, 81).g == 0);
  CHECK(rect_of(out).left == 100);
  CHECK(rect_of(out).top == 0);
  CHECK(rect_of(out).width == 60);
  gst_buffer_unref(out);
}

TEST_CASE("a src-crop larger than the picture is the picture, for objects too") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  g_object_set(h.element(), "src-crop", "0:0:4000:4000", nullptr);
  h.set_caps(surface_caps_text("RGBA", 64, 64), surface_caps_text("RGBA", 128, 128));
  h.push(new_batch(*allocator, PixelFormat::rgba, {{64, 64}}));
  auto* out = h.pull();
  CHECK(rect_of(out).left == 20);
  CHECK(rect_of(out).width == 60);
  gst_buffer_unref(out);
}

TEST_CASE("a setting changed while frames flow counts from the next frame on") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  h.set_caps(surface_caps_text("RGBA", 64, 64), surface_caps_text("RGBA", 64, 64));
  h.push(new_batch(*allocator, PixelFormat::rgba, {{64, 64}}));
  gst_buffer_unref(h.pull());
  g_object_set(h.element(), "src-crop", "0:0:32:32", nullptr);
  h.push(new_batch(*allocator, PixelFormat::rgba, {{64, 64}}));
  auto* out = h.pull();
  CHECK(rect_of(out).width == 60);
  gst_buffer_unref(out);
  g_object_set(h.element(), "src-crop", "0:0:16:16", nullptr);
  h.push(new_batch(*allocator, PixelFormat::rgba, {{64, 64}}));
  out = h.pull();
  CHECK(rect_of(out).width == 120);
  gst_buffer_unref(out);
  g_object_set(h.element(), "src-crop", "", nullptr);
  h.push(new_batch(*allocator, PixelFormat::rgba, {{64, 64}}));
  out = h.pull();
  CHECK(rect_of(out).width == 30);
  gst_buffer_unref(out);
}

TEST_CASE("a crop that cannot be read is an error that says what is expected") {
  for (const char* crop : {"1:2:3", "a:b:c:d", "0:0:-5:5", "0:0:5:5x", "-1:0:5:5"}) {
    CAPTURE(crop);
    Pipeline p(std::string("videotestsrc num-buffers=2 ! fluvialconvert src-crop=") + crop + " ! fakesink");
    const auto outcome = p.play();
    CHECK(has(outcome.error, "expected left:top:width:height in pixels, such as 0:0:640:360"));
    CHECK(has(outcome.error, crop));
  }
}

TEST_CASE("turned pictures have turned sizes, in every format") {
  for (const char* format : {"NV12", "I420", "RGBA", "RGB", "BGRx", "GRAY8"})
    for (int flip = 0; flip < 8; ++flip) {
      CAPTURE(format);
      CAPTURE(flip);
      Harness h("fluvialconvert");
      g_object_set(h.element(), "flip-method", flip, nullptr);
      h.set_caps(video_caps(format, 33, 21), "video/x-raw(memory:NVMM)");
      REQUIRE(h.push(new_frame(gst_video_format_from_string(format), 33, 21)) == GST_FLOW_OK);
      auto* out = h.pull();
      const bool is_swapped = flip % 2 == 1;
      CHECK(surface_at(out, 0)->format().size == (is_swapped ? Size{21, 33} : Size{33, 21}));
      gst_buffer_unref(out);
    }
}

TEST_CASE("caps change mid stream, size and format and memory") {
  Harness h("fluvialconvert");
  h.set_caps(video_caps("I420", 64, 48), "video/x-raw(memory:NVMM),format=RGBA");
  for (const auto& [format, width, height] : {std::tuple{"I420", 64, 48}, std::tuple{"NV12", 33, 17},
                                              std::tuple{"RGB", 8, 8}, std::tuple{"GRAY8", 640, 360}}) {
    CAPTURE(format);
    h.set_in_caps(video_caps(format, width, height));
    REQUIRE(h.push(new_frame(gst_video_format_from_string(format), width, height)) == GST_FLOW_OK);
    auto* out = h.pull();
    CHECK(surface_at(out, 0)->format().size == Size{width, height});
    CHECK(surface_at(out, 0)->format().pixels == PixelFormat::rgba);
    gst_buffer_unref(out);
  }
}

TEST_CASE("a batch of many does not fit into system memory, and says so") {
  auto allocator = make_system_allocator();
  Harness h("fluvialconvert");
  auto* bus = gst_bus_new();
  gst_element_set_bus(h.element(), bus);
  h.set_caps(surface_caps_text("NV12", 64, 48), video_caps("NV12", 64, 48));
  CHECK(h.push(new_batch(*allocator, PixelFormat::nv12, {{64, 48}, {64, 48}})) == GST_FLOW_ERROR);
  auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  REQUIRE(message);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  CHECK(has(error->message, "system memory holds one frame, this batch holds 2"));
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_bus(h.element(), nullptr);
  gst_object_unref(bus);
}

TEST_CASE("a buffer smaller than its caps is an error, not a crash") {
  Harness h("fluvialconvert");
  h.set_caps(video_caps("RGBA", 64, 48), surface_caps_text("NV12", 64, 48));
  CHECK(h.push(gst_buffer_new_allocate(nullptr, 10, nullptr)) == GST_FLOW_ERROR);
  h.set_caps(video_caps("RGBA", 64, 48), video_caps("NV12", 64, 48));
  CHECK(h.push(gst_buffer_new_allocate(nullptr, 10, nullptr)) == GST_FLOW_ERROR);
}

TEST_CASE("passing through, an allocation is what downstream says") {
  Harness h("fluvialconvert");
  h.set_caps(video_caps("I420", 64, 48), video_caps("I420", 64, 48));
  h.push(new_frame(GST_VIDEO_FORMAT_I420, 64, 48));
  gst_buffer_unref(h.pull());
  auto* caps = gst_pad_get_current_caps(h.get()->srcpad);
  auto* query = gst_query_new_allocation(caps, FALSE);
  gst_pad_peer_query(h.get()->srcpad, query);
  // The harness knows no GstVideoMeta: upstream must not use strides of its own.
  CHECK_FALSE(gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr));
  gst_query_unref(query);
  gst_caps_unref(caps);
}

TEST_CASE("every pair of formats and memories runs in a pipeline, odd sizes too") {
  for (const char* from : {"NV12", "I420", "RGBA", "RGB", "BGRx", "GRAY8"})
    for (const char* to : {"NV12", "RGBA", "GRAY8"}) {
      Pipeline p("videotestsrc num-buffers=2 ! video/x-raw,format=" + std::string(from) +
                 ",width=67,height=45 ! fluvialconvert ! video/x-raw(memory:NVMM) ! fluvialconvert"
                 " ! video/x-raw(memory:NVMM),format=" +
                 to + ",width=35,height=99 ! fluvialconvert ! video/x-raw,format=" + from + " ! fakesink");
      const auto outcome = p.play();
      CHECK_MESSAGE(outcome.has_ended, from << " " << to << " " << outcome.error);
    }
}

TEST_CASE("4:4:4 in system memory becomes RGBA, or what is asked for") {
  for (const char* to : {"RGBA", "NV12", "I420", "RGB", "BGRx", "GRAY8"}) {
    Pipeline p(
        "videotestsrc num-buffers=2 ! video/x-raw,format=Y444,width=67,height=45 ! fluvialconvert ! identity name=i ! "
        "video/x-raw(memory:NVMM) ! fluvialconvert ! video/x-raw,format=" +
        std::string(to) + " ! fakesink");
    std::atomic<bool> is_rgba{false};
    watch(p.element("i"), "sink",
          [&](GstBuffer* buffer) { is_rgba = surface_at(buffer, 0)->format().pixels == PixelFormat::rgba; });
    const auto outcome = p.play();
    CHECK_MESSAGE(outcome.has_ended, to << " " << outcome.error);
    CHECK(is_rgba);
  }
}

TEST_CASE("a writer on one branch of a tee leaves the other branch's picture alone") {
  Pipeline p(
      "videotestsrc num-buffers=5 pattern=black ! video/x-raw,format=RGBA,width=16,height=16 ! fluvialconvert "
      "! video/x-raw(memory:NVMM) ! tee name=t t. ! queue ! identity name=draws ! fakesink name=drawn sync=false "
      "t. ! queue ! fakesink name=plain sync=false");
  int drawn = 0, wrong = 0;
  auto* pad = gst_element_get_static_pad(p.element("draws"), "sink");
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer) {
        auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
        info->data = buffer;
        GstMapInfo map;
        if (gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
          *static_cast<guint8*>(reinterpret_cast<NvBufSurface*>(map.data)->surfaceList[0].dataPtr) = 200;
          gst_buffer_unmap(buffer, &map);
        }
        return GST_PAD_PROBE_OK;
      },
      nullptr, nullptr);
  gst_object_unref(pad);
  watch(p.element("drawn"), "sink", [&](GstBuffer* b) { drawn += *surface_at(b, 0)->view().plane[0] == 200; });
  watch(p.element("plain"), "sink", [&](GstBuffer* b) { wrong += *surface_at(b, 0)->view().plane[0] != 0; });
  CHECK(p.play().has_ended);
  CHECK(drawn == 5);
  CHECK(wrong == 0);
}

TEST_CASE("200 starts and stops leave nothing behind") {
  Pipeline p(
      "videotestsrc num-buffers=1000 ! video/x-raw,width=32,height=32 ! fluvialconvert "
      "! video/x-raw(memory:NVMM),format=RGBA,width=16 ! fakesink async=true");
  for (int round = 0; round < 200; ++round) {
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(GST_STATE_NULL);
  }
}

TEST_CASE("settings taken for DeepStream's sake come back as they were set") {
  Harness h("nvvideoconvert");
  g_object_set(h.element(), "gpu-id", 3, "nvbuf-memory-type", 2, "interpolation-method", 4, nullptr);
  guint gpu = 0, memory = 0, interpolation = 0;
  g_object_get(h.element(), "gpu-id", &gpu, "nvbuf-memory-type", &memory, "interpolation-method", &interpolation,
               nullptr);
  CHECK(gpu == 3);
  CHECK(memory == 2);
  CHECK(interpolation == 4);
}
