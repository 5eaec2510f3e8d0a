// Functions of the public headers that no element needs: events, messages, queries, regions, latency, names.
#include <algorithm>
#include <iterator>
#include <string>

#include "gst-nvdscustomevent.h"
#include "gst-nvevent.h"
#include "gst-nvmessage.h"
#include "gst-nvquery.h"
#include "leaks.h"
#include "meta/batch_buffer.h"
#include "nvds_version.h"
#include "nvdsinfer.h"
#include "nvdsinfer_dbscan.h"

using namespace fluvial;

namespace {

// A buffer with one frame, number 7 of source 3.
struct OneFrame {
  GstBuffer* buffer = gst_buffer_new();
  NvDsBatchMeta* batch = add_batch_meta(buffer, 1);
  NvDsFrameMeta* frame = nvds_acquire_frame_meta_from_pool(batch);
  OneFrame() {
    frame->source_id = 3;
    frame->frame_num = 7;
    nvds_add_frame_meta_to_batch(batch, frame);
  }
  ~OneFrame() { gst_buffer_unref(buffer); }
};

std::string name_of(GstEvent* event) { return gst_structure_get_name(gst_event_get_structure(event)); }

// Read once, at the first call.
const bool is_measured = g_setenv("NVDS_ENABLE_LATENCY_MEASUREMENT", "1", TRUE);

char text[] = "camera";
char component[] = "mux";

}  // namespace

TEST_CASE("an event about a source says which, and only its own parser reads it") {
  GstEvent* event = gst_nvevent_new_pad_added(5);
  guint source = 0;
  gst_nvevent_parse_pad_deleted(event, &source);
  CHECK(source == 0);
  gst_nvevent_parse_pad_added(event, &source);
  CHECK(source == 5);
  CHECK(name_of(event) == "nv-pad-added-5");  // two sources' events stay on a pad side by side
  gst_event_unref(event);
}

TEST_CASE("stream events carry their segment, their id and their caps") {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 42;
  GstEvent* event = gst_nvevent_new_stream_segment(1, &segment);
  guint source = 0;
  GstSegment* parsed = nullptr;
  gst_nvevent_parse_stream_segment(event, &source, &parsed);
  REQUIRE(parsed);
  CHECK(parsed->start == 42);
  gst_segment_free(parsed);
  gst_event_unref(event);

  event = gst_nvevent_new_stream_start(1, text);
  gchar* id = nullptr;
  gst_nvevent_parse_stream_start(event, &source, &id);
  CHECK(std::string(id) == "camera");
  g_free(id);
  gst_event_unref(event);

  GstStructure* caps = gst_structure_new("video/x-raw", "framerate", GST_TYPE_FRACTION, 25, 1, nullptr);
  event = gst_nvevent_new_update_caps(1, 640, 480, caps, text, FALSE);
  gint numerator = 0, denominator = 0;
  CHECK(gst_structure_get_fraction(gst_event_get_structure(event), "frame-rate", &numerator, &denominator));
  CHECK(numerator == 25);
  gst_structure_free(caps);
  gst_event_unref(event);
}

TEST_CASE("events that change settings are read as they were written") {
  RoiDimension written[2] = {{"door", 1, 2, 3, 4}, {"gate", 5, 6, 7, 8}};
  GstEvent* event = gst_nvevent_new_roi_update(text, 2, written);
  gchar* id = nullptr;
  guint count = 0;
  RoiDimension* read = nullptr;
  gst_nvevent_parse_roi_update(event, &id, &count, &read);
  REQUIRE(count == 2);
  CHECK(std::string(id) == "camera");
  CHECK(std::string(read[1].roi_id) == "gate");
  CHECK(read[1].height == 8);
  g_free(id);
  g_free(read);
  gst_event_unref(event);

  event = gst_nvevent_infer_interval_update(text, 9);
  guint interval = 0;
  gst_nvevent_parse_infer_interval_update(event, &id, &interval);
  CHECK(interval == 9);
  g_free(id);
  gst_event_unref(event);

  event = gst_nvevent_osd_process_mode_update(text, 1);
  gst_nvevent_parse_osd_process_mode_update(event, &id, &interval);
  CHECK(interval == 1);
  g_free(id);
  gst_event_unref(event);

  gchar* config = nullptr;
  event = gst_nvevent_nvtracker_config_update(text, component);
  gst_nvevent_parse_nvtracker_config_update(event, &id, &config);
  CHECK(std::string(config) == "mux");
  g_free(id);
  g_free(config);
  gst_event_unref(event);

  event = gst_nvevent_analytics_reload_config_update(text);
  gst_nvevent_parse_analytics_reload_config_update(event, &config);
  CHECK(std::string(config) == "camera");
  g_free(config);
  gst_event_unref(event);
}

TEST_CASE("the stream-eos message says which source ended; another message does not") {
  GstMessage* message = gst_nvmessage_new_stream_eos(nullptr, 2);
  guint source = 0;
  CHECK(gst_nvmessage_parse_stream_eos(message, &source));
  CHECK(source == 2);
  gst_message_unref(message);
  message = gst_message_new_eos(nullptr);
  CHECK_FALSE(gst_nvmessage_is_stream_eos(message));
  CHECK_FALSE(gst_nvmessage_parse_stream_eos(message, &source));
  gst_message_unref(message);
}

TEST_CASE("a query has no answer until somebody sets it, and is no other query") {
  GstQuery* query = gst_nvquery_batch_size_new();
  guint value = 0;
  CHECK(gst_nvquery_is_batch_size(query));
  CHECK_FALSE(gst_nvquery_is_numStreams_size(query));
  CHECK_FALSE(gst_nvquery_batch_size_parse(query, &value));
  gst_nvquery_numStreams_size_set(query, 3);  // another question's answer is not taken
  CHECK_FALSE(gst_nvquery_batch_size_parse(query, &value));
  gst_nvquery_batch_size_set(query, 4);
  CHECK(gst_nvquery_batch_size_parse(query, &value));
  CHECK(value == 4);
  gst_query_unref(query);

  query = gst_nvquery_preprocess_poolsize_new(11);
  CHECK(gst_nvquery_preprocess_poolsize_gieid_parse(query, &value));
  CHECK(value == 11);
  gst_query_unref(query);
}

TEST_CASE("what is found in a region joins it, newest first, and goes back to the pool") {
  OneFrame one;
  NvDsRoiMeta roi = {};
  roi.frame_meta = one.frame;
  auto* user = nvds_acquire_user_meta_from_pool(one.batch);
  auto* classifier = nvds_acquire_classifier_meta_from_pool(one.batch);
  nvds_add_user_meta_to_roi(&roi, user);
  nvds_add_classifier_meta_to_roi(&roi, classifier);
  nvds_add_user_meta_to_frame(one.frame, user);  // in a list already
  CHECK(one.frame->frame_user_meta_list == nullptr);
  CHECK(roi.classifier_meta_list->data == classifier);
  nvds_remove_user_meta_from_roi(&roi, user);
  nvds_remove_classifier_meta_from_roi(&roi, classifier);
  CHECK(roi.roi_user_meta_list == nullptr);
  CHECK(one.batch->user_meta_pool->num_full_elements == 0);
  CHECK(one.batch->classifier_meta_pool->num_full_elements == 0);
}

TEST_CASE("clearing a list of one's own gives its elements back, whatever they are") {
  OneFrame one;
  GList* objects = g_list_prepend(nullptr, nvds_acquire_obj_meta_from_pool(one.batch));
  GList* users = g_list_prepend(nullptr, nvds_acquire_user_meta_from_pool(one.batch));
  CHECK(nvds_clear_meta_list(one.batch, objects, one.batch->obj_meta_pool) == nullptr);
  CHECK(nvds_clear_meta_list(one.batch, users, one.batch->user_meta_pool) == nullptr);
  CHECK(one.batch->obj_meta_pool->num_full_elements == 0);
  CHECK(one.batch->user_meta_pool->num_full_elements == 0);
  CHECK(nvds_get_current_metadata_info(one.batch));
  CHECK_FALSE(nvds_get_current_metadata_info(nullptr));
}

TEST_CASE("metadata of a source's buffer becomes the frame's where its owner says how") {
  OneFrame one;
  GstBuffer* source = gst_buffer_new();
  auto* meta = gst_buffer_add_nvds_meta(source, g_strdup("decoder"), nullptr, nullptr,
                                        [](gpointer data, gpointer) { g_free(data); });
  meta->meta_type = NVDS_DECODER_GST_META;
  nvds_copy_gst_meta_to_frame_meta(source, one.batch, one.frame);
  CHECK(one.frame->frame_user_meta_list == nullptr);

  meta->gst_to_nvds_meta_transform_func = [](gpointer data, gpointer) -> gpointer {
    return g_strdup(static_cast<const char*>(static_cast<NvDsUserMeta*>(data)->user_meta_data));
  };
  meta->gst_to_nvds_meta_release_func = [](gpointer data, gpointer) {
    g_free(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  };
  nvds_copy_gst_meta_to_frame_meta(source, one.batch, one.frame);
  gst_buffer_unref(source);
  REQUIRE(one.frame->frame_user_meta_list);
  const auto* user = static_cast<NvDsUserMeta*>(one.frame->frame_user_meta_list->data);
  CHECK(static_cast<int>(user->base_meta.meta_type) == NVDS_DECODER_GST_META);
  CHECK(std::string(static_cast<const char*>(user->user_meta_data)) == "decoder");
}

TEST_CASE("latency counts from the first note about a frame") {
  OneFrame one;
  NvDsFrameLatencyInfo info[1] = {};
  CHECK(nvds_measure_buffer_latency(one.buffer, info) == 0);  // nobody noted anything
  CHECK_FALSE(nvds_set_output_system_timestamp(one.buffer, component));

  NvDsUserMeta* user = nvds_set_input_system_timestamp(one.buffer, component);
  REQUIRE(user);
  auto* note = static_cast<NvDsMetaCompLatency*>(user->user_meta_data);
  note->source_id = 3;
  note->frame_num = 7;
  note->in_system_timestamp -= 1000;
  CHECK(nvds_set_output_system_timestamp(one.buffer, component));
  CHECK(nvds_measure_buffer_latency(one.buffer, info) == 1);
  CHECK(info[0].source_id == 3);
  CHECK(info[0].frame_num == 7);
  CHECK(info[0].latency >= 1000);

  GstBuffer* copy = gst_buffer_copy(one.buffer);
  CHECK(nvds_measure_buffer_latency(copy, info) == 1);
  gst_buffer_unref(copy);
  GstBuffer* no_batch = gst_buffer_new();
  CHECK(nvds_set_input_system_timestamp(no_batch, component) == nullptr);
  CHECK(nvds_measure_buffer_latency(no_batch, info) == 0);
  nvds_add_reference_timestamp_meta(no_batch, component, 1);
  CHECK(gst_buffer_get_reference_timestamp_meta(no_batch, nullptr));
  gst_buffer_unref(no_batch);
}

TEST_CASE("statuses have names, unknown ones too") {
  CHECK(std::string(NvDsInferStatus2Str(NVDSINFER_SUCCESS)) == "NVDSINFER_SUCCESS");
  CHECK(std::string(NvDsInferStatus2Str(static_cast<NvDsInferStatus>(99))) == "NVDSINFER_UNKNOWN_ERROR");
}

TEST_CASE("the version is that of the DeepStream whose headers these are") {
  unsigned int major = 0, minor = 0;
  nvds_version(&major, &minor);
  CHECK(major == NVDS_VERSION_MAJOR);
  CHECK(minor == NVDS_VERSION_MINOR);
  nvds_version_print();
  nvds_dependencies_version_print();
}

TEST_CASE("crowds of boxes become one, or stay without the loners") {
  const NvDsInferObjectDetectionInfo boxes[] = {{3, 10, 10, 20, 20, 0.9F, 0},
                                                {3, 11, 10, 20, 20, 0.8F, 0},
                                                {3, 10, 11, 20, 20, 0.7F, 0},
                                                {3, 50, 50, 9, 9, 1, 0}};
  NvDsInferDBScanClusteringParams params{0.7F, 3, 1, 60, 0.5F};
  auto* handle = NvDsInferDBScanCreate();
  NvDsInferObjectDetectionInfo found[4];
  std::size_t count = 4;
  std::copy(std::begin(boxes), std::end(boxes), found);
  NvDsInferDBScanCluster(handle, &params, found, &count);
  REQUIRE(count == 1);
  CHECK(found[0].classId == 3);
  CHECK(found[0].detectionConfidence == 0.9F);
  CHECK(found[0].left == doctest::Approx(31.0 / 3));
  CHECK(found[0].rotation_angle == 0);

  count = 4;
  std::copy(std::begin(boxes), std::end(boxes), found);
  NvDsInferDBScanClusterHybrid(handle, &params, found, &count);
  CHECK(count == 3);
  params.thresholdATHR = 1;  // 20 pixels for three boxes
  NvDsInferDBScanCluster(handle, &params, found, &count);
  CHECK(count == 0);
  params.enableATHRFilter = 0;
  count = 3;
  std::copy_n(boxes, 3, found);
  NvDsInferDBScanCluster(handle, &params, found, &count);
  CHECK(count == 1);
  params.minBoxes = 0;
  count = 4;
  NvDsInferDBScanCluster(handle, &params, found, &count);
  CHECK(count == 4);
  NvDsInferDBScanCluster(handle, nullptr, found, &count);
  NvDsInferDBScanCluster(handle, &params, nullptr, &count);
  NvDsInferDBScanDestroy(handle);
  NvDsInferDBScanDestroy(nullptr);
}
