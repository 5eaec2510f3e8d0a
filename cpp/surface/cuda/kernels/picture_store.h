// What a thread has made of a row of a network's input goes there: as numbers of any type, of any layout.
#pragma once

#include "surface/cuda/kernels/on_both.h"
#include "surface/cuda/kernels/picture_samples.h"

namespace fluvial::cuda {

__device__ inline float rounded(float x, float low, float high) {
  x = fminf(fmaxf(x, low), high);
  return truncf(x + (x < 0 ? -0.5f : 0.5f));
}

// CUDA's own header for halves is not where only the driver is; and a test compiles this for the host.
__device__ inline unsigned short half_bits(float value) {
#ifdef __CUDACC__
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
#else
  return half_bits_on_host(value);
#endif
}

__device__ inline void set_border(const Input& input, Run& values) {
  FLUVIAL_UNROLL_ALL
  for (int c = 0; c < most_channels; ++c) FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) values[c][i] = input.border[c];
}

// Of the pixels from this column of the picture on those that lie beside it are border.
__device__ inline void set_beside(const Input& input, const Picture& picture, int column, Run& values) {
  if (column >= 0 && column + pixels_of_thread <= picture.width) return;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const bool is_in = column + i >= 0 && column + i < picture.width;
    FLUVIAL_UNROLL_ALL
    for (int c = 0; c < most_channels; ++c) values[c][i] = is_in ? values[c][i] : input.border[c];
  }
}

template <typename Value>
struct alignas(pixels_of_thread * sizeof(Value)) Together {
  Value value[pixels_of_thread];
};

template <typename Value>
__device__ inline bool can_hold_together(const Value* at) {
  return reinterpret_cast<unsigned long long>(at) % sizeof(Together<Value>) == 0;
}

// `pixel` is the first one's number in the picture, of which `count` are on the input.
template <typename Value, typename Convert>
__device__ inline void store_planes(const Input& input, Value* out, long long pixel, int count, const Run& values,
                                    Convert convert) {
  const long long plane = static_cast<long long>(input.width) * input.height;
  const bool lie_together = input.width % pixels_of_thread == 0 && can_hold_together(out) && count == pixels_of_thread;
  Value* to = out + pixel;
  FLUVIAL_UNROLL_ALL
  for (int c = 0; c < most_channels; ++c, to += plane) {
    if (c >= input.channels) return;
    Together<Value> together;
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < pixels_of_thread; ++i) together.value[i] = convert(values[c][i]);
    if (lie_together) {
      *reinterpret_cast<Together<Value>*>(to) = together;
      continue;
    }
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < pixels_of_thread; ++i)
      if (i < count) to[i] = together.value[i];
  }
}

// What warps exchange before they write: the runs of a warp's threads lie between each other's in the tensor, so that
// each thread for itself would write a third of every 32 bytes.
template <int warps>
using Exchanges = Together<int>[warps][32 * most_channels];
using Exchange = Together<int>[32 * most_channels];  // of one warp

template <typename Value, typename Convert>
__device__ inline void store_by_warp(const Input& input, Value* row, int x, const Run& values, Exchange& exchange,
                                     Convert convert) {
  __syncwarp();  // for those who still read the row before
  auto* all = reinterpret_cast<Together<Value>*>(exchange);
  const int lane = threadIdx.x, first = x - lane * pixels_of_thread;
  FLUVIAL_UNROLL_ALL
  for (int part = 0; part < most_channels; ++part) {
    Together<Value> together;
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < pixels_of_thread; ++i) {
      const int at = part * pixels_of_thread + i;
      together.value[i] = convert(values[at % most_channels][at / most_channels]);
    }
    all[lane * most_channels + part] = together;
  }
  __syncwarp();
  auto* to = reinterpret_cast<Together<Value>*>(row + first * most_channels);
  const int count = (input.width - first) / pixels_of_thread * most_channels;
  FLUVIAL_UNROLL_ALL
  for (int at = lane; at < 32 * most_channels; at += 32)
    if (at < count) to[at] = all[at];
}

template <typename Value, typename Convert>
__device__ inline void store_interleaved(const Input& input, Value* row, int x, int count, const Run& values,
                                         Exchange& exchange, Convert convert) {
  if (input.channels == most_channels && input.width % pixels_of_thread == 0 && can_hold_together(row))
    return store_by_warp(input, row, x, values, exchange, convert);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) FLUVIAL_UNROLL_ALL
  for (int c = 0; c < most_channels; ++c)
    if (i < count && c < input.channels) row[(x + i) * input.channels + c] = convert(values[c][i]);
}

// A run of a row of the tensor. All threads of a warp come here, those beside the input with nothing to write.
template <typename Value, typename Convert>
__device__ inline void store_run(const Input& input, void* out, int x, int y, const Run& values, Exchange& exchange,
                                 Convert convert) {
  const long long row = static_cast<long long>(y) * input.width;
  const int count = min(pixels_of_thread, input.width - x);
  auto* all = static_cast<Value*>(out);
  if (input.is_nhwc)
    store_interleaved(input, all + row * input.channels, x, count, values, exchange, convert);
  else
    store_planes(input, all, row + x, count, values, convert);
}

// Calls with what numbers of the network's type are, and what makes them.
template <typename Body>
__device__ inline void with_type(const Input& input, Body body) {
  switch (input.type) {
    case Input::f32: return body(float(), [](float v) { return v; });
    case Input::f16: return body(static_cast<unsigned short>(0), half_bits);
    case Input::u8:
      return body(static_cast<unsigned char>(0),
                  [](float v) { return static_cast<unsigned char>(rounded(v, 0.0f, 255.0f)); });
    default: return body(0, [](float v) { return static_cast<int>(rounded(v, -2147483648.0f, 2147483520.0f)); });
  }
}

// All threads of a warp come here for one row.
__device__ inline void store_row(const Picture& picture, const Input& input, int x, int y, const Run& values,
                                 Exchange& exchange) {
  with_type(input, [&](auto value, auto convert) {
    store_run<decltype(value)>(input, picture.out, x, y, values, exchange, convert);
  });
}

}  // namespace fluvial::cuda
