// fluvialmux: sizes, formats and times of what sources deliver.
#include "leaks.h"
#include "mux_fixture.h"
#include "pictures.h"

using namespace fluvial;
using namespace testing;

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
