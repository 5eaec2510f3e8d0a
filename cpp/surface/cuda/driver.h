// CUDA's driver, found when it is first asked for: one build serves machines with and without a GPU.
//
// Functions have the driver's own names and are called through driver(). Types are declared here as the driver's ABI
// has them, so that nothing of CUDA is needed to build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "meta/export.h"

namespace fluvial::cuda {

using Result = int;  // 0: success
using Ordinal = int;
using DevicePointer = std::uint64_t;
using Context = void*;
using Stream = void*;
using Event = void*;
using Module = void*;
using Function = void*;

// name, parameters; all return Result. The driver's names with _v2 are those that its headers give the plain names.
#define FLUVIAL_CUDA_DRIVER(F)                                               \
  F(cuInit, (unsigned))                                                      \
  F(cuDriverGetVersion, (int*))                                              \
  F(cuGetErrorName, (Result, const char**))                                  \
  F(cuGetErrorString, (Result, const char**))                                \
  F(cuDeviceGetCount, (int*))                                                \
  F(cuDeviceGet, (int*, Ordinal))                                            \
  F(cuDeviceGetName, (char*, int, int))                                      \
  F(cuDeviceGetAttribute, (int*, int, int))                                  \
  F(cuDeviceTotalMem_v2, (std::size_t*, int))                                \
  F(cuDeviceGetPCIBusId, (char*, int, int))                                  \
  F(cuDevicePrimaryCtxRetain, (Context*, int))                               \
  F(cuDevicePrimaryCtxSetFlags_v2, (int, unsigned))                          \
  F(cuCtxPushCurrent_v2, (Context))                                          \
  F(cuCtxPopCurrent_v2, (Context*))                                          \
  F(cuMemGetInfo_v2, (std::size_t*, std::size_t*))                           \
  F(cuPointerGetAttribute, (void*, int, DevicePointer))                      \
  F(cuMemAlloc_v2, (DevicePointer*, std::size_t))                            \
  F(cuMemFree_v2, (DevicePointer))                                           \
  F(cuMemHostAlloc, (void**, std::size_t, unsigned))                         \
  F(cuMemFreeHost, (void*))                                                  \
  F(cuMemcpyHtoDAsync_v2, (DevicePointer, const void*, std::size_t, Stream)) \
  F(cuMemcpyDtoHAsync_v2, (void*, DevicePointer, std::size_t, Stream))       \
  F(cuMemcpy2DAsync_v2, (const struct Copy2D*, Stream))                      \
  F(cuMemsetD8Async, (DevicePointer, unsigned char, std::size_t, Stream))    \
  F(cuStreamCreate, (Stream*, unsigned))                                     \
  F(cuStreamDestroy_v2, (Stream))                                            \
  F(cuStreamSynchronize, (Stream))                                           \
  F(cuStreamQuery, (Stream))                                                 \
  F(cuStreamWaitEvent, (Stream, Event, unsigned))                            \
  F(cuEventCreate, (Event*, unsigned))                                       \
  F(cuEventDestroy_v2, (Event))                                              \
  F(cuEventRecord, (Event, Stream))                                          \
  F(cuEventSynchronize, (Event))                                             \
  F(cuEventQuery, (Event))                                                   \
  F(cuModuleLoadData, (Module*, const void*))                                \
  F(cuModuleGetFunction, (Function*, Module, const char*))                   \
  F(cuLaunchKernel,                                                          \
    (Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream, void**, void**))

enum : unsigned { memory_host = 1, memory_device = 2 };  // CUmemorytype

// CUDA_MEMCPY2D.
struct Copy2D {
  std::size_t from_x = 0, from_y = 0;
  unsigned from_type = 0;
  const void* from_host = nullptr;
  DevicePointer from_device = 0;
  void* from_array = nullptr;
  std::size_t from_pitch = 0;
  std::size_t to_x = 0, to_y = 0;
  unsigned to_type = 0;
  void* to_host = nullptr;
  DevicePointer to_device = 0;
  void* to_array = nullptr;
  std::size_t to_pitch = 0;
  std::size_t width = 0, height = 0;  // bytes, rows
};

struct Driver {
#define FLUVIAL_DECLARE(name, parameters) Result(*name) parameters = nullptr;
  FLUVIAL_CUDA_DRIVER(FLUVIAL_DECLARE)
#undef FLUVIAL_DECLARE
};

// nullptr where there is no driver or no device; why_not() says it in words then.
FLUVIAL_EXPORT const Driver* driver();
FLUVIAL_EXPORT const std::string& why_not();

enum : Result { no_memory_left = 2 };  // CUDA_ERROR_OUT_OF_MEMORY

// After such an error no call of this process reaches the GPU any more.
FLUVIAL_EXPORT bool is_loss(Result result);

// Throws std::runtime_error with the call's name and the driver's words; where the GPU is lost, with what to do.
FLUVIAL_EXPORT void check(Result result, const char* call);

}  // namespace fluvial::cuda

// Calls a function of the driver, which must be there, and throws where it fails.
#define FLUVIAL_CUDA(call, ...) ::fluvial::cuda::check(::fluvial::cuda::driver()->call(__VA_ARGS__), #call)
