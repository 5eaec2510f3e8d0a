// Inference without GStreamer's pads: decisions, which objects are looked at, metadata, the line of what passes, and a
// whole session over a backend made of plain code.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "backends/openvino/schedule.cpp"  // NOLINT
#include "infer_sources.h"
#include "meta/batch_buffer.h"

using namespace fluvial;  // NOLINT

namespace {

struct GstStarted {
  GstStarted() { gst_init(nullptr, nullptr); }
} started;

constexpr int side = 32;  // pixels of the network's input, and of frames

// A detector as Open Model Zoo exports it: [K, 5] boxes in pixels of the input, and labels.
ModelInfo detector_info() {
  ModelInfo info;
  info.path = "/models/detector.onnx";
  info.inputs = {{"image", ElementType::f32, {1, 3, side, side}}};
  info.outputs = {{"boxes", ElementType::f32, {-1, 5}}, {"labels", ElementType::i64, {-1}}};
  return info;
}

ModelInfo classifier_info() {
  ModelInfo info = detector_info();
  info.outputs = {{"color", ElementType::f32, {1, 2, 1, 1}}, {"type", ElementType::f32, {1, 3, 1, 1}}};
  return info;
}

// What the fake model answers to a picture, given the mean of its first channel.
struct Answer {
  std::vector<float> boxes;  // rows of 5
  std::vector<std::int64_t> labels;
  std::vector<float> color, type;
};
using Model = std::function<Answer(float mean)>;

class FakeRequest final : public Request {
 public:
  FakeRequest(const ModelInfo& info, Model model) : info_(info), model_(std::move(model)), picture_(3 * side * side) {}
  ~FakeRequest() override {
    if (thread_.joinable()) thread_.join();
  }
  std::vector<TensorView> inputs() override {
    return {{"image", ElementType::f32, {1, 3, side, side}, picture_.data()}};
  }
  void start() override {
    if (thread_.joinable()) thread_.join();
    error_.clear();
    thread_ = std::thread([this] {
      double sum = 0;
      for (int i = 0; i < side * side; ++i) sum += picture_[static_cast<std::size_t>(i)];
      try {
        answer_ = model_(static_cast<float>(sum / (side * side)));
      } catch (const std::exception& e) {
        error_ = e.what();
      }
    });
  }
  void wait() override {
    if (thread_.joinable()) thread_.join();
    if (!error_.empty()) throw std::runtime_error(error_);
  }
  std::vector<TensorView> outputs() override {
    const auto count = static_cast<std::int64_t>(answer_.labels.size());
    if (info_.outputs.size() == 2 && info_.outputs[0].name == "color")
      return {{"color", ElementType::f32, {1, 2, 1, 1}, answer_.color.data()},
              {"type", ElementType::f32, {1, 3, 1, 1}, answer_.type.data()}};
    return {{"boxes", ElementType::f32, {count, 5}, answer_.boxes.data()},
            {"labels", ElementType::i64, {count}, answer_.labels.data()}};
  }

 private:
  ModelInfo info_;
  Model model_;
  std::vector<float> picture_;
  Answer answer_;
  std::string error_;
  std::thread thread_;
};

class FakeBackend final : public Backend {
 public:
  FakeBackend(ModelInfo info, Model model) : info_(std::move(info)), model_(std::move(model)) {}
  const ModelInfo& model() const override { return info_; }
  void compile(const InputSpec&, const BackendSettings&) override {}
  int batch() const override { return 1; }
  int useful_requests() const override { return 3; }
  std::string description() const override { return "fake"; }
  std::unique_ptr<Request> make_request() override { return std::make_unique<FakeRequest>(info_, model_); }

 private:
  ModelInfo info_;
  Model model_;
};

// One grey frame for each value, as a batch from a mux would be.
GstBuffer* new_batch(const std::vector<int>& greys, int frame_num) {
  auto allocator = make_system_allocator();
  std::vector<SurfacePtr> surfaces;
  for (int grey : greys) {
    auto surface = allocator->allocate({PixelFormat::gray8, {side, side}, {}});
    const auto view = surface->view();
    for (int y = 0; y < side; ++y)
      std::fill_n(view.plane[0] + y * view.stride[0], side, static_cast<std::uint8_t>(grey));
    surfaces.push_back(surface);
  }
  auto* buffer = new_batch_buffer(std::move(surfaces));
  auto* batch = add_batch_meta(buffer, static_cast<guint>(greys.size()));
  for (guint i = 0; i < greys.size(); ++i) {
    auto* frame = nvds_acquire_frame_meta_from_pool(batch);
    frame->batch_id = frame->pad_index = frame->source_id = i;
    frame->frame_num = frame_num;
    nvds_add_frame_meta_to_batch(batch, frame);
  }
  return buffer;
}

NvDsFrameMeta* frame_of(GstBuffer* buffer, guint index = 0) {
  return nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, index);
}

NvDsObjectMeta* add_object(GstBuffer* buffer, guint64 id, int class_id, const Box& box) {
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  auto* object = nvds_acquire_obj_meta_from_pool(batch);
  object->object_id = id;
  object->class_id = class_id;
  object->unique_component_id = 1;
  object->rect_params.left = box.left;
  object->rect_params.top = box.top;
  object->rect_params.width = box.width;
  object->rect_params.height = box.height;
  nvds_add_obj_meta_to_frame(frame_of(buffer), object, nullptr);
  return object;
}

InferSettings settings_for(ProcessMode mode) {
  InferSettings settings;
  settings.process_mode = mode;
  settings.network_type = mode == ProcessMode::frames ? 0 : 1;
  return settings;
}

NvDsObjectMeta* first_object(NvDsFrameMeta* frame) {
  return frame->obj_meta_list ? static_cast<NvDsObjectMeta*>(frame->obj_meta_list->data) : nullptr;
}

// A session whose pushing side puts buffers into a list, by a pad that is linked to nothing but a chain function.
class Pipeline {
 public:
  Pipeline(const Decision& decision, const ModelInfo& info, Model model)
      : src_(gst_pad_new("src", GST_PAD_SRC)),
        sink_(gst_pad_new("sink", GST_PAD_SINK)),
        session(decision, std::make_unique<FakeBackend>(info, std::move(model)),
                [this](const std::string& text) { complaints.push_back(text); }) {
    gst_pad_set_element_private(sink_, this);
    gst_pad_set_chain_function(sink_, [](GstPad* pad, GstObject*, GstBuffer* buffer) {
      static_cast<Pipeline*>(gst_pad_get_element_private(pad))->out.emplace_back(buffer);
      return GST_FLOW_OK;
    });
    gst_pad_set_event_function(sink_, [](GstPad* pad, GstObject*, GstEvent* event) -> gboolean {
      auto* self = static_cast<Pipeline*>(gst_pad_get_element_private(pad));
      self->events_after.push_back({GST_EVENT_TYPE(event), self->out.size()});
      gst_event_unref(event);
      return TRUE;
    });
    gst_pad_set_active(src_, TRUE);
    gst_pad_set_active(sink_, TRUE);
    gst_pad_link(src_, sink_);
    gst_pad_push_event(src_, gst_event_new_stream_start("test"));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(src_, gst_event_new_segment(&segment));
    session.restart();
    thread_ = std::thread([this] {
      try {
        GstFlowReturn flow = GST_FLOW_OK;
        while (session.pass_on_next(src_, flow)) {
        }
      } catch (const std::exception& e) {
        error = e.what();
        session.stop(GST_FLOW_ERROR);
      }
    });
  }
  ~Pipeline() {
    end();
    out.clear();
    gst_object_unref(src_);
    gst_object_unref(sink_);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  GstFlowReturn push(GstBuffer* buffer, unsigned interval = 0) {
    return session.take_buffer(BufferPtr(buffer), interval);
  }
  // All that was pushed has come out.
  void drain() {
    auto* query = gst_query_new_drain();
    session.ask(query);
    gst_query_unref(query);
  }
  void end() {
    session.stop(GST_FLOW_FLUSHING);
    if (thread_.joinable()) thread_.join();
    session.drop_all(src_);
  }
  GstPad* src() { return src_; }

  std::vector<BufferPtr> out;
  std::vector<std::pair<GstEventType, std::size_t>> events_after;  // event, buffers before it
  std::vector<std::string> complaints;
  std::string error;

 private:
  GstPad* src_;
  GstPad* sink_;

 public:
  Session session;

 private:
  std::thread thread_;
};

Answer one_box(float mean) { return {{4, 8, 14, 28, mean / 256}, {1}, {}, {}}; }

Decision decide_detector(InferSettings settings) {
  settings.threshold = 0.0F;
  return decide(settings, {"/models/detector.onnx", "", "", {}, {}}, detector_info());
}

}  // namespace

TEST_CASE("results arrive on their own frames, in order, however long each inference takes") {
  // Darker pictures take longer: later inferences finish before earlier ones.
  const auto slow = [](float mean) {
    std::this_thread::sleep_for(std::chrono::microseconds(static_cast<int>(20 * (200 - mean))));
    return one_box(mean);
  };
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), slow);
  for (int n = 0; n < 40; ++n) REQUIRE(pipeline.push(new_batch({n * 4, 200 - n * 4, 100}, n)) == GST_FLOW_OK);
  pipeline.drain();
  REQUIRE(pipeline.out.size() == 40);
  for (int n = 0; n < 40; ++n) {
    auto* buffer = pipeline.out[static_cast<std::size_t>(n)].get();
    const float expected[] = {static_cast<float>(n * 4), static_cast<float>(200 - n * 4), 100};
    for (guint i = 0; i < 3; ++i) {
      auto* frame = frame_of(buffer, i);
      CHECK(frame->frame_num == n);
      CHECK(frame->bInferDone == 1);
      REQUIRE(frame->num_obj_meta == 1);
      CHECK(first_object(frame)->confidence == doctest::Approx(expected[i] / 256).epsilon(0.01));
    }
  }
}

TEST_CASE("skipped batches carry nothing and pass in order") {
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), one_box);
  for (int n = 0; n < 9; ++n) pipeline.push(new_batch({100}, n), 2);
  pipeline.drain();
  REQUIRE(pipeline.out.size() == 9);
  for (std::size_t n = 0; n < 9; ++n) {
    auto* frame = frame_of(pipeline.out[n].get());
    CHECK(frame->frame_num == static_cast<int>(n));
    CHECK(frame->bInferDone == (n % 3 == 0 ? 1 : 0));
    CHECK(frame->num_obj_meta == (n % 3 == 0 ? 1 : 0));
  }
}

TEST_CASE("events stand in line with buffers") {
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), one_box);
  for (int n = 0; n < 5; ++n) pipeline.push(new_batch({100}, n));
  pipeline.session.take_event(EventPtr(new_pad_deleted_event(0)));
  for (int n = 5; n < 8; ++n) pipeline.push(new_batch({100}, n));
  pipeline.session.take_event(EventPtr(gst_event_new_eos()));
  pipeline.drain();
  const auto& events = pipeline.events_after;
  REQUIRE(events.size() >= 2);
  CHECK(events[events.size() - 2] == std::make_pair(event_pad_deleted, std::size_t{5}));
  CHECK(events[events.size() - 1] == std::make_pair(GST_EVENT_EOS, std::size_t{8}));
}

TEST_CASE("a flush drops what is in flight, and the session goes on afterwards") {
  std::atomic<int> inferences{0};
  const auto slow = [&](float mean) {
    ++inferences;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return one_box(mean);
  };
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), slow);
  for (int round = 0; round < 20; ++round) {
    std::thread pusher([&] {
      for (int n = 0; n < 50; ++n)
        if (pipeline.push(new_batch({100, 50}, n)) != GST_FLOW_OK) break;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pipeline.end();
    pusher.join();
    pipeline.session.drop_all(pipeline.src());
    CHECK(pipeline.push(new_batch({1}, 0)) == GST_FLOW_FLUSHING);
    pipeline.session.restart();
    // A request that was dropped while running is free again.
    for (int n = 0; n < 3; ++n) CHECK(pipeline.push(new_batch({100}, n)) == GST_FLOW_OK);
    pipeline.end();
  }
  CHECK(inferences > 0);
}

TEST_CASE("a failed inference names source and frame, and the next buffer is refused") {
  const auto failing = [](float mean) {
    if (mean > 150) throw std::runtime_error("device lost");
    return one_box(mean);
  };
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), failing);
  auto flow = pipeline.push(new_batch({10, 200}, 7));
  for (int n = 8; flow == GST_FLOW_OK && n < 100; ++n) flow = pipeline.push(new_batch({10}, n));
  CHECK(flow == GST_FLOW_ERROR);
  pipeline.end();
  CHECK(pipeline.error == "inference on source 1 frame 7: device lost");
}

TEST_CASE("a buffer without a batch is refused with a hint") {
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), one_box);
  CHECK_THROWS_WITH(pipeline.push(gst_buffer_new()),
                    "the buffer carries no batch: put fluvialmux (nvstreammux) before this element");
}

TEST_CASE("an object looks as DeepStream's do") {
  InferSettings settings = settings_for(ProcessMode::frames);
  settings.unique_id = 3;
  settings.classes[1].border = {0, 1, 0, 1};
  Decision decision = decide_detector(settings);
  decision.labels = {"car", std::string(200, 'x')};
  Pipeline pipeline(decision, detector_info(), one_box);
  pipeline.push(new_batch({128}, 0));
  pipeline.drain();
  auto* object = first_object(frame_of(pipeline.out.at(0).get()));
  REQUIRE(object);
  CHECK(object->object_id == UNTRACKED_OBJECT_ID);
  CHECK(object->unique_component_id == 3);
  CHECK(object->class_id == 1);
  CHECK(object->confidence == doctest::Approx(0.5).epsilon(0.01));
  CHECK(object->rect_params.left == doctest::Approx(4));
  CHECK(object->rect_params.top == doctest::Approx(8));
  CHECK(object->rect_params.width == doctest::Approx(10));
  CHECK(object->rect_params.height == doctest::Approx(20));
  CHECK(object->detector_bbox_info.org_bbox_coords.width == doctest::Approx(10));
  CHECK(object->rect_params.border_width == 3);
  CHECK(object->rect_params.border_color.green == 1);
  CHECK(std::string(object->obj_label) == std::string(127, 'x'));
  const auto& text = object->text_params;
  CHECK(std::string(text.display_text) == std::string(200, 'x'));
  CHECK(text.x_offset == 4);
  CHECK(text.y_offset == 0);  // 10 above a box that begins at 8 is outside of the frame
  CHECK(std::string(text.font_params.font_name) == "Serif");
  CHECK(text.font_params.font_size == 11);
  CHECK(text.font_params.font_color.blue == 1);
  CHECK(text.set_bg_clr == 1);
  CHECK(text.text_bg_clr.alpha == 1);
  CHECK(text.text_bg_clr.red == 0);
}

TEST_CASE("boxes outside of the user's sizes and offsets are dropped") {
  const Size frame{100, 100};
  const Box box{10, 20, 30, 40};
  ClassAttrs attrs;
  CHECK(passes(attrs, box, frame));
  attrs.min_width = 31;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs = {};
  attrs.max_height = 39;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs = {};
  attrs.roi_top = 21;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs = {};
  attrs.roi_bottom = 41;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs.roi_bottom = 40;
  CHECK(passes(attrs, box, frame));
}

TEST_CASE("classes are filtered, mapped and limited") {
  const auto three = [](float) {
    return Answer{{0, 0, 9, 9, .9F, 9, 9, 19, 19, .8F, 1, 20, 9, 30, .7F}, {0, 1, 2}, {}, {}};
  };
  const auto ids = [&](const Decision& decision) {
    Pipeline pipeline(decision, detector_info(), three);
    pipeline.push(new_batch({100}, 0));
    pipeline.drain();
    std::vector<int> found;
    for (auto* object : each<NvDsObjectMeta>(frame_of(pipeline.out.at(0).get())->obj_meta_list))
      found.push_back(object->class_id);
    std::sort(found.begin(), found.end());
    return found;
  };
  InferSettings settings = settings_for(ProcessMode::frames);
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0, 1, 2});
  settings.unwanted_classes = {1};
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0, 2});
  settings.class_count = 2;
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0});
  settings = settings_for(ProcessMode::frames);
  settings.classes[0].threshold = 0.95F;
  CHECK(ids(decide_detector(settings)) == std::vector<int>{1, 2});
  settings = settings_for(ProcessMode::frames);
  settings.all_classes.max_width = 9;
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0, 2});

  // A stand-in: vehicle and person change places, the third class is unknown to the absent model.
  ModelPath file{"/models/detector.onnx", "/opt/absent.onnx", "", {{0, 2}, {1, 0}}, {}};
  settings = settings_for(ProcessMode::frames);
  settings.has_deepstream_defaults = true;
  settings.class_count = 4;  // of the absent model, as its colours are
  settings.net_scale_factor = 0.5F;
  settings.cluster_mode = 4;
  const Decision stand_in = decide(settings, file, detector_info());
  CHECK(ids(stand_in) == std::vector<int>{0, 2});
  CHECK(stand_in.spec.input.scale[0] == 1);
}

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

TEST_CASE("outputs are attached as tensors that survive the request, and copies of the buffer") {
  InferSettings settings = settings_for(ProcessMode::frames);
  settings.wants_tensors = true;
  settings.unique_id = 9;
  Pipeline pipeline(decide_detector(settings), detector_info(), one_box);
  pipeline.push(new_batch({64}, 0));
  for (int n = 1; n < 10; ++n) pipeline.push(new_batch({200}, n));
  pipeline.drain();
  const BufferPtr copy(gst_buffer_copy(pipeline.out.at(0).get()));
  pipeline.out.clear();
  auto* user = static_cast<NvDsUserMeta*>(frame_of(copy.get())->frame_user_meta_list->data);
  CHECK(user->base_meta.meta_type == NVDSINFER_TENSOR_OUTPUT_META);
  const auto* meta = static_cast<NvDsInferTensorMeta*>(user->user_meta_data);
  CHECK(meta->unique_id == 9);
  CHECK(meta->network_info.width == side);
  REQUIRE(meta->num_output_layers == 2);
  CHECK(std::string(meta->output_layers_info[0].layerName) == "boxes");
  CHECK(meta->output_layers_info[0].inferDims.numDims == 2);
  CHECK(meta->output_layers_info[0].inferDims.numElements == 5);
  CHECK(meta->output_layers_info[1].dataType == INT64);
  CHECK(meta->output_layers_info[1].bindingIndex == 2);
  CHECK(static_cast<float*>(meta->out_buf_ptrs_host[0])[4] == doctest::Approx(0.25).epsilon(0.01));
}

TEST_CASE("a classifier labels objects, and repeats what it knows of tracked ones") {
  std::atomic<int> inferences{0};
  const auto model = [&](float) {
    ++inferences;
    return Answer{{}, {}, {.1F, .9F}, {.2F, .7F, .1F}};
  };
  InferSettings settings = settings_for(ProcessMode::objects);
  settings.unique_id = 5;
  settings.on_unique_id = 1;
  settings.on_classes = {0};
  settings.min_object_width = 8;
  settings.classifier_type = "vehicle";
  Decision decision = decide(settings, {"/m.onnx", "", "", {}, {}}, classifier_info());
  decision.attribute_labels = {{"white", "grey"}, {"car", "bus", "van"}};
  Pipeline pipeline(decision, classifier_info(), model);
  inferences = 0;
  for (int n = 0; n < 10; ++n) {
    auto* buffer = new_batch({100}, n);
    auto* object = add_object(buffer, 77, 0, {2, 2, 10, 10});
    object->text_params.display_text = g_strdup("Car 77");
    add_object(buffer, 78, 1, {2, 2, 10, 10});                  // another class
    add_object(buffer, UNTRACKED_OBJECT_ID, 0, {2, 2, 4, 10});  // too narrow
    pipeline.push(buffer);
  }
  pipeline.drain();
  CHECK(inferences == 1);
  for (const auto& buffer : pipeline.out) {
    int labelled = 0;
    for (auto* object : each<NvDsObjectMeta>(frame_of(buffer.get())->obj_meta_list)) {
      if (!object->classifier_meta_list) continue;
      ++labelled;
      CHECK(object->object_id == 77);
      CHECK(std::string(object->text_params.display_text) == "Car 77 grey bus");
      const auto* classifier = static_cast<NvDsClassifierMeta*>(object->classifier_meta_list->data);
      CHECK(classifier->unique_component_id == 5);
      CHECK(classifier->num_labels == 2);
      CHECK(std::string(classifier->classifier_type) == "vehicle");
      const auto* label = static_cast<NvDsLabelInfo*>(classifier->label_info_list->data);  // newest first
      CHECK(std::string(label->result_label) == "bus");
      CHECK(label->result_class_id == 1);
      CHECK(label->label_id == 1);
      CHECK(label->num_classes == 3);
      CHECK(label->result_prob == doctest::Approx(0.7));
    }
    CHECK(labelled == 1);
    CHECK(frame_of(buffer.get())->bInferDone == 0);
  }
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

TEST_CASE("results that are no results are complained of once") {
  InferSettings settings = settings_for(ProcessMode::frames);
  const auto not_a_number = [](float) { return Answer{{1, 1, 2, 2, NAN}, {0}, {}, {}}; };
  {
    Pipeline pipeline(decide_detector(settings), detector_info(), not_a_number);
    for (int n = 0; n < 20; ++n) pipeline.push(new_batch({100}, n));
    pipeline.drain();
    REQUIRE(pipeline.complaints.size() == 1);
    CHECK(pipeline.complaints[0].find("NaN") != std::string::npos);
  }
  Pipeline pipeline(decide_detector(settings), detector_info(), [](float) { return Answer{}; });
  for (int n = 0; n < Health::frames_without_boxes + 50; ++n) pipeline.push(new_batch({100}, n));
  pipeline.drain();
  REQUIRE(pipeline.complaints.size() == 1);
  CHECK(pipeline.complaints[0].find("no plausible box in the first 300 frames") == 0);
  CHECK(pipeline.complaints[0].find("model-color-format") != std::string::npos);
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
