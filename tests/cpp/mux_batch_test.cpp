// fluvialmux: who is in a batch, and when it goes out.
#include "gst-nvquery.h"
#include "leaks.h"
#include "mux_fixture.h"

#include <thread>

using namespace fluvial;
using namespace testing;

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

TEST_CASE("time never goes back nor stands still, whichever source is late") {
  Mux mux(1);
  mux.add(0);
  mux.push(0, 9);
  auto* first = mux.out->pull();
  mux.push(0, 3);
  auto* second = mux.out->pull();
  CHECK(GST_BUFFER_PTS(second) > GST_BUFFER_PTS(first));
  CHECK(GST_BUFFER_PTS(second) - GST_BUFFER_PTS(first) < GST_MSECOND);
  gst_buffer_unref(first);
  gst_buffer_unref(second);
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

TEST_CASE("latency is upstream's and what a batch may wait") {
  Mux mux(4, 30000);
  g_object_set(mux.element, "live-source", TRUE, nullptr);
  mux.add(0);
  gst_harness_set_upstream_latency(mux.sources[0]->get(), 10 * GST_MSECOND);
  CHECK(gst_harness_query_latency(mux.out->get()) == 40 * GST_MSECOND);
}

TEST_CASE("an element behind the mux may ask how large batches get and how many sources there are") {
  Mux mux(4);
  mux.add(0);
  mux.add(1);
  auto* src = gst_element_get_static_pad(mux.element, "src");
  guint places = 0, sources = 0, pool = 0;
  auto* query = gst_nvquery_batch_size_new();
  CHECK(gst_pad_query(src, query));
  CHECK(gst_nvquery_batch_size_parse(query, &places));
  CHECK(places == 4);
  gst_query_unref(query);
  query = gst_nvquery_numStreams_size_new();
  CHECK(gst_pad_query(src, query));
  CHECK(gst_nvquery_numStreams_size_parse(query, &sources));
  CHECK(sources == 2);
  gst_query_unref(query);
  query = gst_nvquery_preprocess_poolsize_new(1);
  CHECK_FALSE(gst_pad_query(src, query));  // nobody preprocesses
  CHECK_FALSE(gst_nvquery_preprocess_poolsize_parse(query, &pool));
  gst_query_unref(query);
  gst_object_unref(src);
}

TEST_CASE("what hangs on a source's buffer and says how becomes the frame's") {
  Mux mux(1);
  mux.add(0);
  auto* frame = new_frame(GST_VIDEO_FORMAT_I420, 16, 16);
  auto* meta = gst_buffer_add_nvds_meta(frame, g_strdup("decoded"), nullptr, nullptr,
                                        [](gpointer data, gpointer) { g_free(data); });
  meta->meta_type = NVDS_DECODER_GST_META;
  meta->gst_to_nvds_meta_transform_func = [](gpointer user, gpointer) -> gpointer {
    return g_strdup(static_cast<const char*>(static_cast<NvDsUserMeta*>(user)->user_meta_data));
  };
  meta->gst_to_nvds_meta_release_func = [](gpointer user, gpointer) {
    g_free(static_cast<NvDsUserMeta*>(user)->user_meta_data);
  };
  mux.sources[0]->push(frame);
  auto* batch = mux.out->pull();
  auto* first = nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(batch)->frame_meta_list, 0);
  REQUIRE(first->frame_user_meta_list);
  const auto* user = static_cast<NvDsUserMeta*>(first->frame_user_meta_list->data);
  CHECK(std::string(static_cast<const char*>(user->user_meta_data)) == "decoded");
  gst_buffer_unref(batch);
}
