// A model that somebody else has run: its outputs are given. So what reads outputs needs not know that nothing runs.
// Belongs to one thread.
#pragma once

#include <memory>
#include <vector>

#include "backends/backend.h"
#include "gstnvdsinfer.h"

namespace fluvial {

class GivenTensors final : public Backend {
 public:
  explicit GivenTensors(ModelInfo info);
  // What every request answers from now on. The memory is borrowed.
  void give(std::vector<TensorView> outputs) { outputs_ = std::move(outputs); }

  const ModelInfo& model() const override { return info_; }
  void compile(const InputSpec&, const BackendSettings&) override {}
  int batch() const override { return 1; }
  int useful_requests() const override { return 1; }
  std::string description() const override { return "tensors that were given"; }
  std::unique_ptr<Request> make_request() override;

 private:
  class Given;

  ModelInfo info_;
  std::vector<TensorView> outputs_;
};

// The layers of one picture, with a batch of 1 in front or without.
std::vector<TensorView> tensors_of(const NvDsInferTensorMeta& meta, bool has_batch);

// The model whose outputs these are, as far as the metadata tells.
ModelInfo info_of(const NvDsInferTensorMeta& meta, bool has_batch);

}  // namespace fluvial
