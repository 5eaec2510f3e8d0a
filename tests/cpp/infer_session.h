// For tests of inference without GStreamer's pads: models and backends made of plain code, batches, a session.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "infer_sources.h"
#include "meta/batch_buffer.h"

namespace infer_session {

using namespace fluvial;  // NOLINT

// One of them is made before the tests run.
struct GstStarted {
  GstStarted() { gst_init(nullptr, nullptr); }
};

constexpr int side = 32;  // pixels of the network's input, and of frames

// A detector as Open Model Zoo exports it: [K, 5] boxes in pixels of the input, and labels.
inline ModelInfo detector_info() {
  ModelInfo info;
  info.path = "/models/detector.onnx";
  info.inputs = {{"image", ElementType::f32, {1, 3, side, side}}};
  info.outputs = {{"boxes", ElementType::f32, {-1, 5}}, {"labels", ElementType::i64, {-1}}};
  return info;
}

inline ModelInfo classifier_info() {
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
inline GstBuffer* new_batch(const std::vector<int>& greys, int frame_num) {
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

inline NvDsFrameMeta* frame_of(GstBuffer* buffer, guint index = 0) {
  return nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, index);
}

inline NvDsObjectMeta* add_object(GstBuffer* buffer, guint64 id, int class_id, const Box& box) {
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

inline InferSettings settings_for(ProcessMode mode) {
  InferSettings settings;
  settings.process_mode = mode;
  settings.network_type = mode == ProcessMode::frames ? 0 : 1;
  return settings;
}

inline NvDsObjectMeta* first_object(NvDsFrameMeta* frame) {
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

inline Answer one_box(float mean) { return {{4, 8, 14, 28, mean / 256}, {1}, {}, {}}; }

inline Decision decide_detector(InferSettings settings) {
  settings.threshold = 0.0F;
  return decide(settings, {"/models/detector.onnx", "", "", {}, {}}, detector_info());
}

inline const GstStarted started;

}  // namespace infer_session
