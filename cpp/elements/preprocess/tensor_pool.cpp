#include "elements/preprocess/tensor_pool.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace fluvial {
namespace {

constexpr std::size_t alignment = 64;  // of SIMD, and of what backends take without copying

}  // namespace

struct TensorPool::Block : NvDsPreProcessCustomBuf {
  explicit Block(std::size_t bytes) {
    memory_ptr = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!memory_ptr) throw std::bad_alloc();
  }
  ~Block() { std::free(memory_ptr); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
};

void TensorPool::Free::operator()(Block* block) const { delete block; }

NvDsPreProcessCustomBuf* TensorPool::acquire() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) idle_.emplace_back(new Block(bytes_));
  used_.push_back(std::move(idle_.back()));
  idle_.pop_back();
  return used_.back().get();
}

gboolean TensorPool::release(NvDsPreProcessCustomBuf* buffer) {
  std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(used_.begin(), used_.end(), [=](const BlockPtr& block) { return block.get() == buffer; });
  if (found == used_.end()) return FALSE;
  if (idle_.size() < kept_) idle_.push_back(std::move(*found));
  used_.erase(found);
  return TRUE;
}

TensorPool::Tensor TensorPool::own(NvDsPreProcessCustomBuf* buffer) {
  return {buffer, [pool = shared_from_this()](NvDsPreProcessCustomBuf* done) { pool->release(done); }};
}

std::size_t TensorPool::in_use() const {
  std::lock_guard lock(mutex_);
  return used_.size();
}

std::size_t TensorPool::idle() const {
  std::lock_guard lock(mutex_);
  return idle_.size();
}

}  // namespace fluvial
