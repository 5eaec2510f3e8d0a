// A model's outputs as they are, for whoever asks: files (raw-output-file-write), a C function
// (raw-output-generated-callback).
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "elements/infer/decision.h"
#include "types/tensor.h"

namespace fluvial {

// Belongs to the pushing thread. The first output's binding is behind `inputs`.
class RawOutput {
 public:
  RawOutput(const Decision& decision, std::size_t inputs) : decision_(decision), inputs_(inputs) {}

  bool is_wanted() const { return decision_.settings.writes_raw_output || decision_.settings.raw_callback; }
  // After each inference, with the buffer that its `units` pictures are of. Files go to the working folder, named as
  // DeepStream names them: gstnvdsinfer_uid-01_layer-NAME_batch-0000000000_batchsize-01.bin. Throws std::runtime_error
  // when one cannot be written.
  void hand_on(GstBuffer* buffer, const std::vector<TensorView>& outputs, std::size_t units);

 private:
  void write(const TensorView& output, std::size_t bytes, std::size_t units) const;

  const Decision& decision_;
  std::size_t inputs_;
  std::uint64_t batches_ = 0;
};

}  // namespace fluvial
