// Memory for tensors, used again. It lives as long as one of its tensors does, so a buffer may outlive the element.
// Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "nvdspreprocess_interface.h"

namespace fluvial {

class TensorPool final : public NvDsPreProcessAcquirer, public std::enable_shared_from_this<TensorPool> {
 public:
  using Tensor = std::shared_ptr<NvDsPreProcessCustomBuf>;  // gone, its memory is idle again

  // `bytes` of one tensor; `kept` is how many idle ones are kept. How many there are is bounded by the buffers on
  // their way.
  TensorPool(std::size_t bytes, std::size_t kept) : bytes_(bytes), kept_(kept) {}

  Tensor take() { return own(acquire()); }
  // A tensor that acquire() gave and nobody released.
  Tensor own(NvDsPreProcessCustomBuf* buffer);

  // As a library sees it. acquire() does not wait.
  NvDsPreProcessCustomBuf* acquire() override;
  // False for memory that is none of this pool's, or idle.
  gboolean release(NvDsPreProcessCustomBuf* buffer) override;

  std::size_t bytes() const { return bytes_; }
  std::size_t in_use() const;
  std::size_t idle() const;

 private:
  struct Block;
  struct Free {
    void operator()(Block* block) const;
  };
  using BlockPtr = std::unique_ptr<Block, Free>;

  const std::size_t bytes_, kept_;
  mutable std::mutex mutex_;
  std::vector<BlockPtr> idle_, used_;
};

}  // namespace fluvial
