#include "meta/arena.h"

#include "meta/batch_arena.h"

namespace fluvial {

Lease Lease::of(const NvDsBatchMeta* batch) {
  Arena* arena = batch ? Arena::of(batch) : nullptr;
  if (arena) arena->ref();
  return Lease(arena);
}

Lease::Lease(const Lease& other) : arena_(other.arena_) {
  if (arena_) arena_->ref();
}

Lease::~Lease() {
  if (arena_) arena_->unref();
}

void Lease::free_array_later(void* memory) const {
  if (memory) arena_->free_array_later(memory);
}

void Lease::free_text_later(void* memory) const {
  if (memory) arena_->free_text_later(memory);
}

bool Lease::is_alive() const { return arena_ && arena_->is_alive.load(std::memory_order_acquire); }

}  // namespace fluvial
