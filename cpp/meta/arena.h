// The memory of one batch's metadata, and who may still look at it.
//
// An Arena holds a NvDsBatchMeta and all its pools. The buffer owns it; a reader that may outlive the buffer (Python)
// takes a Lease. When the buffer goes, the metadata is destroyed and the arena marked dead, but its memory stays until
// the last lease is given back: looking at it late is detected (is_alive, generation_of), never a crash.
//
// Every pooled element has a generation, in a header in front of it, that moves on when the element is taken from its
// pool or goes back. A reader that remembers it knows whether "its" object still is that object.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "meta/export.h"
#include "nvdsmeta.h"

namespace fluvial {

class Arena;

// Counted reference to an arena's memory. Any thread.
class FLUVIAL_EXPORT Lease {
 public:
  Lease() = default;
  // The lease of the batch that this metadata belongs to; empty for a batch that we did not make.
  static Lease of(const NvDsBatchMeta* batch);
  Lease(const Lease& other);
  Lease(Lease&& other) noexcept : arena_(std::exchange(other.arena_, nullptr)) {}
  Lease& operator=(Lease other) noexcept {
    std::swap(arena_, other.arena_);
    return *this;
  }
  ~Lease();

  explicit operator bool() const { return arena_ != nullptr; }
  bool is_alive() const;
  const Arena* arena() const { return arena_; }
  // Frees memory from g_malloc when no lease is left, as the arena's own: who reads it late reads old bytes. Of text,
  // which a loop may set for ever, only the latest 4096 are kept so long. Any thread.
  void free_array_later(void* memory) const;
  void free_text_later(void* memory) const;

 private:
  explicit Lease(Arena* arena) : arena_(arena) {}
  Arena* arena_ = nullptr;
};

// In front of every pooled element.
struct alignas(16) ElementHeader {
  std::atomic<std::uint64_t> generation;
  std::uint64_t
      is_listed;  // in a list of a batch, a frame, an object: it would be freed twice in two. Under meta_mutex.
  GList* node;    // its pool's: looking for it in a batch of thousands would take as long as all the rest
};

// Only for elements of our pools, while a lease on their batch is held.
inline std::uint64_t generation_of(const void* element) {
  return (static_cast<const ElementHeader*>(element) - 1)->generation.load(std::memory_order_acquire);
}

inline bool is_listed(const void* element) { return (static_cast<const ElementHeader*>(element) - 1)->is_listed != 0; }

// Called by a thread that is about to wait for the lock of a batch, which another thread has; nullptr: nobody is. For
// tests: whether it holds what that thread may want.
FLUVIAL_EXPORT void set_lock_watcher(void (*before_waiting)());

// An element is in use while its generation is odd.
inline bool is_in_use(std::uint64_t generation) { return generation & 1U; }

}  // namespace fluvial
