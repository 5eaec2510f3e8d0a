// CUDA's kernels as plain C++: a test includes this, then parameters.h and the kernels' .cu files, and runs them on
// memory of the host.
//
//   run_kernel({4, 2}, {32, 8}, [&] { some_kernel(a, b); });       no thread waits for another: fast
//   run_together({4, 2}, {32, 8}, [&] { some_kernel(a, b); });     __syncthreads and what warps do have their meaning
//
// Threads of a block are fibres of one thread of the host, blocks come one after another: what a kernel gives does not
// depend on luck, and a sanitizer sees every address. What it cannot show is a race between threads.
// NVRTC defines __CUDACC__, this does not: a kernel's assembly asks for it.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __constant__ static const
#define __shared__ static thread_local  // one block at a time
#define __restrict__
#define __launch_bounds__(...)

struct uint3 {
  unsigned x = 0, y = 0, z = 0;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

inline thread_local uint3 threadIdx, blockIdx;
inline thread_local dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace on_host {

enum class Wait { nothing, warp, block, done };

// Of the block that runs.
class Block {
 public:
  Block(dim3 size, const std::function<void()>& body) : body_(body), threads_(size.x * size.y * size.z) {
    for (unsigned i = 0; i < threads_.size(); ++i) {
      Thread& t = threads_[i];
      t.index.x = i % size.x;
      t.index.y = i / size.x % size.y;
      t.index.z = i / size.x / size.y;
      t.stack.reset(new char[stack_bytes]);  // make_unique would write it all
      getcontext(&t.context);
      t.context.uc_stack.ss_sp = t.stack.get();
      t.context.uc_stack.ss_size = stack_bytes;
      t.context.uc_link = &scheduler_;
      makecontext(&t.context, &Block::start, 0);
    }
  }

  void run() {
    current() = this;
    while (run_those_who_can()) release();
    current() = nullptr;
  }

  static Block*& current() {
    static thread_local Block* block = nullptr;
    return block;
  }

  void wait(Wait what) {
    Thread& self = threads_[now_];
    self.wait = what;
    swapcontext(&self.context, &scheduler_);
  }

  unsigned lane() const { return static_cast<unsigned>(now_) % warpSize; }
  // What this thread shows to those of its warp.
  void show(std::uint64_t bits) {
    threads_[now_].shown = bits;
    ++threads_[now_].round;
  }
  // What a thread of the warp has shown in this thread's round; 0 of one that has ended before.
  std::uint64_t shown(unsigned lane) const {
    const std::size_t at = now_ / warpSize * warpSize + lane;
    return at < threads_.size() && threads_[at].round == threads_[now_].round ? threads_[at].shown : 0;
  }

 private:
  static constexpr std::size_t stack_bytes = 256 << 10;  // a kernel may be given 32 KiB by value, which sanitizers copy

  struct Thread {
    uint3 index;
    std::unique_ptr<char[]> stack;
    ucontext_t context;
    Wait wait = Wait::nothing;
    std::uint64_t shown = 0;
    unsigned round = 0;  // of exchanges
  };

  static void start() {
    Block& block = *current();
    block.body_();
    block.threads_[block.now_].wait = Wait::done;
  }

  // False when all are done.
  bool run_those_who_can() {
    bool has_run = false, is_left = false;
    for (now_ = 0; now_ < threads_.size(); ++now_) {
      Thread& t = threads_[now_];
      if (t.wait == Wait::nothing) {
        threadIdx = t.index;
        swapcontext(&scheduler_, &t.context);
        has_run = true;
      }
      is_left = is_left || t.wait != Wait::done;
    }
    if (is_left && !has_run) throw std::logic_error("threads of a block wait for each other for ever");
    return is_left;
  }

  // Those whose warp, or block, has come as far. A thread that has ended is waited for by nobody, as on the device.
  void release() {
    for (std::size_t first = 0; first < threads_.size(); first += warpSize)
      release(first, std::min(first + warpSize, threads_.size()), Wait::warp);
    release(0, threads_.size(), Wait::block);
  }
  void release(std::size_t first, std::size_t end, Wait what) {
    for (std::size_t i = first; i < end; ++i)
      if (threads_[i].wait != what && threads_[i].wait != Wait::done) return;
    for (std::size_t i = first; i < end; ++i)
      if (threads_[i].wait == what) threads_[i].wait = Wait::nothing;
  }

  const std::function<void()>& body_;
  std::vector<Thread> threads_;
  ucontext_t scheduler_;
  std::size_t now_ = 0;
};

inline void wait(Wait what) {
  if (!Block::current()) throw std::logic_error("a kernel whose threads wait for each other needs run_together()");
  Block::current()->wait(what);
}

// Every thread shows a value; `read` looks at those of the warp before any of them goes on.
template <typename T, typename Read>
auto among_warp(T value, Read read) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t), "a warp exchanges at most 8 bytes");
  wait(Wait::warp);  // for those who still read what was shown before
  Block& block = *Block::current();
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  block.show(bits);
  wait(Wait::warp);
  return read(block);
}

template <typename T>
T shown_by(const Block& block, unsigned lane) {
  T value;
  const std::uint64_t bits = block.shown(lane);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename Body>
void for_blocks(dim3 grid, dim3 block, Body body) {
  gridDim = grid;
  blockDim = block;
  for (blockIdx.z = 0; blockIdx.z < grid.z; ++blockIdx.z)
    for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y)
      for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) body();
}

}  // namespace on_host

template <typename Kernel>
void run_kernel(dim3 grid, dim3 block, Kernel kernel) {
  on_host::for_blocks(grid, block, [&] {
    for (threadIdx.z = 0; threadIdx.z < block.z; ++threadIdx.z)
      for (threadIdx.y = 0; threadIdx.y < block.y; ++threadIdx.y)
        for (threadIdx.x = 0; threadIdx.x < block.x; ++threadIdx.x) kernel();
  });
}

// Throws std::logic_error where threads wait for each other in vain.
template <typename Kernel>
void run_together(dim3 grid, dim3 block, Kernel kernel) {
  const std::function<void()> body = kernel;
  on_host::for_blocks(grid, block, [&] { on_host::Block(block, body).run(); });
}

// --- what kernels call -----------------------------------------------------------------------------------------------

inline void __syncthreads() { on_host::wait(on_host::Wait::block); }
inline void __syncwarp(unsigned = ~0U) { on_host::wait(on_host::Wait::warp); }
inline void __threadfence() {}
inline void __threadfence_block() {}

// Masks other than "all that run" have no meaning here.
inline unsigned __ballot_sync(unsigned, int predicate) {
  return on_host::among_warp(predicate != 0, [](const on_host::Block& block) {
    unsigned votes = 0;
    for (unsigned lane = 0; lane < warpSize; ++lane)
      if (on_host::shown_by<bool>(block, lane)) votes |= 1U << lane;
    return votes;
  });
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
template <typename T>
T __shfl_sync(unsigned, T value, int lane) {
  return on_host::among_warp(value, [lane](const on_host::Block& block) {
    return on_host::shown_by<T>(block, static_cast<unsigned>(lane) % 32);
  });
}
template <typename T>
T __shfl_down_sync(unsigned, T value, unsigned by) {
  return on_host::among_warp(value, [by, value](const on_host::Block& block) {
    const unsigned from = block.lane() + by;
    return from < warpSize ? on_host::shown_by<T>(block, from) : value;
  });
}
template <typename T>
T __shfl_xor_sync(unsigned, T value, int with) {
  return on_host::among_warp(value, [with](const on_host::Block& block) {
    return on_host::shown_by<T>(block, (block.lane() ^ static_cast<unsigned>(with)) % 32);
  });
}

namespace on_host {
template <typename T, typename Change>
T exchanged(T* at, Change change) {
  const T old = *at;
  *at = change(old);
  return old;
}
}  // namespace on_host

template <typename T>
T atomicAdd(T* at, std::common_type_t<T> value) {
  return on_host::exchanged(at, [=](T old) { return static_cast<T>(old + value); });
}
template <typename T>
T atomicMax(T* at, std::common_type_t<T> value) {
  return on_host::exchanged(at, [=](T old) { return std::max<T>(old, value); });
}
template <typename T>
T atomicMin(T* at, std::common_type_t<T> value) {
  return on_host::exchanged(at, [=](T old) { return std::min<T>(old, value); });
}
template <typename T>
T atomicOr(T* at, std::common_type_t<T> value) {
  return on_host::exchanged(at, [=](T old) { return static_cast<T>(old | value); });
}
template <typename T>
T atomicExch(T* at, std::common_type_t<T> value) {
  return on_host::exchanged(at, [=](T) { return static_cast<T>(value); });
}
template <typename T>
T atomicCAS(T* at, std::common_type_t<T> expected, std::common_type_t<T> value) {
  return on_host::exchanged(at, [=](T old) { return old == static_cast<T>(expected) ? static_cast<T>(value) : old; });
}

template <typename T>
T min(T a, T b) {
  return b < a ? b : a;
}
template <typename T>
T max(T a, T b) {
  return a < b ? b : a;
}
template <typename T>
T __ldg(const T* at) {
  return *at;
}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline int __clz(int bits) { return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits)); }
// Byte i of the result is that of (y, x) which the i-th half byte of `choice` names.
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned choice) {
  const std::uint64_t bytes = static_cast<std::uint64_t>(y) << 32 | x;
  unsigned result = 0;
  for (unsigned i = 0; i < 4; ++i)
    result |= static_cast<unsigned>(bytes >> (8 * (choice >> (4 * i) & 7)) & 255) << (8 * i);
  return result;
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(high) << 32 | low) >> (by % 32));
}
// Two weights of 16 bits with two bytes each, the lower ones or the upper ones.
inline unsigned __dp2a_lo(unsigned weights, unsigned bytes, unsigned sum) {
  return sum + (weights & 0xFFFF) * (bytes & 255) + (weights >> 16) * (bytes >> 8 & 255);
}
inline unsigned __dp2a_hi(unsigned weights, unsigned bytes, unsigned sum) {
  return __dp2a_lo(weights, bytes >> 16, sum);
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned sum) {
  for (int i = 0; i < 4; ++i) sum += (a >> (8 * i) & 255) * (b >> (8 * i) & 255);
  return sum;
}
inline float __saturatef(float x) { return std::fmin(std::fmax(x, 0.0F), 1.0F); }
inline float __expf(float x) { return std::exp(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __fadd_rd(float a, float b) {
  const float sum = a + b;
  return static_cast<double>(sum) > static_cast<double>(a) + b ? std::nextafterf(sum, -INFINITY) : sum;
}
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline int __float2int_rn(float x) { return static_cast<int>(std::nearbyint(x)); }
inline int __float_as_int(float x) {
  int bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline unsigned __float_as_uint(float x) { return static_cast<unsigned>(__float_as_int(x)); }
inline float __int_as_float(int bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
inline float __uint_as_float(unsigned bits) { return __int_as_float(static_cast<int>(bits)); }

// For kernels that have an instruction for it where they are compiled for a device: rounds to nearest, ties to even.
inline unsigned short half_bits_on_host(float value) {
  const unsigned sign = std::signbit(value) ? 0x8000U : 0;
  const float size = std::fabs(value);
  if (std::isnan(value)) return static_cast<unsigned short>(0x7FFFU);
  if (size == 0) return static_cast<unsigned short>(sign);
  if (size >= 65520) return static_cast<unsigned short>(sign | 0x7C00U);
  int exponent = 0;
  std::frexp(size, &exponent);
  exponent = std::max(exponent - 1, -14);
  const auto mantissa = static_cast<unsigned>(std::nearbyint(std::ldexp(size, 10 - exponent)));
  return static_cast<unsigned short>(sign | ((static_cast<unsigned>(exponent + 14) << 10) + mantissa));
}

inline float float_of_half_on_host(unsigned short bits) {
  const unsigned exponent = bits >> 10 & 31U, mantissa = bits & 1023U;
  float size = std::ldexp(static_cast<float>(mantissa + (exponent > 0 ? 1024 : 0)), static_cast<int>(exponent) - 25);
  if (exponent == 0) size = std::ldexp(static_cast<float>(mantissa), -24);
  if (exponent == 31) size = mantissa > 0 ? NAN : INFINITY;
  return bits & 0x8000U ? -size : size;
}

#define FLUVIAL_VECTOR(type, name)                                 \
  struct alignas(2 * sizeof(type)) name##2 {                       \
    type x, y;                                                     \
  };                                                               \
  struct alignas(4 * sizeof(type)) name##4 {                       \
    type x, y, z, w;                                               \
  };                                                               \
  inline name##2 make_##name##2(type x, type y) { return {x, y}; } \
  inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }
FLUVIAL_VECTOR(unsigned char, uchar)
FLUVIAL_VECTOR(unsigned short, ushort)
FLUVIAL_VECTOR(unsigned, uint)
FLUVIAL_VECTOR(int, int)
FLUVIAL_VECTOR(float, float)
#undef FLUVIAL_VECTOR
