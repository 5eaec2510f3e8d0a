// GPUs that are none: NVIDIA's driver, NVRTC, NVML and NVCUVID as far as we call them, over the host's memory, so that
// what goes wrong on GPUs, and what happens with several, is seen on machines without one. One file under four names
// (tests/fake_gpus.py). Kernels do nothing, unless FAKE_GPU_RUNS names them: what they compute is tested in
// kernels_test.cpp.
//
//   FAKE_GPUS=2              how many
//   FAKE_GPU_MEMORY=1000000  bytes of each
//   FAKE_GPU_TELLS=1         each launch is a line on stderr: the kernel's name and its grid's depth; and flags of
//   contexts FAKE_GPU_CUDA=12000      of which CUDA the driver is FAKE_GPU_RUNS=pictures_to_tensor      kernels whose
//   names begin so run, on the host: see fake_gpu_kernels.cpp FAKE_GPU_FAILS=cuLaunchKernel:719:5   from the fifth call
//   of it on, every call fails with 719, as after a loss
//
// All work is done at once, but for what waits: between fake_gpu_hold() and fake_gpu_let_go() nobody who waits for an
// event comes past it, as if the GPU had not come so far. fake_gpu_story() tells what was put into which queue.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "fake_gpu_kernels.h"
#include "surface/cuda/driver.h"

using namespace fluvial::cuda;

namespace {

constexpr Result no_such_device = 101;

long setting(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : otherwise;
}
int gpu_count() { return static_cast<int>(setting("FAKE_GPUS", 1)); }
std::size_t memory_of_each() { return static_cast<std::size_t>(setting("FAKE_GPU_MEMORY", 1L << 30)); }

struct Block {
  int gpu;
  std::size_t size;
};
std::mutex mutex;  // guards these two
std::map<DevicePointer, Block> blocks;
std::map<int, std::size_t> used;

constexpr int longest_hold_s = 20;  // then waiting fails: a test must not hang
std::mutex story_mutex;             // guards what follows, up to the line
std::condition_variable is_let_go;
bool is_held = false;
std::string story, told;
std::map<const void*, std::size_t> numbers;  // of queues and events, in the order in which they were first named
// ---

// Under the mutex.
std::string number_of(const char* kind, const void* what) {
  return kind + std::to_string(numbers.emplace(what, numbers.size()).first->second);
}

Result wait_while_held() {
  std::unique_lock lock(story_mutex);
  const bool goes_on = is_let_go.wait_for(lock, std::chrono::seconds(longest_hold_s), [] { return !is_held; });
  return goes_on ? 0 : 719;
}

thread_local std::vector<Context> contexts;
int current_gpu() { return static_cast<int>(reinterpret_cast<std::uintptr_t>(contexts.back())) - 1; }

// Of a call, or the loss that came before it.
Result result_of(const char* call) {
  static std::atomic<int> calls{0};
  static std::atomic<Result> lost{0};
  const char* plan = std::getenv("FAKE_GPU_FAILS");
  if (!plan || lost != 0) return lost;
  char name[64] = {};
  int code = 0, first = 1;
  std::sscanf(plan, "%63[^:]:%d:%d", name, &code, &first);
  if (std::strcmp(name, call) == 0 && ++calls >= first) lost = code;
  return lost;
}

}  // namespace

#define CALL(name, ...) extern "C" __attribute__((visibility("default"))) Result name(__VA_ARGS__)
#define OR_FAIL \
  if (const Result failed = result_of(__func__); failed) return failed
#define NOTHING(name, ...)  \
  CALL(name, __VA_ARGS__) { \
    OR_FAIL;                \
    return 0;               \
  }

// --- the driver ------------------------------------------------------------------------------------------------------

CALL(cuInit, unsigned) { return gpu_count() > 0 ? 0 : 100; }
CALL(cuDriverGetVersion, int* version) { return *version = static_cast<int>(setting("FAKE_GPU_CUDA", 13000)), 0; }
CALL(cuGetErrorName, Result result, const char** name) {
  *name = result == 719 ? "CUDA_ERROR_LAUNCH_FAILED" : result == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR";
  return 0;
}
CALL(cuGetErrorString, Result result, const char** words) {
  *words = result == 719 ? "unspecified launch failure" : result == 2 ? "out of memory" : "a fake error";
  return 0;
}
CALL(cuDeviceGetCount, int* count) { return *count = gpu_count(), 0; }
CALL(cuDeviceGet, int* handle, Ordinal ordinal) {
  if (ordinal >= gpu_count()) return no_such_device;
  return *handle = ordinal, 0;
}
CALL(cuDeviceGetName, char* name, int size, int handle) {
  std::snprintf(name, static_cast<std::size_t>(size), "Fake GPU %c", 'A' + handle);
  return 0;
}
CALL(cuDeviceGetAttribute, int* value, int which, int) { return *value = which == 75 ? 9 : 0, 0; }
CALL(cuDeviceTotalMem_v2, std::size_t* bytes, int) { return *bytes = memory_of_each(), 0; }
CALL(cuDeviceGetPCIBusId, char* text, int size, int handle) {
  std::snprintf(text, static_cast<std::size_t>(size), "0000:%02x:00.0", handle + 1);
  return 0;
}
CALL(cuDevicePrimaryCtxRetain, Context* context, int handle) {
  OR_FAIL;
  return *context = reinterpret_cast<Context>(static_cast<std::uintptr_t>(handle + 1)), 0;
}
CALL(cuDevicePrimaryCtxSetFlags_v2, int, unsigned flags) {
  if (std::getenv("FAKE_GPU_TELLS")) std::fprintf(stderr, "flags %u\n", flags);
  return 0;
}
NOTHING(cuDevicePrimaryCtxRelease_v2, int)
CALL(cuCtxPushCurrent_v2, Context context) {
  OR_FAIL;
  return contexts.push_back(context), 0;
}
CALL(cuCtxPopCurrent_v2, Context* context) {
  if (contexts.empty()) return 201;
  *context = contexts.back();
  return contexts.pop_back(), 0;
}
CALL(cuMemGetInfo_v2, std::size_t* free, std::size_t* total) {
  OR_FAIL;
  std::lock_guard lock(mutex);
  *total = memory_of_each();
  return *free = *total - used[current_gpu()], 0;
}
CALL(cuPointerGetAttribute, void* value, int, DevicePointer pointer) {
  OR_FAIL;
  std::lock_guard lock(mutex);
  auto block = blocks.upper_bound(pointer);
  if (block == blocks.begin()) return 1;
  return *static_cast<int*>(value) = std::prev(block)->second.gpu, 0;
}
CALL(cuMemAlloc_v2, DevicePointer* pointer, std::size_t size) {
  OR_FAIL;
  std::lock_guard lock(mutex);
  const int gpu = current_gpu();
  if (used[gpu] + size > memory_of_each()) return no_memory_left;
  used[gpu] += size;
  *pointer = reinterpret_cast<DevicePointer>(std::calloc(1, size));
  return blocks[*pointer] = {gpu, size}, 0;
}
CALL(cuMemFree_v2, DevicePointer pointer) {
  OR_FAIL;
  std::lock_guard lock(mutex);
  const auto block = blocks.find(pointer);
  if (block == blocks.end()) return 1;
  used[block->second.gpu] -= block->second.size;
  std::free(reinterpret_cast<void*>(pointer));
  return blocks.erase(block), 0;
}
CALL(cuMemHostAlloc, void** memory, std::size_t size, unsigned) { return *memory = std::calloc(1, size), 0; }
CALL(cuMemFreeHost, void* memory) { return std::free(memory), 0; }
CALL(cuMemcpyHtoDAsync_v2, DevicePointer to, const void* from, std::size_t size, Stream) {
  OR_FAIL;
  return std::memcpy(reinterpret_cast<void*>(to), from, size), 0;
}
CALL(cuMemcpyDtoHAsync_v2, void* to, DevicePointer from, std::size_t size, Stream) {
  OR_FAIL;
  return std::memcpy(to, reinterpret_cast<const void*>(from), size), 0;
}
NOTHING(cuMemcpyDtoDAsync_v2, DevicePointer, DevicePointer, std::size_t, Stream)  // time_kernels' alone, of much memory
CALL(cuMemcpy2DAsync_v2, const Copy2D* copy, Stream) {
  OR_FAIL;
  const auto* from = copy->from_type == memory_host ? static_cast<const char*>(copy->from_host)
                                                    : reinterpret_cast<const char*>(copy->from_device);
  auto* to =
      copy->to_type == memory_host ? static_cast<char*>(copy->to_host) : reinterpret_cast<char*>(copy->to_device);
  for (std::size_t y = 0; y < copy->height; ++y)
    std::memcpy(to + y * copy->to_pitch, from + y * copy->from_pitch, copy->width);
  return 0;
}
CALL(cuMemsetD8Async, DevicePointer to, unsigned char value, std::size_t size, Stream) {
  OR_FAIL;
  return std::memset(reinterpret_cast<void*>(to), value, size), 0;
}
CALL(cuStreamCreate, Stream* stream, unsigned) {
  OR_FAIL;
  return *stream = std::malloc(1), 0;
}
CALL(cuStreamDestroy_v2, Stream stream) { return std::free(stream), 0; }
NOTHING(cuStreamSynchronize, Stream)
CALL(cuStreamWaitEvent, Stream stream, Event event, unsigned) {
  OR_FAIL;
  std::lock_guard lock(story_mutex);
  return story += number_of("queue", stream) + " waits for " + number_of("event", event) + "\n", 0;
}
CALL(cuEventCreate, Event* event, unsigned) {
  OR_FAIL;
  return *event = std::malloc(1), 0;
}
CALL(cuEventDestroy_v2, Event event) { return std::free(event), 0; }
CALL(cuEventRecord, Event event, Stream stream) {
  OR_FAIL;
  std::lock_guard lock(story_mutex);
  return story += number_of("event", event) + " in " + number_of("queue", stream) + "\n", 0;
}
CALL(cuEventSynchronize, Event) {
  OR_FAIL;
  return wait_while_held();
}
CALL(cuModuleLoadData, Module* module, const void*) {
  OR_FAIL;
  return *module = &blocks, 0;
}
CALL(cuModuleGetFunction, Function* function, Module, const char* name) {
  return *function = const_cast<char*>(name), 0;  // names of kernels live as long as the program
}
CALL(cuEventElapsedTime, float* milliseconds, Event, Event) { return *milliseconds = 1, 0; }
CALL(cuLaunchKernel, Function function, unsigned across, unsigned down, unsigned deep, unsigned x, unsigned y, unsigned,
     unsigned, Stream, void** parameters, void**) {
  OR_FAIL;
  const char* runs = std::getenv("FAKE_GPU_RUNS");
  const char* name = static_cast<const char*>(function);
  if (std::getenv("FAKE_GPU_TELLS")) std::fprintf(stderr, "%s %u\n", name, deep);
  if (runs && std::strncmp(runs, name, std::strlen(runs)) == 0)
    run_fake_kernel(name, {across, down, deep, x, y}, parameters);
  return 0;
}

// --- for tests, by ctypes -------------------------------------------------------------------------------------------

extern "C" __attribute__((visibility("default"))) void fake_gpu_hold() {
  std::lock_guard lock(story_mutex);
  is_held = true;
}
extern "C" __attribute__((visibility("default"))) void fake_gpu_let_go() {
  std::lock_guard lock(story_mutex);
  is_held = false;
  is_let_go.notify_all();
}
// What the test itself puts into a queue: a model.
extern "C" __attribute__((visibility("default"))) void fake_gpu_tell(const char* what, Stream stream) {
  std::lock_guard lock(story_mutex);
  story += std::string(what) + " in " + number_of("queue", stream) + "\n";
}
// One line for each thing, since the last call; valid until the next.
extern "C" __attribute__((visibility("default"))) const char* fake_gpu_story() {
  std::lock_guard lock(story_mutex);
  told.swap(story);
  story.clear();
  return told.c_str();
}

// --- NVRTC -----------------------------------------------------------------------------------------------------------

extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int) { return "a fake error"; }
CALL(nvrtcCreateProgram, void** program, const char*, const char*, int, const char* const*, const char* const*) {
  return *program = &blocks, 0;
}
NOTHING(nvrtcCompileProgram, void*, int, const char* const*)
CALL(nvrtcGetProgramLogSize, void*, std::size_t* size) { return *size = 0, 0; }
NOTHING(nvrtcGetProgramLog, void*, char*)
CALL(nvrtcGetCUBINSize, void*, std::size_t* size) { return *size = 4, 0; }
CALL(nvrtcGetCUBIN, void*, char* code) { return std::memcpy(code, "fake", 4), 0; }
NOTHING(nvrtcDestroyProgram, void**)

// --- NVML ------------------------------------------------------------------------------------------------------------

NOTHING(nvmlInit_v2)
NOTHING(nvmlShutdown)
CALL(nvmlSystemGetDriverVersion, char* text, unsigned size) { return std::snprintf(text, size, "999.99"), 0; }
CALL(nvmlDeviceGetHandleByPciBusId_v2, const char* bus_id, void** handle) {
  unsigned bus = 0;
  if (std::sscanf(bus_id, "%*x:%x", &bus) != 1 || bus == 0 || bus > static_cast<unsigned>(gpu_count())) return 6;
  return *handle = reinterpret_cast<void*>(static_cast<std::uintptr_t>(bus)), 0;
}
CALL(nvmlDeviceGetName, void* handle, char* name, unsigned size) {
  const auto bus = static_cast<int>(reinterpret_cast<std::uintptr_t>(handle));
  return std::snprintf(name, size, "Fake GPU %c", 'A' + bus - 1), 0;
}
CALL(nvmlDeviceGetMemoryInfo, void*, unsigned long long* total_free_used) {
  total_free_used[0] = memory_of_each();
  total_free_used[1] = memory_of_each() / 4;
  return total_free_used[2] = memory_of_each() / 4 * 3, 0;
}
CALL(nvmlDeviceGetUtilizationRates, void* handle, unsigned* gpu_and_memory) {
  return *gpu_and_memory = 40 + static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(handle)), 0;
}
CALL(nvmlDeviceGetDecoderUtilization, void*, unsigned* busy, unsigned*) { return *busy = 97, 0; }

// --- NVCUVID ---------------------------------------------------------------------------------------------------------

// CUVIDDECODECAPS as numbers of four bytes: codec, chroma, more bits, three that are kept, then bytes.
CALL(cuvidGetDecoderCaps, unsigned* caps) {
  const bool is_h264 = caps[0] == 4 && caps[2] == 0, is_h265 = caps[0] == 8 && caps[2] <= 2;
  auto* bytes = reinterpret_cast<unsigned char*>(caps + 6);
  bytes[0] = is_h264 || is_h265;
  bytes[1] = 7;
  caps[7] = caps[8] = is_h264 ? 4096 : 8192;
  return 0;
}
