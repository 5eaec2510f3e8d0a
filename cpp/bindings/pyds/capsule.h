// Lists of the metadata as Python walks them, and capsules.
//
// A list is read once, under the metadata's lock, into Nodes: what another thread adds or removes meanwhile cannot
// break the walk, and an element that was removed is noticed by its generation. A capsule (name NULL, as pyds's are)
// carries its Node as context, so that cast() knows what it is and on what it stands.
#pragma once

#include "bindings/pyds/wrapper.h"

namespace fluvial::python {

struct Nodes;

struct Node {
  void* data;
  const void* element;
  std::uint64_t generation;
  Nodes* list;
};

struct Nodes {
  Py_ssize_t references;
  Root* root;
  const TypeInfo* type;  // of the data; nullptr: unknown
  std::size_t bytes;     // the data's size where it is an array; 0: unknown
  std::uint32_t count;
  Node nodes[1];
};

inline Ground ground_of(const Node* node) { return {node->list->root, node->element, node->generation}; }
void drop(Nodes* list);

// A list of pool elements as a GList object; None when empty. The caller has checked self.
PyObject* glist_of(Root* root, const Ground& owner, const TypeInfo* type, GList* const* list);

// The node that a GList object is; nullptr for anything else.
Node* node_of_glist(PyObject* glist);

// A list of whatever, of which nothing but its owner is known.
PyObject* plain_glist_of(const Ground& owner, GList* list);

// A capsule for one pointer; None for nullptr.
PyObject* capsule_of(void* data, const Ground& ground, const TypeInfo* type, std::size_t bytes = 0);
PyObject* capsule_of(Node* node);
// The node behind one of our capsules, nullptr for somebody else's.
Node* node_of(PyObject* capsule);

// What a pointer argument ("capsule or pyds object") stands for.
struct Pointer {
  void* data = nullptr;
  const TypeInfo* type = nullptr;  // nullptr: unknown
  std::size_t bytes = 0;           // 0: unknown
  Ground ground{};                 // borrowed root; nullptr: not ours
};
// False, with TypeError or StaleMetadataError set, for anything else. None gives a nullptr.
bool pointer_from(PyObject* object, Pointer& out);

}  // namespace fluvial::python
