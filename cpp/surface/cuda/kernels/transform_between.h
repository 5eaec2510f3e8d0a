// Planes of bytes, or of pairs of bytes, between two samples in each direction. Everything is counted in words, and
// what columns have in common is found once for many rows.
#pragma once

#include "surface/cuda/kernels/bytes.h"
#include "surface/cuda/kernels/transform.h"

namespace fluvial::cuda {

// A place lies between a sample and the next one, of which it has a share of 256 parts, or all 256.
struct Between {
  int first;
  unsigned share;
};

__device__ inline Between between(const Samples& s, int i) {
  const int place = max(0, min(s.start + i * s.step, s.last << 16));  // the host sees to it that 32 bits are enough
  const int first = min(place >> 16, s.last - 1);
  return {first, static_cast<unsigned>(place - (first << 16)) >> 8};
}

// How far apart the samples of four bytes lie, which come from so many words of a row.
struct Reach {
  enum Words {
    close = 2,  // enlarged: all in the same two words
    near = 3,   // shrunk by two at most: two of them in the first two words, two in those or the next
    far = 4,    // by three at most: each two in words of their own
  };
};
__device__ inline Reach::Words reach_of(const SourcePlane& plane) {
  const int step = plane.columns.step;
  return step <= 65536 ? Reach::close : step <= 2 * 65536 ? Reach::near : Reach::far;
}

// How four bytes side by side come from a row, two of them at once: left and right samples are chosen so that each byte
// has its own two together. `size` is that of a sample, `words` a Reach.
template <int size, int words>
struct Four {
  int at[words == Reach::far ? 2 : 1];  // of the words, bytes behind the row's first
  bool is_late, has_third;  // near: whether the second two lie in the second and third word; if that is read
  unsigned choice[2], weights[4 / size];
};

template <int size, int words>
__device__ inline Four<size, words> four_of(const SourcePlane& plane, const unsigned char* from, int x) {
  Four<size, words> four;
  const int skew = static_cast<int>(reinterpret_cast<unsigned long long>(from)) & 3;  // of all rows
  const int most = ((skew + (plane.columns.last + 1) * size - 1) & ~3) - 4 - skew;    // no word behind the row is read
  four.is_late = four.has_third = false;
  int at = 0;
  FLUVIAL_UNROLL_ALL
  for (int pair = 0; pair < 2; ++pair) {
    Between b[2 / size];
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < 2 / size; ++i) {
      b[i] = between(plane.columns, (x + 2 * pair) / size + i);
      four.weights[pair * 2 / size + i] = 256 + b[i].share * 65535;  // 256 less the share, the share
    }
    const int first = b[0].first * size;
    if (pair == 0 || words == Reach::far) {
      at = min(((skew + first) & ~3) - skew, most);
      four.at[words == Reach::far ? pair : 0] = at;
    }
    int past = first - at;
    if (words == Reach::near && pair == 1) {
      four.is_late = past >= 4;
      four.has_third = past + b[2 / size - 1].first * size - first + size > 7;
      past &= 3;
    }
    if (size == 1)
      four.choice[pair] = (past + ((past + b[1 / size].first - b[0].first) << 8)) * 0x11 + 0x1010;
    else
      four.choice[pair] = past * 0x1111 + 0x3120;
  }
  return four;
}

template <int words>
struct FourOfRow {
  unsigned word[words];
};

template <int size, int words>
__device__ inline FourOfRow<words> read_four(const Four<size, words>& four, const unsigned char* row) {
  FourOfRow<words> read;
  const auto* first = reinterpret_cast<const unsigned*>(row + four.at[0]);
  read.word[0] = first[0];
  read.word[1] = first[1];
  if constexpr (words == Reach::near) read.word[2] = four.has_third ? first[2] : 0;
  if constexpr (words == Reach::far) {
    const auto* second = reinterpret_cast<const unsigned*>(row + four.at[1]);
    read.word[2] = second[0];
    read.word[3] = second[1];
  }
  return read;
}

// 256 times what lies between the samples of a row, added to what is there.
template <int size, int words>
__device__ inline void add_columns(const Four<size, words>& four, const FourOfRow<words>& row, unsigned (&sums)[4]) {
  FLUVIAL_UNROLL_ALL
  for (int pair = 0; pair < 2; ++pair) {
    unsigned low = row.word[0], high = row.word[1];
    if constexpr (words == Reach::near)
      if (pair == 1) low = four.is_late ? row.word[1] : low, high = four.is_late ? row.word[2] : high;
    if constexpr (words == Reach::far) low = row.word[2 * pair], high = row.word[2 * pair + 1];
    const unsigned sides = __byte_perm(low, high, four.choice[pair]);
    sums[2 * pair] = dot_low(four.weights[2 * pair / size], sides, sums[2 * pair]);
    sums[2 * pair + 1] = dot_high(four.weights[(2 * pair + 1) / size], sides, sums[2 * pair + 1]);
  }
}

template <int size, int words>
__device__ inline unsigned mix_rows(const Four<size, words>& four, const FourOfRow<words>& upper,
                                    const FourOfRow<words>& lower, unsigned share) {
  unsigned top[4] = {}, bottom[4] = {};
  add_columns(four, upper, top);
  add_columns(four, lower, bottom);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 4; ++i) top[i] = mixed_twice(top[i], bottom[i], share);
  return third_bytes(top[0], top[1], top[2], top[3]);
}

}  // namespace fluvial::cuda
