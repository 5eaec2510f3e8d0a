#include "bindings/pyds/memory.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace fluvial::python {
namespace {

constexpr std::size_t page = 4096;

// The kernel copies for us and says EFAULT where a load of ours would end the process.
ssize_t read_by_kernel(std::uintptr_t address, void* out, std::size_t size) {
  iovec to = {out, size};
  iovec from = {reinterpret_cast<void*>(address), size};
  return process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}

// Where a sandbox forbids process_vm_readv: write() faults the same way.
ssize_t read_by_pipe(std::uintptr_t address, void* out, std::size_t size) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  const ssize_t written = write(ends[1], reinterpret_cast<const void*>(address), size);
  const ssize_t got = written > 0 ? read(ends[0], out, static_cast<std::size_t>(written)) : -1;
  close(ends[0]);
  close(ends[1]);
  return got;
}

ssize_t read_chunk(std::uintptr_t address, void* out, std::size_t size) {
  static bool is_allowed = true;
  if (is_allowed) {
    const ssize_t got = read_by_kernel(address, out, size);
    if (got >= 0 || (errno != EPERM && errno != ENOSYS)) return got;
    is_allowed = false;
  }
  return read_by_pipe(address, out, size);
}

// Blocks and remembered addresses belong to the process because ints do: nothing else ties them to their makers.
// Guarded by the GIL.
struct Block {
  Root* root;  // counted
  std::size_t size;
  const TypeInfo* type;  // nullptr: bytes
};
struct Blocks : std::unordered_map<std::uintptr_t, Block> {
  std::size_t sweep_at = 16;
};
Blocks& blocks() {
  static Blocks all;
  return all;
}

bool is_owned_elsewhere(const Block& block) { return !block.root->owned; }

// How many references on each root come from blocks and from what blocks were handed to.
std::unordered_map<const Root*, Py_ssize_t> references_from(const Blocks& all) {
  std::unordered_map<const Root*, Py_ssize_t> counts;
  for (const auto& [address, block] : all) {
    // A root is counted once as an owner of each root that stands on it.
    for (const Root* root = block.root; root && ++counts[root] == 1;) root = root->owner;
  }
  return counts;
}

// In a struct of Python's own that only such blocks still hold.
bool is_unreachable(const Block& block, const std::unordered_map<const Root*, Py_ssize_t>& counts) {
  const Root* root = block.root;
  for (;; root = root->owner) {
    if (Py_REFCNT(root) != counts.at(root)) return false;
    if (!root->owner) return root->owned != nullptr;
  }
}

// Blocks whose owner has gone are forgotten now and then: each holds a dead batch's memory.
void sweep(Blocks& all) {
  const auto counts = references_from(all);
  std::vector<Root*> gone;
  for (auto it = all.begin(); it != all.end();) {
    const Block block = it->second;
    const bool is_gone = is_owned_elsewhere(block) && (!is_alive(block.root) || is_unreachable(block, counts));
    if (is_gone) gone.push_back(block.root);
    it = is_gone ? all.erase(it) : std::next(it);
  }
  all.sweep_at = all.size() + all.size() / 4 + 16;
  for (Root* root : gone) Py_DECREF(root);  // may run Python code, so after the loop
}

void add(std::uintptr_t address, const Block& block) {
  auto& all = blocks();
  if (all.size() >= all.sweep_at) sweep(all);
  const auto old = all.find(address);  // malloc may give the address of one that has gone
  Root* replaced = old == all.end() ? nullptr : old->second.root;
  all[address] = block;
  Py_XDECREF(replaced);
}

struct Remembered {
  Pointer pointer;  // holds a reference on its root
};
constexpr std::size_t remembered_limit = 64;  // each may hold a dead batch's memory
std::list<Remembered>& remembered() {
  static std::list<Remembered> list;
  return list;
}

}  // namespace

std::size_t read_memory(std::uintptr_t address, void* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    // Never across a page: a part that can be read must not fail for one that cannot.
    const std::size_t chunk = std::min(size - done, page - (address + done) % page);
    const ssize_t got = read_chunk(address + done, static_cast<char*>(out) + done, chunk);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

PyObject* string_at(std::uintptr_t address) {
  if (address == 0) Py_RETURN_NONE;
  constexpr std::size_t limit = 1 << 20;  // a C string without an end is no string
  std::string text;
  char part[256];
  while (text.size() < limit) {
    const std::size_t got = read_memory(address + text.size(), part, sizeof(part));
    const auto* end = static_cast<const char*>(std::memchr(part, 0, got));
    text.append(part, end ? static_cast<std::size_t>(end - part) : got);
    if (end) return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
    if (got < sizeof(part)) break;
  }
  PyErr_Format(PyExc_ValueError, "no string at address %p", reinterpret_cast<void*>(address));
  return nullptr;
}

void remember_address(const Pointer& pointer) {
  if (!pointer.data || !pointer.ground.root) return;
  auto& list = remembered();
  for (auto it = list.begin(); it != list.end(); ++it)
    if (it->pointer.data == pointer.data && it->pointer.type == pointer.type &&
        it->pointer.ground.root == pointer.ground.root) {
      it->pointer.ground = pointer.ground;
      list.splice(list.begin(), list, it);
      return;
    }
  Py_INCREF(pointer.ground.root);
  list.push_front({pointer});
  if (list.size() <= remembered_limit) return;
  Root* forgotten = list.back().pointer.ground.root;
  list.pop_back();
  Py_DECREF(forgotten);
}

bool block_at(std::uintptr_t address, Pointer& out) {
  const auto block = blocks().find(address);
  if (block == blocks().end()) return false;
  out = {reinterpret_cast<void*>(address), block->second.type, block->second.size, {block->second.root, nullptr, 0}};
  return true;
}

bool recall_address(std::uintptr_t address, Pointer& out) {
  if (block_at(address, out)) return true;
  for (const auto& known : remembered())
    if (reinterpret_cast<std::uintptr_t>(known.pointer.data) == address) {
      out = known.pointer;
      return true;
    }
  return false;
}

std::uintptr_t new_block(std::size_t size) {
  size = std::max<std::size_t>(size, 1);  // 0 means that a size is not known
  auto* memory = g_try_malloc0(size);
  if (!memory) return 0;
  Root* root = new_owned_root(memory, g_free);
  if (!root) {
    g_free(memory);
    return 0;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  add(address, {root, size, nullptr});
  return address;
}

void add_block(Root* root, const TypeInfo& type) {
  Py_INCREF(root);
  add(reinterpret_cast<std::uintptr_t>(root->owned), {root, type.size, &type});
}

bool free_block(std::uintptr_t address) {
  const auto block = blocks().find(address);
  if (block == blocks().end() || is_owned_elsewhere(block->second)) return false;
  Root* root = block->second.root;
  blocks().erase(block);
  root->is_open = false;  // who still looks at it is told; the memory goes with the last of them
  Py_DECREF(root);
  return true;
}

bool hand_over_block(std::uintptr_t address, const Ground& to) {
  const auto block = blocks().find(address);
  if (block == blocks().end() || block->second.type || is_owned_elsewhere(block->second)) return false;
  hand_over(block->second.root, to);
  return true;
}

void forget_block(const void* memory) {
  const auto block = blocks().find(reinterpret_cast<std::uintptr_t>(memory));
  if (block == blocks().end()) return;
  Root* root = block->second.root;
  blocks().erase(block);
  root->is_open = false;
  Py_DECREF(root);
}

void Later::operator()(void* memory) const {
  if (!memory) return;
  if (lease_)
    lease_.free_array_later(memory);
  else if (root_)
    root_->retired = g_slist_prepend(root_->retired, memory);
  else
    g_free(memory);
}

}  // namespace fluvial::python
