// Tensors that were made before inference (NVDS_PREPROCESS_BATCH_META): which of a batch's are for this inference, and
// whether they are what its model takes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "elements/infer/decision.h"
#include "elements/infer/units.h"

namespace fluvial {

// Belongs to the bringing thread.
class TensorInput {
 public:
  using Complain = std::function<void(const std::string&)>;
  // `complain` hears once that no tensors come, and once that a stand-in makes no use of them.
  TensorInput(const Decision& decision, Complain complain) : decision_(decision), complain_(std::move(complain)) {}

  // One unit for each region, in the order of the tensors. Each carries its part of a tensor; for a stand-in, which is
  // fed in another way than the model that the tensor was made for, it only says where its pixels are.
  // Throws std::runtime_error that names both when a tensor is not what the model takes.
  std::vector<Unit> units(NvDsBatchMeta* batch);

  static constexpr int batches_without_tensors = 100;

 private:
  void note(std::size_t tensors);

  const Decision& decision_;
  Complain complain_;
  int empty_batches_ = 0;
  bool has_seen_tensor_ = false;
};

// Where its picture lies on the network's input, as the region says.
Letterbox letterbox_of(const NvDsRoiMeta& region);

// In pixels of the frame.
Box box_of(const NvDsRoiMeta& region);

}  // namespace fluvial
