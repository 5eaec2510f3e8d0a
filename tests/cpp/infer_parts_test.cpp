// Parts of inference alone: decisions, which objects are looked at, the line of what passes.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "backends/openvino/schedule.cpp"  // NOLINT
#include "infer_session.h"

using namespace fluvial;        // NOLINT
using namespace infer_session;  // NOLINT

TEST_CASE("a classifier's threshold is its own key, then the element's, and [class-attrs-all] where a Flow wrote it") {
  ModelInfo info;
  info.inputs = {{"data", ElementType::f32, {1, 3, 64, 64}}};
  info.outputs = {{"color", ElementType::f32, {1, 7, 1, 1}}, {"type", ElementType::f32, {1, 4, 1, 1}}};
  const auto threshold = [&](const InferSettings& s) {
    return decide(s, {"c.onnx", "", "", {}, {}}, info).head.threshold;
  };
  InferSettings settings;
  CHECK(threshold(settings) == doctest::Approx(0.5));
  settings.all_classes.threshold = 0.3F;
  CHECK(threshold(settings) == doctest::Approx(0.3));
  settings.has_deepstream_defaults = true;
  CHECK(threshold(settings) == 0);
  settings.classifier_threshold = 0.6F;
  CHECK(threshold(settings) == doctest::Approx(0.6));
  settings.threshold = 0.7F;
  CHECK(threshold(settings) == doctest::Approx(0.7));
}

TEST_CASE("a config's thresholds and modes are laid over what the head suggests") {
  ModelInfo info;
  info.path = "yolox.onnx";
  info.inputs = {{"images", ElementType::f32, {1, 3, 64, 64}}};
  info.outputs = {{"output", ElementType::f32, {1, 84, 85}}};
  InferSettings settings;
  Decision decision = decide(settings, {"yolox.onnx", "", "", {}, {}}, info);
  CHECK(decision.clusters.at(0).mode == ClusterMode::nms);
  CHECK(decision.head.threshold == doctest::Approx(0.3));
  CHECK(decision.labels.size() == 80);
  settings.has_deepstream_defaults = true;
  settings.cluster_mode = 2;
  decision = decide(settings, {"yolox.onnx", "", "", {}, {}}, info);
  CHECK(decision.head.threshold == doctest::Approx(0.2));
  CHECK(decision.clusters.at(0).iou_threshold == doctest::Approx(0.3));
  settings.cluster_mode = 4;
  CHECK(decide(settings, {"yolox.onnx", "", "", {}, {}}, info).clusters.at(0).mode == ClusterMode::none);
  settings.cluster_mode = 1;
  decision = decide(settings, {"yolox.onnx", "", "", {}, {}}, info);
  CHECK(decision.clusters.at(0).mode == ClusterMode::dbscan);
  REQUIRE(decision.warnings.size() == 1);
  CHECK(decision.warnings[0].find("cluster-mode=1: DBSCAN leaves classes without minBoxes as they are") == 0);
  settings.all_classes.min_boxes = 3;
  CHECK(decide(settings, {"yolox.onnx", "", "", {}, {}}, info).warnings.empty());
  settings.cluster_mode = 0;
  decision = decide(settings, {"yolox.onnx", "", "", {}, {}}, info);
  CHECK(decision.clusters.at(0).mode == ClusterMode::nms);
  REQUIRE(decision.warnings.size() == 1);
  CHECK(decision.warnings[0] == "cluster-mode=0: classes without a group-threshold are clustered by NMS instead");
  settings.all_classes.group_threshold = 1;
  decision = decide(settings, {"yolox.onnx", "", "", {}, {}}, info);
  CHECK(decision.clusters.at(0).mode == ClusterMode::group_rectangles);
  CHECK(decision.warnings.empty());
  settings.network_type = 2;
  CHECK_THROWS_WITH_AS(decide(settings, {"yolox.onnx", "", "", {}, {}}, info),
                       "network-type=2: the model's outputs are those of a detector; set network-type=0 (yolox.onnx)",
                       SettingsError);
  settings.network_type = 4;
  CHECK_THROWS_WITH_AS(decide(settings, {"yolox.onnx", "", "", {}, {}}, info),
                       "network-type=4: allowed are 0 (detector), 1 (classifier), 2 (segmentation), 3 (instance masks) "
                       "and 100 (plain tensors)",
                       SettingsError);
  settings.network_type = 3;
  CHECK(decide(settings, {"yolox.onnx", "", "", {}, {}}, info).task == Task::detection);
  settings.network_type = 0;
  CHECK_THROWS_WITH_AS(decide(settings, {"c.onnx", "", "", {}, {}}, classifier_info()),
                       doctest::Contains("network-type=1"), SettingsError);
}

TEST_CASE("a label file shorter than the classes is refused with both numbers") {
  const auto path = std::filesystem::temp_directory_path() / ("fluvial-labels-" + std::to_string(::getpid()));
  std::ofstream(path) << "car\nperson\n";
  InferSettings settings = settings_for(ProcessMode::frames);
  settings.labels_file = path.string();
  settings.class_count = 4;
  CHECK_THROWS_WITH_AS(decide_detector(settings), doctest::Contains("2 labels, num-detected-classes has 4 classes"),
                       SettingsError);
  settings.class_count = 2;
  CHECK(decide_detector(settings).labels == std::vector<std::string>{"car", "person"});
  std::filesystem::remove(path);
}

TEST_CASE("a tracked object is looked at again when it grew, when it is time, and when its source is gone") {
  InferSettings settings = settings_for(ProcessMode::objects);
  ObjectSelection selection(settings, true);
  const auto fresh = [&](int frame_num, float size) {
    const BufferPtr buffer(new_batch({1}, frame_num));
    add_object(buffer.get(), 5, 0, {0, 0, size, size});
    return selection.choose(gst_buffer_get_nvds_batch_meta(buffer.get())).fresh.size() == 1;
  };
  CHECK(fresh(0, 10));
  CHECK_FALSE(fresh(1, 10.5F));
  CHECK(fresh(2, 11.2F));
  CHECK_FALSE(fresh(3, 11.2F));
  selection.forget(0);
  CHECK(fresh(4, 11.2F));
  settings.reinfer_interval = 3;
  selection = ObjectSelection(settings, true);
  CHECK(fresh(0, 10));
  CHECK_FALSE(fresh(3, 10));
  CHECK(fresh(4, 10));
}

TEST_CASE("what is remembered of objects stays bounded") {
  ObjectSelection selection(settings_for(ProcessMode::objects), true);
  ResultMemory results;
  std::size_t most = 0;
  for (int n = 0; n < 2000; ++n) {
    const BufferPtr buffer(new_batch({1}, n));
    for (guint64 i = 0; i < 10; ++i) add_object(buffer.get(), static_cast<guint64>(n) * 10 + i, 0, {0, 0, 9, 9});
    selection.choose(gst_buffer_get_nvds_batch_meta(buffer.get()));
    results.store(0, static_cast<std::uint64_t>(n) * 10, {});
    most = std::max(most, selection.remembered());
  }
  CHECK(most <= ObjectSelection::most_objects + 10);
  CHECK(results.remembered() <= ResultMemory::most_objects);
}

TEST_CASE("key points are kept as shares of a box, and placed in another") {
  const Keypoint share = share_of({10, 20, 40, 80}, {30, 20, 0.5F});
  CHECK(share.x == doctest::Approx(0.5));
  CHECK(share.y == 0);
  const Keypoint placed = place_in({100, 50, 20, 10}, share);
  CHECK(placed.x == doctest::Approx(110));
  CHECK(placed.y == doctest::Approx(50));
  CHECK(placed.confidence == 0.5F);
  CHECK(place_in({1, 2, 0, 0}, share_of({5, 5, 0, 0}, {7, 7, 1})).x == 1);
}

TEST_CASE("rows of all pictures that are counted beside have no batch of their own") {
  ModelInfo info;
  info.inputs = {{"image", ElementType::f32, {-1, 3, 320, 320}}, {"scale_factor", ElementType::f32, {-1, 2}}};
  info.outputs = {{"rows", ElementType::f32, {-1, 6}}, {"counts", ElementType::i32, {-1}}};
  InferSettings settings = settings_for(ProcessMode::frames);
  settings.color_format = 0;
  settings.net_scale_factor = 1.0F;
  const Decision decision = decide(settings, {"/models/picodet.onnx", "", "", {}, {}}, info);
  CHECK_FALSE(decision.has_batch(0));
  CHECK(decision.has_batch(1));
}

TEST_CASE("a query is answered after what stands before it, and refused when the line stands still") {
  FlowQueue queue(4);
  auto* query = gst_query_new_drain();
  CHECK_FALSE(queue.ask(query));
  queue.restart();
  std::thread taker([&] {
    Entry entry;
    queue.pop(entry);
    CHECK(std::holds_alternative<EventPtr>(entry));
    queue.pop(entry);
    CHECK(std::holds_alternative<GstQuery*>(entry));
    queue.answer(true);
  });
  queue.push(EventPtr(gst_event_new_eos()));
  CHECK(queue.ask(query));
  taker.join();
  // Nobody takes it: a flush lets the asker go, and nothing of the question stays.
  std::thread asker([&] { CHECK_FALSE(queue.ask(query)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  queue.stop(GST_FLOW_FLUSHING);
  asker.join();
  CHECK(queue.take_all().empty());
  gst_query_unref(query);
}

TEST_CASE("the line holds no more buffers than it may") {
  FlowQueue queue(2);
  queue.restart();
  for (int i = 0; i < 2; ++i) queue.push(Ready{BufferPtr(gst_buffer_new()), {}});
  std::atomic<bool> has_space{false};
  std::thread waiter([&] {
    CHECK(queue.wait_for_space() == GST_FLOW_OK);
    has_space = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK_FALSE(has_space);
  Entry entry;
  queue.pop(entry);
  waiter.join();
  CHECK(has_space);
}

TEST_CASE("inference takes one stream a CPU, and the user's word") {
  CHECK(schedule_for({}, 2).streams == 2);
  CHECK(schedule_for({}, 2).threads == 2);
  CHECK(schedule_for({}, 64).streams == 16);
  CHECK(schedule_for({}, 64).threads == 64);
  BackendSettings settings;
  settings.streams = 1;
  CHECK(schedule_for(settings, 8).streams == 1);
  CHECK(schedule_for(settings, 8).threads == 8);
  settings.streams = 8;
  settings.threads = 3;
  CHECK(schedule_for(settings, 8).streams == 3);
  CHECK(usable_cpus() >= 1);
}

TEST_CASE("tensors that a GPU keeps are told with their unit's address, and stay as long as any copy of the metadata") {
  GstBuffer* buffer = gst_buffer_new();
  auto* batch = add_batch_meta(buffer, 1);
  auto* frame = nvds_acquire_frame_meta_from_pool(batch);
  nvds_add_frame_meta_to_batch(batch, frame);
  Unit unit;
  unit.frame = frame;
  Decision decision;
  decision.batched_outputs = {true, false};
  std::vector<float> scores(6), anchors(4);
  const std::vector<TensorView> outputs = {{"scores", ElementType::f32, {2, 3}, scores.data()},
                                           {"anchors", ElementType::f32, {4}, anchors.data()}};
  std::vector<std::shared_ptr<void>> kept = {std::make_shared<int>(1), std::make_shared<int>(2)};
  const std::weak_ptr<void> watch = kept[0];
  auto* first = static_cast<char*>(kept[0].get());
  auto* second = kept[1].get();
  attach_tensors(decision, unit, outputs, 1, 1, kept);
  kept.clear();
  GstBuffer* copy = gst_buffer_copy_deep(buffer);
  gst_buffer_unref(buffer);
  const auto* copied = static_cast<NvDsFrameMeta*>(gst_buffer_get_nvds_batch_meta(copy)->frame_meta_list->data);
  const auto* user = static_cast<NvDsUserMeta*>(copied->frame_user_meta_list->data);
  const auto* tensors = static_cast<NvDsInferTensorMeta*>(user->user_meta_data);
  CHECK(tensors->out_buf_ptrs_dev[0] == first + 3 * sizeof(float));
  CHECK(tensors->out_buf_ptrs_dev[1] == second);
  CHECK_FALSE(watch.expired());
  gst_buffer_unref(copy);
  CHECK(watch.expired());
}
