// Surfaces of any sizes and memories become the batch that a network takes, on the device, in a launch or two.
#pragma once

#include <vector>

#include "algo/letterbox.h"
#include "surface/cuda/device.h"
#include "surface/cuda/kernels/parameters.h"
#include "surface/surface.h"
#include "types/model.h"

namespace fluvial::cuda {

// The device's counterpart of Preprocessor. Belongs to one stream of work; not thread-safe.
class TensorWriter {
 public:
  // Throws std::invalid_argument as Preprocessor does.
  TensorWriter(Device& device, const InputSpec& input);

  // One unit, to be written to device memory at `out`. The surface must live until what launch() put into the stream is
  // done. One in system memory is copied to the device first. Throws std::invalid_argument for one without pixels.
  Letterbox add(const Surface& surface, const Box& crop, void* out, Stream stream);
  // Leaves what was added since the last launch().
  void forget() {
    pictures_.clear();
    crops_.clear();
    blocks_.clear();
  }
  // Writes all units that were added. What is returned must live until that is done.
  std::vector<DeviceBlock> launch(Stream stream);

 private:
  struct Kernels {
    const char *of_few, *of_many;
    unsigned rows;  // of a block's threads
  };
  void launch_all(std::vector<Picture>& pictures, const Kernels& kernels, Stream stream);
  template <typename Batch>
  void launch_in(const std::vector<Picture>& pictures, Function kernel, unsigned rows, Stream stream);
  void use_surface(const Surface& surface, Picture& picture, Stream stream);

  Device& device_;
  InputSpec spec_;
  Input input_{};
  std::vector<Picture> pictures_, crops_;  // of two kernels
  std::vector<DeviceBlock> blocks_;        // of what waits for launch()
};

}  // namespace fluvial::cuda
