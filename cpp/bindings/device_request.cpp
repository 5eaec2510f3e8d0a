#include "bindings/device_request.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/bridge_request.h"
#include "bindings/tensor_arrays.h"
#include "surface/cuda/mask_maker.h"
#include "surface/cuda/row_picker.h"

namespace fluvial::python {

// The models of one backend in the order in which they were started, so many at a time, whichever queues they are in.
// What stands before and behind them in their queues runs beside. All at once would share the GPU, end at the same
// time, and leave it with nothing to do until all are read and filled again. Belongs to the worker.
class Turns {
 public:
  static constexpr std::size_t at_once = 2;

  // What comes into the queue next begins when the last model but at_once - 1 is done.
  void take(cuda::Stream stream) const {
    if (running_.size() == at_once) running_.front()->hold(stream);
  }
  void leave(std::shared_ptr<cuda::Mark> mark, cuda::Stream stream) {
    mark->set(stream);
    running_.push_back(std::move(mark));
    if (running_.size() > at_once) running_.pop_front();
  }

 private:
  std::deque<std::shared_ptr<const cuda::Mark>> running_;
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
  void leave_on_device(bool is_wanted) override { leaves_ = is_wanted; }
  std::vector<std::shared_ptr<void>> kept_on_device() override { return kept_; }
  std::optional<SelectedRows> selected(std::size_t unit) override {
    if (!has_rows_) return std::nullopt;
    return picker_.of_unit(unit);
  }
  const float* make_masks(const MaskWishes& wishes) override {
    const WithoutGil released;
    return masks_.make(wishes, on_device_[*wanted_->prototypes], queue_->stream());
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
    for (std::size_t i = 0; (keeps_ || leaves_) && i < on_device_.size(); ++i) keep(i);
    is_picking_ = false;
    if (leaves_) return leave_all();
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

  void leave_all() {
    outputs_.clear();
    for (std::size_t i = 0; i < on_device_.size(); ++i)
      outputs_.push_back(
          {outputs_of_[i].name, on_device_[i].type, on_device_[i].shape, kept_[i].get(), kept_[i], device_.ordinal()});
    copied_.set(queue_->stream());
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
  bool keeps_ = false, leaves_ = false;
  std::vector<cuda::DeviceBlock> kept_;  // copies of them, for whoever asked
  Held found_;                           // and their owners, until the next ones
  std::shared_ptr<cuda::Queue> queue_;   // shared with what Python has of the inputs
};

}  // namespace

std::shared_ptr<Turns> new_turns() { return std::make_shared<Turns>(); }

std::unique_ptr<Request> make_device_request(nb::handle bridge, const ModelInfo& info, const ClosedShapes& shapes,
                                             Workers& workers, cuda::Device& device, std::shared_ptr<Turns> turns) {
  return std::make_unique<DeviceRequest>(bridge, info, shapes, workers, device, std::move(turns));
}

}  // namespace fluvial::python
