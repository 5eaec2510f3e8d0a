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

#include "bindings/calls.h"
#include "bindings/element_types.h"
#include "bindings/face.h"
#include "bindings/frames.h"
#include "bindings/tensor_arrays.h"
#include "meta/offers.h"
#include "surface/cuda/device.h"
#include "surface/cuda/mask_maker.h"
#include "surface/cuda/row_picker.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

using Described = std::tuple<std::string, std::string, Shape>;  // name, type, shape with -1 for open sizes

std::vector<TensorInfo> tensors_of(const std::vector<Described>& described) {
  std::vector<TensorInfo> tensors;
  for (const auto& [name, type, shape] : described) tensors.push_back({name, element_type_named(name, type), shape});
  return tensors;
}

// Memory of one input, kept by the request and by every array that Python has of it.
using Block = std::shared_ptr<void>;

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

// What a worker does with the bridge: the inputs are this object's memory, wherever that is.
class BridgeRequest : public Request {
 public:
  std::vector<TensorView> inputs() override { return inputs_; }
  void use_units(std::size_t units) override { units_ = units; }
  void start() override {
    done_ = workers_.run(std::packaged_task<void()>([this] { infer(); }));
  }
  std::vector<TensorView> outputs() override { return outputs_; }

 protected:
  BridgeRequest(nb::handle bridge, const ModelInfo& info, const ClosedShapes& shapes, Workers& workers)
      : bridge_(bridge), outputs_of_(info.outputs), workers_(workers), units_(static_cast<std::size_t>(shapes.batch)) {}

  // new_block(bytes) is memory, array(tensor, block) an object of Python's on it.
  template <typename NewBlock, typename ArrayOf>
  void make_inputs(const ModelInfo& info, const ClosedShapes& shapes, NewBlock new_block, ArrayOf array) {
    for (std::size_t i = 0; i < info.inputs.size(); ++i) {
      const auto& input = info.inputs[i];
      blocks_.push_back(new_block(element_count(shapes.inputs[i]) * bytes_of(input.type)));
      inputs_.push_back({input.name, input.type, shapes.inputs[i], blocks_.back().get()});
    }
    in_python([&] {
      nb::dict arrays;
      for (std::size_t i = 0; i < inputs_.size(); ++i) arrays[inputs_[i].name.c_str()] = array(inputs_[i], blocks_[i]);
      arrays_ = Held(std::move(arrays));
    });
  }

  virtual void infer() = 0;  // in a worker's thread
  // For destructors: the worker uses what they destroy.
  void let_worker_finish() {
    const WithoutGil released;
    if (done_.valid()) done_.wait();
  }

  const nb::handle bridge_;
  const std::vector<TensorInfo> outputs_of_;
  Workers& workers_;
  std::size_t units_;
  std::vector<Block> blocks_;
  std::vector<TensorView> inputs_;
  Held arrays_;
  std::vector<TensorView> outputs_;
  std::future<void> done_;
};

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

}  // namespace

// The models of one backend in the order in which they were started, one at a time, whichever queues they are in. What
// stands before and behind them in their queues runs beside. Two at once would share the GPU, end at the same time, and
// leave it with nothing to do until both are read and filled again. Belongs to the worker.
class Turns {
 public:
  // What comes into the queue next begins when the last model is done.
  void take(cuda::Stream stream) const {
    if (last_) last_->hold(stream);
  }
  void leave(std::shared_ptr<cuda::Mark> mark, cuda::Stream stream) {
    mark->set(stream);
    last_ = std::move(mark);
  }

 private:
  std::shared_ptr<const cuda::Mark> last_;
};

namespace {

// What a backend returned that computes on a GPU: where a tensor will be when the queue has come so far.
using OnDevice = std::tuple<std::uint64_t, Shape, nb::object>;

// The same for a backend that takes its inputs on a GPU and leaves its outputs there: all is put into one queue, and
// nobody waits before wait().
class DeviceRequest final : public BridgeRequest {
 public:
  DeviceRequest(nb::handle bridge, const ModelInfo& info, const ClosedShapes& shapes, Workers& workers,
                cuda::Device& device, std::shared_ptr<Turns> turns)
      : BridgeRequest(bridge, info, shapes, workers),
        device_(device),
        turns_(std::move(turns)),
        computed_(std::make_shared<cuda::Mark>(device)),
        copied_(device),
        picker_(device),
        masks_(device),
        queue_(std::make_shared<cuda::Queue>(device)) {
    make_inputs(
        info, shapes, [&](std::size_t bytes) { return device.allocate(bytes, "the model's inputs"); },
        [&](const TensorView& input, const Block& block) {
          using Kept = std::pair<Block, std::shared_ptr<cuda::Queue>>;
          const auto kept = std::make_shared<Kept>(block, queue_);
          return device_array_of(input, {device.ordinal(), kept, queue_->stream(), true});
        });
  }
  ~DeviceRequest() override {
    let_worker_finish();
    const WithoutGil released;
    try {
      queue_->wait();
    } catch (const std::exception&) {  // a GPU that was lost does nothing any more
    }
  }

  DeviceQueue queue() const override { return {device_.ordinal(), queue_->stream()}; }

  void wait() override {
    const WithoutGil released;
    done_.get();
    copied_.wait();
    has_rows_ = is_picking_ && picker_.finish();
    if (crowded_ > 0) --crowded_;
    if (!is_picking_ || has_rows_) return;
    crowded_ = whole_after_crowd;
    copy_all();  // one of the pictures is crowded
    copied_.wait();
  }

  void select_rows(const std::optional<RowSelection>& wanted) override { wanted_ = wanted; }
  void sample_unit(std::optional<std::size_t> unit) override { sampled_ = unit; }
  std::vector<TensorView> sample() override { return has_rows_ ? sample_ : std::vector<TensorView>(); }
  void keep_on_device(bool is_wanted) override { keeps_ = is_wanted; }
  std::vector<std::shared_ptr<void>> kept_on_device() override { return kept_; }
  std::optional<SelectedRows> selected(std::size_t unit) override {
    if (!has_rows_) return std::nullopt;
    SelectedRows rows = picker_.of_unit(unit);
    if (wanted_->prototypes) {
      masks_.use(on_device_[*wanted_->prototypes], unit, queue_->stream());
      rows.masks = &masks_;
    }
    return rows;
  }

 private:
  void infer() override {
    turns_->take(queue_->stream());
    in_python([this] {
      nb::object found =
          bridge_.attr("infer_on_device")(arrays_.get(), units_, reinterpret_cast<std::uintptr_t>(queue_->stream()));
      on_device_.clear();
      for (const auto& [address, shape, owner] : nb::cast<std::vector<OnDevice>>(found))
        on_device_.push_back({address, outputs_of_[on_device_.size()].type, shape});
      found_ = Held(std::move(found));
    });
    turns_->leave(computed_, queue_->stream());
    kept_.clear();
    for (std::size_t i = 0; keeps_ && i < on_device_.size(); ++i) keep(i);
    is_picking_ = wanted_ && crowded_ == 0 && has_prototypes() && picker_.start(*wanted_, on_device_, queue_->stream());
    if (!is_picking_) return copy_all();
    copy_sample();
    outputs_.clear();
    for (const auto& info : outputs_of_) outputs_.push_back({info.name, info.type, {}});
    copied_.set(queue_->stream());
  }

  bool has_prototypes() const {
    if (!wanted_->prototypes) return true;
    const std::size_t i = *wanted_->prototypes;
    return i < on_device_.size() && !on_device_[i].shape.empty() &&
           cuda::are_prototypes(on_device_[i], static_cast<std::size_t>(on_device_[i].shape[0]));
  }

  // The next inference writes over the outputs.
  void keep(std::size_t i) {
    const auto& [address, type, shape] = on_device_[i];
    const std::size_t bytes = element_count(shape) * bytes_of(type);
    kept_.push_back(device_.allocate(bytes));
    cuda::Copy2D copy;  // one row
    copy.from_type = copy.to_type = cuda::memory_device;
    copy.from_device = address;
    copy.to_device = cuda::address_of(kept_.back());
    copy.from_pitch = copy.to_pitch = copy.width = bytes;
    copy.height = 1;
    const cuda::Current current(device_);
    FLUVIAL_CUDA(cuMemcpy2DAsync_v2, &copy, queue_->stream());
  }

  void copy_all() {
    outputs_.clear();
    for (const auto& info : outputs_of_) outputs_.push_back({info.name, info.type, {}});
    for (std::size_t i = 0; i < on_device_.size(); ++i) outputs_.at(i) = copy(outputs_of_[i].name, on_device_[i]);
    copied_.set(queue_->stream());
  }

  // Rows were picked, so each output that they are of has the units first; what has not belongs to all of them.
  void copy_sample() {
    sample_.clear();
    for (std::size_t i = 0; sampled_ && i < on_device_.size(); ++i) {
      cuda::DeviceTensor part = on_device_[i];
      if (!part.shape.empty() && part.shape[0] == static_cast<std::int64_t>(picker_.units())) {
        part.shape[0] = 1;
        part.address += *sampled_ * element_count(part.shape) * bytes_of(part.type);
      }
      sample_.push_back(copy(outputs_of_[i].name, part));
    }
  }

  TensorView copy(const std::string& name, const cuda::DeviceTensor& tensor) {
    const std::size_t bytes = element_count(tensor.shape) * bytes_of(tensor.type);
    const cuda::DeviceBlock host = device_.allocate_host(bytes);
    const cuda::Current current(device_);
    FLUVIAL_CUDA(cuMemcpyDtoHAsync_v2, host.get(), tensor.address, bytes, queue_->stream());
    cuda::count_returned(bytes);
    return {name, tensor.type, tensor.shape, host.get(), host};
  }

  cuda::Device& device_;
  const std::shared_ptr<Turns> turns_;
  const std::shared_ptr<cuda::Mark> computed_;
  cuda::Mark copied_;
  cuda::RowPicker picker_;
  cuda::DeviceMaskMaker masks_;
  std::optional<RowSelection> wanted_;  // by the next or running inference
  // Pictures that follow a crowded one mostly are, and would come back twice.
  static constexpr int whole_after_crowd = 8;
  int crowded_ = 0;
  bool is_picking_ = false;
  bool has_rows_ = false;
  std::optional<std::size_t> sampled_;  // by the next or running inference
  std::vector<TensorView> sample_;
  std::vector<cuda::DeviceTensor> on_device_;  // the outputs there
  bool keeps_ = false;
  std::vector<cuda::DeviceBlock> kept_;  // copies of them, for whoever asked
  Held found_;                           // and their owners, until the next ones
  std::shared_ptr<cuda::Queue> queue_;   // shared with what Python has of the inputs
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
  turns_ = std::make_shared<Turns>();
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
  return std::make_unique<DeviceRequest>(bridge_.get(), info, shapes, *workers_, cuda::Device::at(ordinal_), turns_);
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
