// A model's outputs for one picture, as NVDSINFER_TENSOR_OUTPUT_META carries them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gstnvdsinfer.h"
#include "meta/export.h"
#include "nvdsmeta.h"

namespace fluvial {

// The C struct and all that it points at. The meta is the first member: a NvDsInferTensorMeta* is its TensorCopy*.
struct TensorCopy {
  NvDsInferTensorMeta meta{};
  std::vector<std::string> names;
  std::vector<std::vector<std::uint64_t>> memory;  // in words, so that every element type is aligned
  std::vector<NvDsInferLayerInfo> layers;
  std::vector<void*> host, device;
  std::vector<std::shared_ptr<void>> device_owners;  // of all layers or none; shared with copies

  FLUVIAL_EXPORT void point();  // once all is in its place
};

FLUVIAL_EXPORT void give_tensors(NvDsUserMeta* user, std::unique_ptr<TensorCopy> tensors);
// nullptr where it carries something else, or somebody else's.
FLUVIAL_EXPORT const TensorCopy* tensors_of(const NvDsUserMeta& user);

}  // namespace fluvial
