// Pictures whose pixels lie close: of each line, a few words hold all that a thread's pixels are mixed of, and what is
// the same in every row it finds out once.
#pragma once

#include "surface/cuda/kernels/picture_samples.h"

namespace fluvial::cuda {

// As next_place_of, but for a sample that must not lie behind another: the sum that a place is may be rounded up.
__device__ inline NextPlace close_place_of(const Direction& d, float i, float most) {
  const float at = fminf(fmaxf(d.start + i * d.step, d.first), d.last);
  const float whole = fminf(__fadd_rd(at, byte_in_float), fminf(d.last + (byte_in_float - 1.0f), most));
  return {__float_as_uint(whole), at - (whole - byte_in_float)};
}

// Where in each line of luma the samples of a thread lie: eight bytes hold them all, as pixels are two samples apart at
// most, and each pixel picks its two with an instruction.
struct LumaAcross {
  unsigned begin, shift;             // bytes from a line's begin to the first word; bits of it that come before
  unsigned picks[pixels_of_thread];  // of the eight bytes
  unsigned weights[pixels_of_thread];
};

__device__ inline LumaAcross luma_across(const Direction& d, float column) {
  const NextPlace first = next_place_of(d, column);
  const unsigned begin = min(first.first, __float_as_uint(d.last + (byte_in_float - 7.0f))) - byte_in_float_bits;
  LumaAcross across;
  across.begin = begin & ~3U;
  across.shift = (begin & 3U) * 8;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const NextPlace place = close_place_of(d, column + i, __uint_as_float(first.first) + 6.0f);
    across.picks[i] = (place.first - byte_in_float_bits - begin) * 0x11 + 0x10;  // a byte and the next one
    across.weights[i] = dot_weights(place.share);
  }
  return across;
}

// No word is read that has none of the eight bytes: it may lie behind the plane.
struct LumaWords {
  unsigned first, second, third;
  __device__ LumaWords(const unsigned char* plane, unsigned line, const LumaAcross& across) {
    const auto* words = reinterpret_cast<const unsigned*>(plane + (line + across.begin));
    first = words[0];
    second = words[1];
    third = across.shift != 0 ? words[2] : 0;
  }
};

struct LumaBytes {
  unsigned low, high;
  __device__ LumaBytes(const LumaWords& words, const LumaAcross& across)
      : low(__funnelshift_r(words.first, words.second, across.shift)),
        high(__funnelshift_r(words.second, words.third, across.shift)) {}
  __device__ unsigned picked(int i, const LumaAcross& across) const { return __byte_perm(low, high, across.picks[i]); }
};

// The same of chroma, of which two words hold what two pixels are mixed of: three pairs, as pixels are one pair apart
// at most.
constexpr int twos_of_thread = pixels_of_thread / 2;
struct ChromaAcross {
  unsigned begin[twos_of_thread];
  unsigned picks[pixels_of_thread];
  unsigned weights[pixels_of_thread];
};

// What is picked of words that begin with two pairs: their first parts, then their second ones.
constexpr unsigned blue_and_red_order = 0x3120, red_and_blue_order = 0x2031;

__device__ inline ChromaAcross chroma_across(const Direction& d, float column, unsigned order) {
  const unsigned last_word = static_cast<unsigned>(d.last) * 2 & ~3U;
  ChromaAcross across;
  FLUVIAL_UNROLL_ALL
  for (int two = 0; two < twos_of_thread; ++two) {
    const NextPlace first = next_place_of(d, column + 2 * two);
    across.begin[two] = min((first.first - byte_in_float_bits) * 2 & ~3U, last_word - 4);
    FLUVIAL_UNROLL_ALL
    for (int i = 2 * two; i < 2 * two + 2; ++i) {
      const NextPlace place = close_place_of(d, column + i, __uint_as_float(first.first) + 1.0f);
      across.picks[i] = ((place.first - byte_in_float_bits) * 2 - across.begin[two]) * 0x1111 + order;
      across.weights[i] = dot_weights(place.share);
    }
  }
  return across;
}

struct ChromaWords {
  unsigned first[twos_of_thread], second[twos_of_thread];
  __device__ ChromaWords(const unsigned char* plane, unsigned line, const ChromaAcross& across) {
    FLUVIAL_UNROLL_ALL
    for (int two = 0; two < twos_of_thread; ++two) {
      const auto* words = reinterpret_cast<const unsigned*>(plane + (line + across.begin[two]));
      first[two] = words[0];
      second[two] = words[1];
    }
  }
  __device__ unsigned picked(int i, const ChromaAcross& across) const {
    return __byte_perm(first[i / 2], second[i / 2], across.picks[i]);
  }
};

// How the network's channels are made of luma and both parts of chroma, in the order in which these are picked.
struct CloseColours {
  float luma, first, second_of_first, second_of_second, third;
  float first_bias, second_bias, third_bias;
};

__device__ inline CloseColours close_colours(const Picture& p, bool is_swapped) {
  return is_swapped
             ? CloseColours{p.luma, p.blue_u, p.green_u, p.green_v, p.red_v, p.blue_bias, p.green_bias, p.red_bias}
             : CloseColours{p.luma, p.red_v, p.green_v, p.green_u, p.blue_u, p.red_bias, p.green_bias, p.blue_bias};
}

struct CloseRow {
  LumaWords luma_upper, luma_lower;
  ChromaWords chroma_upper, chroma_lower;
  float luma_down, chroma_down;
};

__device__ inline CloseRow close_row(const Picture& p, float row, const LumaAcross& luma, const ChromaAcross& chroma) {
  const Place y = place_of(p.down, row), chroma_y = place_of(p.chroma_down, row);
  const unsigned stride = p.stride[0], chroma_stride = p.stride[1];
  return {{p.plane[0], y.first * stride, luma},
          {p.plane[0], y.second * stride, luma},
          {p.plane[1], chroma_y.first * chroma_stride, chroma},
          {p.plane[1], chroma_y.second * chroma_stride, chroma},
          y.share,
          chroma_y.share};
}

__device__ inline void mix_close_row(const CloseRow& row, const LumaAcross& luma, const ChromaAcross& chroma,
                                     const CloseColours& colours, const Input& input, Run& values) {
  constexpr unsigned none = byte_in_float_bits;
  const LumaBytes luma_upper(row.luma_upper, luma), luma_lower(row.luma_lower, luma);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const unsigned upper = row.chroma_upper.picked(i, chroma), lower = row.chroma_lower.picked(i, chroma);
    const float y = mixed_dots(dot_low(luma.weights[i], luma_upper.picked(i, luma), none),
                               dot_low(luma.weights[i], luma_lower.picked(i, luma), none), row.luma_down);
    const unsigned weights = chroma.weights[i];
    const float a = mixed_dots(dot_low(weights, upper, none), dot_low(weights, lower, none), row.chroma_down);
    const float b = mixed_dots(dot_high(weights, upper, none), dot_high(weights, lower, none), row.chroma_down);
    const float first = __saturatef(a * colours.first + (y * colours.luma + colours.first_bias));
    const float second = __saturatef(a * colours.second_of_first +
                                     (b * colours.second_of_second + (y * colours.luma + colours.second_bias)));
    const float third = __saturatef(b * colours.third + (y * colours.luma + colours.third_bias));
    values[0][i] = first * input.gain[0] + input.bias[0];
    values[1][i] = second * input.gain[1] + input.bias[1];
    values[2][i] = third * input.gain[2] + input.bias[2];
  }
}

}  // namespace fluvial::cuda
