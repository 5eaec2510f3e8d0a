// What requests of a backend in Python have in common, wherever their inputs lie.
#pragma once

#include <nanobind/nanobind.h>

#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "algo/input_shapes.h"
#include "backends/backend.h"
#include "bindings/backend.h"
#include "bindings/calls.h"

namespace fluvial::python {

namespace nb = nanobind;

// Memory of one input, kept by the request and by every array that Python has of it.
using Block = std::shared_ptr<void>;

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

}  // namespace fluvial::python
