#include "bindings/backend.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <tuple>

#include "bindings/bridge_request.h"
#include "bindings/calls.h"
#include "bindings/device_request.h"
#include "bindings/element_types.h"
#include "bindings/face.h"
#include "bindings/frames.h"
#include "bindings/tensor_arrays.h"
#include "meta/offers.h"
#include "surface/cuda/device.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

using Described = std::tuple<std::string, std::string, Shape>;  // name, type, shape with -1 for open sizes

std::vector<TensorInfo> tensors_of(const std::vector<Described>& described) {
  std::vector<TensorInfo> tensors;
  for (const auto& [name, type, shape] : described) tensors.push_back({name, element_type_named(name, type), shape});
  return tensors;
}

Block new_block(std::size_t bytes) {
  constexpr std::size_t alignment = 64;  // a cache line, and what vector instructions like
  const std::size_t size = (bytes + alignment) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (!memory) throw std::bad_alloc();
  std::memset(memory, 0, size);  // a batch may be padded with it before pictures were ever written there
  return {memory, std::free};
}

// The bridge has judged names, types and shapes.
std::vector<TensorView> views_of(nb::handle arrays, const std::vector<TensorInfo>& infos) {
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const auto array = std::make_shared<const Array>(arrays[i]);
    views.push_back({infos[i].name, infos[i].type, array->shape(), array->data(), array});
  }
  return views;
}

class PythonRequest final : public BridgeRequest {
 public:
  PythonRequest(nb::handle bridge, const ModelInfo& info, const ClosedShapes& shapes, Workers& workers)
      : BridgeRequest(bridge, info, shapes, workers) {
    make_inputs(info, shapes, new_block,
                [](const TensorView& input, const Block& block) { return array_of(input, block, true); });
  }
  ~PythonRequest() override { let_worker_finish(); }

  void wait() override {
    const WithoutGil released;
    done_.get();
  }

 private:
  void infer() override {
    in_python([this] {
      outputs_.clear();
      outputs_ = views_of(bridge_.attr("infer")(arrays_.get(), units_), outputs_of_);
    });
  }
};

nb::dict shapes_by_name(const ModelInfo& info, const ClosedShapes& shapes) {
  nb::dict out;
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    const auto& shape = shapes.inputs[i];
    nb::list sizes;
    for (auto d : shape) sizes.append(d);
    out[info.inputs[i].name.c_str()] = nb::tuple(sizes);
  }
  return out;
}

}  // namespace

// --- threads ---------------------------------------------------------------------------------------------------------

Workers::Workers(int count) {
  for (int i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
  {
    std::lock_guard lock(mutex_);
    is_over_ = true;
    tasks_.clear();
  }
  has_task_.notify_all();
  const WithoutGil released;
  for (auto& thread : threads_) thread.join();
}

std::future<void> Workers::run(std::packaged_task<void()> task) {
  auto done = task.get_future();
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  has_task_.notify_one();
  return done;
}

void Workers::work() {
  for (;;) {
    std::packaged_task<void()> task;
    {
      std::unique_lock lock(mutex_);
      has_task_.wait(lock, [this] { return is_over_ || !tasks_.empty(); });
      if (is_over_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

// --- the backend -----------------------------------------------------------------------------------------------------

PythonBackend::PythonBackend(nb::object bridge) : bridge_(std::move(bridge)) {
  in_python([this] {
    using Map = std::map<std::string, std::string>;
    const nb::object found = bridge_.get().attr("describe")();
    info_.path = nb::cast<std::string>(found["path"]);
    info_.inputs = tensors_of(nb::cast<std::vector<Described>>(found["inputs"]));
    info_.outputs = tensors_of(nb::cast<std::vector<Described>>(found["outputs"]));
    info_.metadata = nb::cast<Map>(found["metadata"]);
    max_batch_ = nb::cast<int>(found["max_batch"]);
    can_be_interrupted_ = nb::cast<bool>(bridge_.get().attr("can_be_interrupted"));
  });
}

// A stop must go on whatever Python says; where Python is gone, so is what could be broken off.
void PythonBackend::tell(const char* method) {
  if (!can_be_interrupted_) return;
  try {
    in_python([&] { bridge_.get().attr(method)(); });
  } catch (const std::exception&) {
  }
}

void PythonBackend::compile(const InputSpec& input, const BackendSettings& settings) {
  const int wanted = std::max(1, settings.batch);
  const int batch = max_batch_ > 0 ? std::min(max_batch_, wanted) : wanted;
  shapes_ =
      settings.shapes.empty() ? close_input_shapes(info_, input, batch) : given_input_shapes(info_, settings.shapes);
  in_python([&] {
    const nb::object ready = bridge_.get().attr("compile")(
        nb::arg("batch") = shapes_.batch, nb::arg("is_batch_open") = shapes_.is_batch_open,
        nb::arg("device") = settings.device, nb::arg("precision") = settings.precision,
        nb::arg("threads") = settings.threads, nb::arg("requests") = settings.streams,
        nb::arg("shapes") = shapes_by_name(info_, shapes_), nb::arg("is_feed_open") = settings.is_feed_open);
    using Ready = std::tuple<std::string, int, int, std::optional<Described>>;
    std::optional<Described> feed;
    std::tie(description_, parallel_, ordinal_, feed) = nb::cast<Ready>(ready);
    fed_ = info_.inputs;
    fed_shapes_ = shapes_.inputs;
    if (feed) take_feed(std::get<0>(*feed), element_type_named("feed", std::get<1>(*feed)), std::get<2>(*feed));
  });
  workers_ = std::make_unique<Workers>(ordinal_ < 0 ? parallel_ : 1);
  turns_ = new_turns();
}

// The bridge has judged it.
void PythonBackend::take_feed(const std::string& name, ElementType type, const Shape& shape) {
  for (std::size_t i = 0; i < fed_.size(); ++i) {
    if (fed_[i].name != name) continue;
    fed_[i].type = type;
    fed_shapes_[i] = shape;
  }
}

InputSpec PythonBackend::feed(const InputSpec& input) const {
  InputSpec fed = input;
  for (std::size_t i = 0; i < fed_.size(); ++i) {
    if (fed_[i].name != input.name) continue;
    fed.type = fed_[i].type;
    if (fed_shapes_[i] != shapes_.inputs[i]) fed.layout = input.layout == Layout::nchw ? Layout::nhwc : Layout::nchw;
  }
  return fed;
}

// On a GPU one is computed, one stands behind it, and one is read or written meanwhile.
int PythonBackend::useful_requests() const {
  constexpr int on_gpu = 3;
  return ordinal_ < 0 ? parallel_ + 1 : std::max(on_gpu, parallel_ + 1);
}

std::unique_ptr<Request> PythonBackend::make_request() {
  ModelInfo info = info_;
  ClosedShapes shapes = shapes_;
  info.inputs = fed_;
  shapes.inputs = fed_shapes_;
  if (ordinal_ < 0) return std::make_unique<PythonRequest>(bridge_.get(), info, shapes, *workers_);
  return make_device_request(bridge_.get(), info, shapes, *workers_, cuda::Device::at(ordinal_), turns_);
}

namespace {

// --- offers ----------------------------------------------------------------------------------------------------------

// `context` is a callable that turns a path into a bridge.
void* make_of_callable(void* context, const void* path) {
  return in_python([&]() -> void* {
    prepare_for_arrays();
    const nb::handle open(static_cast<PyObject*>(context));
    return static_cast<Backend*>(new PythonBackend(open(static_cast<const char*>(path))));
  });
}

// `context` is a name that fluvial.backends knows, itself imported when somebody asks.
void* make_of_name(void* context, const void* path) {
  return in_python([&]() -> void* {
    prepare_for_arrays();
    return static_cast<Backend*>(new PythonBackend(
        backends_bridge().attr("open_named")(static_cast<const char*>(context), static_cast<const char*>(path))));
  });
}

void offer(const std::string& name, nb::callable open) {
  PyObject* context = open.release().ptr();
  nb::gil_scoped_release release;
  fluvial_offer(offered_backend, name.c_str(), make_of_callable, context, release_object);
}

void withdraw(const std::string& name) {
  nb::gil_scoped_release release;
  fluvial_withdraw(offered_backend, name.c_str());
}

void offer_known() {
  for (const char* name : {"onnxruntime", "pytorch", "tensorrt", "triton"})
    fluvial_offer(offered_backend, name, make_of_name, const_cast<char*>(name), nullptr);
}

}  // namespace

void bind_backends(nb::module_& m) {
  offer_known();
  m.def("offer_backend", offer, nb::arg("name"), nb::arg("open"),
        nb::sig("def offer_backend(name: str, open: collections.abc.Callable[[str], object]) -> None"),
        "From now on the elements of this process find a backend of this name: open(path) gives its bridge.");
  m.def("withdraw_backend", withdraw, nb::arg("name"), "Those that are open stay.");
}

}  // namespace fluvial::python
