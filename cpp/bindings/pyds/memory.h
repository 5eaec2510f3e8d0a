// Addresses as ints: looking at memory that may not be there, and what pyds itself handed out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bindings/pyds/capsule.h"

namespace fluvial::python {

// Copies what can be read, from the start; returns how many bytes. Never faults.
std::size_t read_memory(std::uintptr_t address, void* out, std::size_t size);

// A str of the C string at an address; None for 0; ValueError where nothing can be read.
PyObject* string_at(std::uintptr_t address);

// What get_ptr() returned, so that cast(int) finds its way back.
void remember_address(const Pointer& pointer);
// True for a block, and for an address that we gave out and have not forgotten.
bool recall_address(std::uintptr_t address, Pointer& out);

// True for a block alone.
bool block_at(std::uintptr_t address, Pointer& out);

// A block that Python passes around as an int. 0 when there is no memory.
std::uintptr_t new_block(std::size_t size);
// The same of memory that holds a struct. Keeps a reference on the root that owns it.
void add_block(Root* root, const TypeInfo& type);
// False when it is no such block, or one that the metadata owns by now: nothing was done.
bool free_block(std::uintptr_t address);
// The block's memory belongs to what stands on that ground, which frees it with g_free. False when it is no block.
bool hand_over_block(std::uintptr_t address, const Ground& to);
// The memory is freed by whoever owns it; its address says nothing any more.
void forget_block(const void* memory);

// Frees memory when nobody can look at it any more: at once, or with a batch's last lease, or with a root.
class Later {
 public:
  Later() = default;
  explicit Later(const Lease& lease) : lease_(lease) {}
  explicit Later(const Ground& ground) : lease_(base_of(ground.root)->lease), root_(base_of(ground.root)) {}
  void operator()(void* memory) const;

 private:
  Lease lease_;
  Root* root_ = nullptr;
};

}  // namespace fluvial::python
