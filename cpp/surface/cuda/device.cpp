#include "surface/cuda/device.h"

#include <glib.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <stdexcept>

#include "surface/cuda/compiler.h"

namespace fluvial::cuda {
namespace {

constexpr int first_with_large_launches = 12010;  // CUDA 12.1: 32764 bytes

constexpr unsigned non_blocking_stream = 1;
constexpr unsigned blocking_event = 1, event_without_time = 2;
constexpr int compute_major = 75, compute_minor = 76;  // CUdevice_attribute

int attribute(int handle, int which) {
  int value = 0;
  FLUVIAL_CUDA(cuDeviceGetAttribute, &value, which, handle);
  return value;
}

// To the next power of two: batches of all sizes share a few kinds of blocks, and the pool stays as small.
std::size_t rounded(std::size_t bytes) {
  std::size_t size = 4096;
  while (size < bytes) size *= 2;
  return size;
}

std::string mebibytes(std::size_t bytes) {
  gchar* text = g_strdup_printf("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  std::string out(text);
  g_free(text);
  return out;
}

std::string no_room(const Device& device, std::size_t size, const char* what_for) {
  const auto memory = device.memory();
  return "GPU " + std::to_string(device.ordinal()) + " has no memory left for " + what_for + ": " + mebibytes(size) +
         " are wanted, " + mebibytes(memory.free) + " of " + mebibytes(memory.total) +
         " are free\n  hint: a smaller batch-size, precision=f16, fewer sources, or no other program on that GPU: "
         "nvidia-smi lists them";
}

// For destructors, which must not throw: of a device that was lost nothing can be given back.
template <typename Body>
void quietly(const Device& device, Body body) noexcept {
  if (driver()->cuCtxPushCurrent_v2(device.context()) != 0) return;
  body();
  Context was = nullptr;
  driver()->cuCtxPopCurrent_v2(&was);
}

}  // namespace

Current::Current(const Device& device) { FLUVIAL_CUDA(cuCtxPushCurrent_v2, device.context()); }

Current::~Current() {
  Context was = nullptr;
  driver()->cuCtxPopCurrent_v2(&was);
}

Queue::Queue(Device& device) : device_(device) {
  const Current current(device);
  FLUVIAL_CUDA(cuStreamCreate, &stream_, non_blocking_stream);
}

Queue::~Queue() {
  quietly(device_, [this] {
    driver()->cuStreamSynchronize(stream_);
    driver()->cuStreamDestroy_v2(stream_);
  });
}

void Queue::wait() const {
  const Current current(device_);
  FLUVIAL_CUDA(cuStreamSynchronize, stream_);
}

Mark::Mark(Device& device) : device_(device) {
  const Current current(device);
  FLUVIAL_CUDA(cuEventCreate, &event_, blocking_event | event_without_time);
}

Mark::~Mark() {
  quietly(device_, [this] { driver()->cuEventDestroy_v2(event_); });
}

void Mark::set(Stream stream) {
  const Current current(device_);
  FLUVIAL_CUDA(cuEventRecord, event_, stream);
}

void Mark::wait() const {
  const Current current(device_);
  FLUVIAL_CUDA(cuEventSynchronize, event_);
}

bool Mark::is_past() const {
  constexpr Result not_ready = 600;  // CUDA_ERROR_NOT_READY
  const Current current(device_);
  return driver()->cuEventQuery(event_) != not_ready;
}

void Mark::hold(Stream stream) const {
  const Current current(device_);
  FLUVIAL_CUDA(cuStreamWaitEvent, stream, event_, 0);
}

// --- the device ------------------------------------------------------------------------------------------------------

// Blocks that nobody holds, by size.
struct Device::Idle {
  std::mutex mutex;
  std::multimap<std::size_t, void*> blocks;
};

std::vector<GpuInfo> list_gpus() {
  std::vector<GpuInfo> gpus;
  for (Ordinal ordinal = 0; ordinal < Device::count(); ++ordinal) {
    int handle = 0;
    char name[256] = {}, bus_id[32] = {};
    std::size_t bytes = 0;
    FLUVIAL_CUDA(cuDeviceGet, &handle, ordinal);
    FLUVIAL_CUDA(cuDeviceGetName, name, sizeof name, handle);
    FLUVIAL_CUDA(cuDeviceGetPCIBusId, bus_id, sizeof bus_id, handle);
    FLUVIAL_CUDA(cuDeviceTotalMem_v2, &bytes, handle);
    gpus.push_back({name, bus_id, bytes});
  }
  return gpus;
}

int Device::count() {
  int count = 0;
  if (driver()) driver()->cuDeviceGetCount(&count);
  return count;
}

Device& Device::at(Ordinal ordinal) {
  if (!driver()) throw std::runtime_error(why_not());
  if (ordinal < 0 || ordinal >= count())
    throw std::runtime_error("there is no GPU " + std::to_string(ordinal) + "; this machine has " +
                             std::to_string(count()) + ", counted from 0");
  static std::mutex mutex;
  static std::map<Ordinal, Device*> devices;
  std::lock_guard lock(mutex);
  Device*& device = devices[ordinal];
  if (!device) device = new Device(ordinal);
  return *device;
}

Device& Device::of(const void* memory) {
  if (!driver()) throw std::runtime_error(why_not());
  constexpr int device_ordinal = 9;  // CUpointer_attribute
  Ordinal ordinal = 0;
  FLUVIAL_CUDA(cuPointerGetAttribute, &ordinal, device_ordinal, reinterpret_cast<DevicePointer>(memory));
  return at(ordinal);
}

namespace {

// Of all threads of the process that wait for this GPU: decoders, PyTorch, our own. The driver's choice is to spin,
// where there are cores enough.
void choose_wait(int handle) {
  constexpr unsigned spin = 1, sleep = 4;  // CU_CTX_SCHED_SPIN, CU_CTX_SCHED_BLOCKING_SYNC
  const char* wish = g_getenv("FLUVIAL_GPU_WAIT");
  if (!wish) return;
  const std::string word = wish;
  if (word != "sleep" && word != "spin")
    throw std::runtime_error("FLUVIAL_GPU_WAIT is '" + word + "'; sleep and spin are possible");
  FLUVIAL_CUDA(cuDevicePrimaryCtxSetFlags_v2, handle, word == "sleep" ? sleep : spin);
}

}  // namespace

Device::Device(Ordinal ordinal)
    : ordinal_(ordinal), device_blocks_(std::make_shared<Idle>()), host_blocks_(std::make_shared<Idle>()) {
  FLUVIAL_CUDA(cuDeviceGet, &handle_, ordinal);
  choose_wait(handle_);
  FLUVIAL_CUDA(cuDevicePrimaryCtxRetain, &context_, handle_);
}

std::string Device::architecture() const {
  return "sm_" + std::to_string(attribute(handle_, compute_major)) + std::to_string(attribute(handle_, compute_minor));
}

Function Device::kernel(const char* name) {
  std::lock_guard lock(mutex_);
  load_kernels();
  return kernels_.at(name);
}

Function Device::kernel_if_possible(const char* name) {
  std::lock_guard lock(mutex_);
  load_kernels();
  const auto known = kernels_.find(name);
  return known != kernels_.end() ? known->second : nullptr;
}

// Under the mutex.
void Device::load_kernels() {
  if (!kernels_.empty()) return;
  const Current current(*this);
  int version = 0;
  FLUVIAL_CUDA(cuDriverGetVersion, &version);
  const bool with_many = version >= first_with_large_launches;
  Module module = nullptr;
  const std::string code = compiled_kernels(architecture(), with_many);
  FLUVIAL_CUDA(cuModuleLoadData, &module, code.data());
  std::unordered_map<std::string, Function> found;
  for (const char* name : kernel_names) FLUVIAL_CUDA(cuModuleGetFunction, &found[name], module, name);
  for (const char* name : kernels_of_many) {
    Function many = nullptr;
    if (with_many && driver()->cuModuleGetFunction(&many, module, name) == 0) found[name] = many;
  }
  kernels_ = std::move(found);
}

Device::Memory Device::memory() const {
  const Current current(*this);
  Memory memory;
  FLUVIAL_CUDA(cuMemGetInfo_v2, &memory.free, &memory.total);
  return memory;
}

// Waits for the whole device: for when there is no other way.
void Device::give_back_idle() {
  std::multimap<std::size_t, void*> blocks;
  {
    std::lock_guard lock(device_blocks_->mutex);
    blocks.swap(device_blocks_->blocks);
  }
  for (const auto& [size, block] : blocks) driver()->cuMemFree_v2(reinterpret_cast<DevicePointer>(block));
}

void* Device::make(std::size_t size, bool is_host, const char* what_for) {
  const Current current(*this);
  void* memory = nullptr;
  if (is_host) {
    FLUVIAL_CUDA(cuMemHostAlloc, &memory, size, 0);
    return memory;
  }
  auto* pointer = reinterpret_cast<DevicePointer*>(&memory);
  Result result = driver()->cuMemAlloc_v2(pointer, size);
  if (result == no_memory_left) {
    give_back_idle();
    result = driver()->cuMemAlloc_v2(pointer, size);
  }
  if (result == no_memory_left) throw std::runtime_error(no_room(*this, size, what_for));
  check(result, "cuMemAlloc");
  return memory;
}

DeviceBlock Device::take(Idle& idle, std::size_t bytes, bool is_host, const char* what_for) {
  const std::size_t size = rounded(bytes);
  void* memory = nullptr;
  {
    std::lock_guard lock(idle.mutex);
    const auto fitting = idle.blocks.find(size);
    if (fitting != idle.blocks.end()) {
      memory = fitting->second;
      idle.blocks.erase(fitting);
    }
  }
  if (!memory) memory = make(size, is_host, what_for);
  const auto home = is_host ? host_blocks_ : device_blocks_;
  return {memory, [home, size](void* block) {
            std::lock_guard lock(home->mutex);
            home->blocks.emplace(size, block);
          }};
}

DeviceBlock Device::allocate(std::size_t bytes, const char* what_for) {
  return take(*device_blocks_, bytes, false, what_for);
}
DeviceBlock Device::allocate_host(std::size_t bytes) { return take(*host_blocks_, bytes, true, ""); }

void Device::keep_until_read(Stream stream, std::shared_ptr<const void> what) {
  constexpr Result not_ready = 600;  // CUDA_ERROR_NOT_READY
  std::vector<Read> past;            // goes after the lock, as what it holds may take others
  std::lock_guard lock(reads_mutex_);
  const auto first = std::partition(reads_.begin(), reads_.end(), [](const Read& r) { return !r.until->is_past(); });
  past.assign(std::make_move_iterator(first), std::make_move_iterator(reads_.end()));
  reads_.erase(first, reads_.end());
  const Current current(*this);
  if (driver()->cuStreamQuery(stream) != not_ready) return;
  auto until = std::make_unique<Mark>(*this);
  until->set(stream);
  reads_.push_back({std::move(until), std::move(what)});
}

}  // namespace fluvial::cuda
