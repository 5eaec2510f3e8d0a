// OpenVINO as a backend: ONNX files and OpenVINO IR, on the CPU or any other device that OpenVINO names.
//
// A shared library of its own, opened by ../load.cpp: this folder is the only one that sees OpenVINO's headers. Input
// tensors are the request's own memory, allocated once when it is made, so that preprocessing writes where inference
// reads.
#include <openvino/openvino.hpp>
#include <stdexcept>

#include "algo/input_shapes.h"
#include "backends/backend.h"
#include "backends/openvino/model_info.h"
#include "backends/openvino/schedule.h"

namespace fluvial {
namespace {

// OpenVINO wants one core a process (it holds the device plugins), and thread-safe it is. Never destroyed: at exit the
// plugins' own statics are gone before ours.
ov::Core& core() {
  static auto* shared = new ov::Core();
  return *shared;
}

std::string version() {
  const std::string build = ov::get_openvino_version().buildNumber;
  return build.substr(0, build.find('-'));
}

TensorView view_of(const std::string& name, ov::Tensor tensor) {
  TensorView view;
  view.name = name;
  view.type = element_type(tensor.get_element_type());
  const auto shape = tensor.get_shape();
  view.shape.assign(shape.begin(), shape.end());
  view.data = tensor.data();
  return view;
}

class OpenVinoRequest final : public Request {
 public:
  OpenVinoRequest(ov::InferRequest request, const ModelInfo& model) : request_(std::move(request)), model_(model) {
    for (std::size_t i = 0; i < model_.inputs.size(); ++i)
      inputs_.push_back(view_of(model_.inputs[i].name, request_.get_input_tensor(i)));
  }

  std::vector<TensorView> inputs() override { return inputs_; }

  void start() override {
    try {
      leave_what_is_kept();
      request_.start_async();
    } catch (const std::exception& e) {
      throw std::runtime_error("OpenVINO: " + words_of(e));
    }
  }

  void wait() override {
    try {
      request_.wait();
    } catch (const std::exception& e) {
      throw std::runtime_error("OpenVINO: " + words_of(e));
    }
  }

  std::vector<TensorView> outputs() override {
    // Asked for anew each time: the shape, and with it the memory, of an output may depend on the picture.
    std::vector<TensorView> outputs;
    given_.clear();
    for (std::size_t i = 0; i < model_.outputs.size(); ++i) {
      const auto tensor = std::make_shared<const ov::Tensor>(request_.get_output_tensor(i));
      outputs.push_back(view_of(model_.outputs[i].name, *tensor));
      outputs.back().owner = tensor;
      given_.push_back(tensor);
    }
    return outputs;
  }

 private:
  // Outputs that somebody still holds are his: the next ones are written elsewhere.
  void leave_what_is_kept() {
    for (std::size_t i = 0; i < given_.size(); ++i)
      if (const auto kept = given_[i].lock())
        request_.set_output_tensor(i, ov::Tensor(kept->get_element_type(), kept->get_shape()));
    given_.clear();
  }

  std::vector<std::weak_ptr<const ov::Tensor>> given_;
  ov::InferRequest request_;
  ModelInfo model_;
  std::vector<TensorView> inputs_;
};

class OpenVinoBackend final : public Backend {
 public:
  explicit OpenVinoBackend(const std::string& path) {
    try {
      model_ = core().read_model(path);
      info_ = describe_model(path, *model_);
    } catch (const std::exception& e) {
      throw std::runtime_error("cannot read the model: " + words_of(e) + " (" + path + ")");
    }
  }

  const ModelInfo& model() const override { return info_; }

  void compile(const InputSpec& input, const BackendSettings& settings) override {
    const bool is_cpu = settings.device.compare(0, 3, "CPU") == 0;
    batch_ = is_cpu && !settings.is_batch_measured ? 1 : std::max(1, settings.batch);
    try {
      close_shapes(settings.shapes.empty() ? close_input_shapes(info_, input, batch_)
                                           : given_input_shapes(info_, settings.shapes));
      if (is_cpu) {
        compile_for_cpu(settings);
      } else {
        compile_for_device(settings);
      }
    } catch (const std::exception& e) {
      throw std::runtime_error("cannot compile the model for device '" + settings.device + "': " + words_of(e) + " (" +
                               info_.path + ")");
    }
  }

  int batch() const override { return batch_; }
  int useful_requests() const override { return useful_requests_; }
  std::string description() const override { return description_; }

  std::unique_ptr<Request> make_request() override {
    return std::make_unique<OpenVinoRequest>(compiled_.create_infer_request(), info_);
  }

 private:
  void close_shapes(const ClosedShapes& closed) {
    batch_ = closed.batch;
    std::map<ov::Output<ov::Node>, ov::PartialShape> shapes;
    for (std::size_t i = 0; i < closed.inputs.size(); ++i)
      shapes[model_->input(i)] =
          ov::PartialShape(std::vector<ov::Dimension>(closed.inputs[i].begin(), closed.inputs[i].end()));
    model_->reshape(shapes);
  }

  static void add_common(ov::AnyMap& properties, const BackendSettings& settings) {
    if (!settings.cache_folder.empty()) properties.insert(ov::cache_dir(settings.cache_folder));
    if (!settings.precision.empty()) properties.insert(ov::hint::inference_precision(settings.precision));
  }

  void compile_for_cpu(const BackendSettings& settings) {
    const auto schedule = schedule_for(settings, usable_cpus());
    ov::AnyMap properties{ov::num_streams(schedule.streams), ov::inference_num_threads(schedule.threads),
                          // Decoders and other models share the cores: threads that may move find an idle one.
                          ov::hint::enable_cpu_pinning(false)};
    add_common(properties, settings);
    compiled_ = core().compile_model(model_, settings.device, properties);
    // One more than run at a time, so that the next picture lies ready when one is done.
    useful_requests_ = schedule.streams + 1;
    const int each = schedule.threads / schedule.streams;
    description_ = "OpenVINO " + version() + " on " + settings.device + ", " + std::to_string(schedule.streams) +
                   (schedule.streams == 1 ? " stream x " : " streams x ") + std::to_string(each) +
                   (each == 1 ? " thread" : " threads") + (batch_ > 1 ? ", batch " + std::to_string(batch_) : "");
  }

  void compile_for_device(const BackendSettings& settings) {
    ov::AnyMap properties{ov::hint::performance_mode(ov::hint::PerformanceMode::THROUGHPUT)};
    add_common(properties, settings);
    compiled_ = core().compile_model(model_, settings.device, properties);
    useful_requests_ = static_cast<int>(compiled_.get_property(ov::optimal_number_of_infer_requests)) + 1;
    description_ = "OpenVINO " + version() + " on " + settings.device + ", batch " + std::to_string(batch_);
  }

  std::shared_ptr<ov::Model> model_;
  ModelInfo info_;
  ov::CompiledModel compiled_;
  int batch_ = 1;
  int useful_requests_ = 1;
  std::string description_;
};

}  // namespace
}  // namespace fluvial

// The one symbol that ../load.cpp asks for. Throws std::runtime_error.
extern "C" __attribute__((visibility("default"))) fluvial::Backend* fluvial_open_openvino(const char* path) {
  return new fluvial::OpenVinoBackend(path);
}
