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

// A block that Python passes around as an int. 0 when there is no memory.
std::uintptr_t new_block(std::size_t size);
// False when it is no such block: nothing was done.
bool free_block(std::uintptr_t address);
// The block's memory goes to whoever stores it, who frees it with g_free.
bool hand_over_block(std::uintptr_t address);

}  // namespace fluvial::python
