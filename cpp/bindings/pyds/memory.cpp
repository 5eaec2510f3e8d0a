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
  Root* root;
  std::size_t size;
};
std::unordered_map<std::uintptr_t, Block>& blocks() {
  static std::unordered_map<std::uintptr_t, Block> map;
  return map;
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

bool recall_address(std::uintptr_t address, Pointer& out) {
  if (const auto block = blocks().find(address); block != blocks().end()) {
    out = {reinterpret_cast<void*>(address), nullptr, block->second.size, {block->second.root, nullptr, 0}};
    return true;
  }
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
  blocks()[address] = {root, size};
  return address;
}

bool free_block(std::uintptr_t address) {
  const auto block = blocks().find(address);
  if (block == blocks().end()) return false;
  Root* root = block->second.root;
  blocks().erase(block);
  root->is_open = false;  // who still looks at it is told; the memory goes with the last of them
  Py_DECREF(root);
  return true;
}

bool hand_over_block(std::uintptr_t address) {
  const auto block = blocks().find(address);
  if (block == blocks().end()) return false;
  block->second.root->owned = nullptr;
  return free_block(address);
}

}  // namespace fluvial::python
