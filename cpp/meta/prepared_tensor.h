// A tensor that was made before inference, and its regions, as user metadata of a batch (NVDS_PREPROCESS_BATCH_META).
#pragma once

#include <memory>

#include "gstnvdsmeta.h"
#include "meta/export.h"
#include "nvdspreprocess_meta.h"

namespace fluvial {

// The C structs, and what keeps their memory. `meta.tensor_meta` and the private pointers are set when it is attached.
struct PreparedTensor {
  GstNvDsPreProcessBatchMeta meta{};
  NvDsPreProcessTensorMeta tensor{};
  std::shared_ptr<void> memory;    // raw_tensor_buffer's; empty: no tensor yet
  std::shared_ptr<void> pictures;  // what NvDsRoiMeta::converted_buffer points into; empty: nothing
};

// The batch owns it from now on; its copies share the memory.
FLUVIAL_EXPORT void attach_prepared_tensor(NvDsBatchMeta* batch, PreparedTensor tensor);

// Regions name frames and objects. After a copy: those of the batch that the copy is in. Other metadata is left alone.
void point_regions(const NvDsUserMeta* from, NvDsUserMeta* to, NvDsBatchMeta* to_batch);

}  // namespace fluvial
