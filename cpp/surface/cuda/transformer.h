// Transforms of surfaces on one device, by kernels.
#pragma once

#include <atomic>
#include <vector>

#include "surface/cuda/device.h"
#include "surface/cuda/moves.h"
#include "surface/surface.h"

namespace fluvial::cuda {

// Any thread.
class Transformer {
 public:
  // Throws std::runtime_error where the kernels cannot be compiled.
  explicit Transformer(Device& device) : device_(device), queue_(device), done_(device) {
    device_.kernel("transform_nv12_same");
  }

  Device& device() const { return device_; }
  // As Allocator has it; each target, or each source, is on this device. What is to become black goes first.
  void run(const std::vector<TransformJob>& jobs);
  std::uint64_t written_bytes() const { return written_; }

 private:
  struct Work;
  void add(const TransformJob& job, Work& work);
  ImageView on_device(const Surface& surface, Work& work);
  void launch(const std::vector<PlacedMove>& moves);

  Device& device_;
  Queue queue_;
  Mark done_;
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace fluvial::cuda
