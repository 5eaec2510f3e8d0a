// Who makes a tensor of regions: what is built in (built_in.h), or a library of the user's (library.h).
// Belongs to the streaming thread.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <vector>

#include "algo/letterbox.h"
#include "elements/preprocess/regions.h"
#include "elements/preprocess/tensor_pool.h"

namespace fluvial {

// What was made of some regions of a batch.
struct RegionTensor {
  TensorPool::Tensor memory;  // empty: no tensor yet
  std::vector<int> shape;
  guint64 bytes = 0;
  std::vector<NvDsRoiMeta> regions;
  std::shared_ptr<GstBuffer> pictures;  // what NvDsRoiMeta::converted_buffer points into; empty: nothing
};

class TensorMaker {
 public:
  virtual ~TensorMaker() = default;
  // Of at most network-input-shape[0] regions of one buffer. Throws std::runtime_error.
  virtual RegionTensor make(GstBuffer* buffer, const Region* regions, std::size_t count) = 0;
};

// The maker that the settings ask for. Throws SettingsError.
std::unique_ptr<TensorMaker> make_tensor_maker(const PreprocessSettings& settings);

// Bytes of one element of NvDsDataType.
std::size_t bytes_of_data_type(int type);

// Where a region's picture lies in the network's input, as inference reads it to find the way back.
NvDsRoiMeta describe_region(const Region& region, const Letterbox& on_input);

}  // namespace fluvial
