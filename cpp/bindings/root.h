// What every wrapper of metadata stands on: the memory, and whether it still means what it meant.
//
// A Root is made where Python first sees a batch, a callback's argument or memory of its own; everything reached from
// there shares it. It holds the arena's memory by a Lease, not the buffer, so late access reads dead but present memory
// and is turned into StaleMetadataError. All of it belongs to whoever holds the GIL.
#pragma once

#include <Python.h>

#include <cstdint>

#include "meta/arena.h"
#include "nvdsmeta.h"

namespace fluvial::python {

struct TypeInfo;  // pyds/wrapper.h

struct Root {
  PyObject_HEAD Lease lease;  // empty: memory of Python's own
  NvDsBatchMeta* batch;       // of the lease
  void* buffer;               // GstBuffer it was found on, where pixels are asked for; nullptr: not known
  bool holds_buffer;          // and this has a reference on it
  bool is_kept;               // whoever hands batches out must not close it
  void* owned;                // memory of Python's own, freed with the root
  void (*free_owned)(void*);
  // Memory that was handed on lives as long as its new owner: a user meta (element), what that holds, or both.
  Root* owner;  // counted; nullptr: none
  const void* element;
  std::uint64_t generation;
  GSList* retired;      // arrays of Python's own that views may still show, freed with the root
  PyObject* kept;       // dict of a pointer's address -> the object it points at, or nullptr
  PyObject* sources;    // sequence of names by source id, or nullptr
  PyObject* converted;  // dict of batch id -> converted pixels, or nullptr
  PyObject* place;      // code object of the function that obtained it, or nullptr
  bool is_open;         // false: the callback is over, the batch was closed, the memory was freed
  bool is_scoped;       // made for a callback while the buffer dies: only is_open counts
  bool is_outside;      // memory beside the arena, freed by its owner whatever we hold: see Access in pyds/wrapper.h
};

extern PyTypeObject* root_type;

// New references. place is looked up from the calling Python frame.
Root* new_batch_root(NvDsBatchMeta* batch);
Root* new_scoped_root(NvDsBatchMeta* batch);
// What a user meta points at: good while the user meta is, which user's ground says.
struct Ground;
Root* new_outside_root(const Ground& user);
Root* new_owned_root(void* owned, void (*free_owned)(void*));
void set_place(Root* root, PyObject* callable);  // the function that will see the batch, where none is running yet
void give_back_buffer(Root* root);
void close_root(Root* root);  // what was reached from it is stale from now on

// The folder whose functions are not the user's: places are looked for above them.
void set_package_folder(const char* folder);

inline bool is_alive(const Root* root) {
  if (!root->is_open || (root->owner && !is_alive(root->owner))) return false;
  if (root->element && generation_of(root->element) != root->generation) return false;
  return root->is_scoped || !root->lease || root->lease.is_alive();
}

// Where the memory of a root is in the end: in a batch, or in Python.
inline Root* base_of(Root* root) {
  while (root->owner) root = root->owner;
  return root;
}

// One thing inside a root: pool elements have a generation of their own; element is nullptr for the rest.
struct Ground {
  Root* root = nullptr;  // counted by whoever stores the ground
  const void* element = nullptr;
  std::uint64_t generation = 0;
};

// A struct that Python made, and nobody has yet taken over.
inline bool is_pythons(const Root* root) { return root->owned && !root->lease; }

// The memory that a root owns belongs to what stands on that ground from now on.
void hand_over(Root* root, const Ground& to);

inline bool is_good(const Ground& ground) {
  return (!ground.element || generation_of(ground.element) == ground.generation) && is_alive(ground.root);
}

// Sets StaleMetadataError: which type, what happened to it, where it was obtained.
void set_stale(const char* type, const Ground& ground);
PyObject* stale_error();  // borrowed: fluvial.errors.StaleMetadataError

// Holds a batch's lock. The order is: metadata first, then GIL (callbacks of user metas are called with the metadata
// locked and wait for the GIL), so a Python thread never waits here with the GIL in its hand.
class LockedMeta {
 public:
  explicit LockedMeta(NvDsBatchMeta* batch);
  explicit LockedMeta(Root* root) : LockedMeta(base_of(root)->batch) {}
  ~LockedMeta();
  LockedMeta(const LockedMeta&) = delete;
  LockedMeta& operator=(const LockedMeta&) = delete;

 private:
  NvDsBatchMeta* batch_;
};

void lock_meta(NvDsBatchMeta* batch);

}  // namespace fluvial::python
