// Pools of fixed-size metadata elements, DeepStream-shaped (NvDsMetaPool) in front, chunks of zeroed memory behind.
// Not thread-safe: the callers hold the batch's meta_mutex.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "meta/arena.h"

namespace fluvial {

// The NvDsMetaPool must be the first member: NvDsBatchMeta points at it and C code reads it.
class Pool {
 public:
  // max_elements is how many the first chunk holds; memory is taken on the first acquire.
  void init(NvDsMetaType type, std::size_t element_size, guint max_elements, NvDsMetaCopyFunc copy,
            NvDsMetaReleaseFunc release);
  ~Pool();

  // A zeroed element whose base_meta is filled in. It is the first of full_list.
  void* acquire(NvDsBatchMeta* batch);
  // Zeroes one of its elements, whatever it owned having been freed, and takes it back. False when it was not in use.
  bool give_back(void* element);

  NvDsMetaPool* c_pool() { return &pool_; }
  static Pool* of(NvDsMetaPool* pool) { return reinterpret_cast<Pool*>(pool); }

 private:
  void grow(guint count);

  NvDsMetaPool pool_{};
  std::size_t stride_ = 0;  // header + element
  std::vector<void*> chunks_;
};

}  // namespace fluvial
