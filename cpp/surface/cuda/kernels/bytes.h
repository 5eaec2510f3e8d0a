// Bytes in words, as kernels read, count with and write them. No includes: NVRTC has none.
//
// A GPU changes integers into floats and back at an eighth of the speed at which it adds. So that is done by adding:
// 2^23 + n is a float whose lowest byte is n.
#pragma once

namespace fluvial::cuda {

constexpr float byte_in_float = 8388608.0f;          // 2^23
constexpr unsigned byte_in_float_bits = 0x4B000000;  // the same
constexpr unsigned even_bytes = 0x00FF00FF;

__device__ inline unsigned byte_of(unsigned word, int i) { return word >> (8 * i) & 255U; }

// A number below 2^16.
__device__ inline float float_of(unsigned n) { return __uint_as_float(byte_in_float_bits | n) - byte_in_float; }
// Byte i of a word.
__device__ inline float float_of_byte(unsigned word, int i) {
  return __uint_as_float(__byte_perm(word, byte_in_float_bits, 0x7650 | i)) - byte_in_float;
}
// 0..1, and what lies beside it, becomes a word whose lowest byte is 0..255, rounded.
__device__ inline unsigned level(float share) { return __float_as_uint(__saturatef(share) * 255.0f + byte_in_float); }
// The lowest bytes.
__device__ inline unsigned together(unsigned a, unsigned b, unsigned c, unsigned d) {
  return __byte_perm(__byte_perm(a, b, 0x0040), __byte_perm(c, d, 0x0040), 0x5410);
}

// The third ones.
__device__ inline unsigned third_bytes(unsigned a, unsigned b, unsigned c, unsigned d) {
  return __byte_perm(__byte_perm(a, b, 0x0062), __byte_perm(c, d, 0x0062), 0x5410);
}

// Two weights of 16 bits with the lower two bytes, or the upper two, and what was summed up before.
__device__ inline unsigned dot_low(unsigned weights, unsigned bytes, unsigned before) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 610
  return before + (weights & 0xFFFF) * byte_of(bytes, 0) + (weights >> 16) * byte_of(bytes, 1);
#else
  return __dp2a_lo(weights, bytes, before);
#endif
}
__device__ inline unsigned dot_high(unsigned weights, unsigned bytes, unsigned before) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 610
  return before + (weights & 0xFFFF) * byte_of(bytes, 2) + (weights >> 16) * byte_of(bytes, 3);
#else
  return __dp2a_hi(weights, bytes, before);
#endif
}
// Of the bytes that a mask has ones for, and what was summed up before.
__device__ inline unsigned sum_of(unsigned bytes, unsigned ones, unsigned before) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 610
  const unsigned masked = bytes & ones * 255;
  return before + byte_of(masked, 0) + byte_of(masked, 1) + byte_of(masked, 2) + byte_of(masked, 3);
#else
  return __dp4a(bytes, ones, before);
#endif
}
// Ones for bytes [begin, end) of a word.
__device__ inline unsigned ones_of(int begin, int end) {
  const unsigned from = 0x01010101U << (8 * min(max(begin, 0), 3));
  return end >= 4 ? (begin >= 4 ? 0 : from) : end <= 0 ? 0 : from & ((1U << (8 * end)) - 1);
}

// Quarters are rounded, other means are cut, by libyuv.
__device__ inline unsigned mean_of_sum(unsigned sum, unsigned count, bool is_rounded) {
  return is_rounded ? (sum + count / 2) / count : sum * (65536U / count) >> 16;
}

// Between two levels of which 256 are one: in the third byte, rounded.
__device__ inline unsigned mixed_twice(unsigned a, unsigned b, unsigned share) {
  return a * (256 - share) + (b * share + 32768);
}

__device__ inline bool begins_at(const void* at, unsigned multiple) {
  return (reinterpret_cast<unsigned long long>(at) & (multiple - 1)) == 0;
}

// Four bytes from anywhere; nothing is read but the words that they lie in.
__device__ inline unsigned word_at(const unsigned char* at) {
  const unsigned past = static_cast<unsigned>(reinterpret_cast<unsigned long long>(at)) & 3U;
  const auto* words = reinterpret_cast<const unsigned*>(at - past);
  return past == 0 ? words[0] : __funnelshift_r(words[0], words[1], 8 * past);
}

// Bytes [begin, end) of a word, to anywhere.
__device__ inline void store_bytes(unsigned char* at, unsigned word, int begin, int end) {
  if (begin == 0 && end == 4 && begins_at(at, 4)) {
    *reinterpret_cast<unsigned*>(at) = word;
    return;
  }
  for (int i = 0; i < 4; ++i)
    if (i >= begin && i < end) at[i] = static_cast<unsigned char>(byte_of(word, i));
}

}  // namespace fluvial::cuda
