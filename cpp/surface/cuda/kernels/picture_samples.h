// Samples of pictures, mixed into a thread's pixels of one row of a network's input.
#pragma once

#include "surface/cuda/kernels/bytes.h"
#include "surface/cuda/kernels/on_both.h"
#include "surface/cuda/kernels/parameters.h"

namespace fluvial::cuda {

// Bytes of all but pairs count as floats that begin at 2^15, see bytes.h: beside them 1/256 of a level is left, which
// is enough between two samples, and what they begin at is taken off once, of what they were mixed to.
constexpr float byte_in_mixed = 32768.0f;  // 2^15

// How such floats begin. It is computed, as an instruction that picks bytes has room for one constant alone, which is
// where it picks them: no block has several threads one behind the other.
__device__ inline unsigned mixed_bits() { return 0x47000000U | threadIdx.z; }
__device__ inline float mixed_of_byte(unsigned word, int i) {
  return __uint_as_float(__byte_perm(word, mixed_bits(), 0x7404 | i << 4));
}

struct Place {
  int first, second;
  float share;  // of the second
};

// `i` is whole; one beside the picture has the place of its edge.
__device__ inline Place place_of(const Direction& d, float i) {
  const float at = fminf(fmaxf(d.start + i * d.step, d.first), d.last);
  const float whole = __fadd_rd(at, byte_in_float);  // see bytes.h; what is behind the point is cut
  const int first = static_cast<int>(__float_as_uint(whole) & 0x7FFFFFU);
  return {first, at < d.last ? first + 1 : first, at - (whole - byte_in_float)};
}

// The two rows of a plane between which a row of the input lies.
struct RowPair {
  const unsigned char *upper, *lower;
  float share;  // of the lower
};

__device__ inline RowPair row_pair(const unsigned char* plane, int stride, const Place& y) {
  return {plane + static_cast<long long>(y.first) * stride, plane + static_cast<long long>(y.second) * stride, y.share};
}

__device__ inline float between(float a, float b, float share) { return a + share * (b - a); }

// The four samples around a place: words of one byte or of several.
struct Corners {
  unsigned left, right, lower_left, lower_right;
};

__device__ inline float mixed_channel(const Corners& c, int channel, float across, float down) {
  const float left = between(mixed_of_byte(c.left, channel), mixed_of_byte(c.lower_left, channel), down);
  const float right = between(mixed_of_byte(c.right, channel), mixed_of_byte(c.lower_right, channel), down);
  return between(left, right, across) - byte_in_mixed;
}

__device__ inline Corners corner_bytes(const RowPair& rows, const Place& x, int step, int channel) {
  const int first = x.first * step + channel, second = x.second * step + channel;
  return {rows.upper[first], rows.upper[second], rows.lower[first], rows.lower[second]};
}

template <typename Word>
__device__ inline Corners corner_words(const RowPair& rows, const Place& x) {
  const auto* upper = reinterpret_cast<const Word*>(rows.upper);
  const auto* lower = reinterpret_cast<const Word*>(rows.lower);
  return {upper[x.first], upper[x.second], lower[x.first], lower[x.second]};
}

// What a thread makes of a row, side by side; channels of the tensor.
constexpr int most_channels = 3;
using Run = float[most_channels][pixels_of_thread];

struct Colours {
  float red, green, blue;  // shares of 255; of an input of one channel: grey in red
};

// What one thread makes of one row of the input; pixels beside the picture read its edge.
struct SourceRow {
  const Picture& p;
  float row, column;
};

struct Yuv {
  float luma, blue, red;  // 0..255
};

// A place whose second sample is the one behind the first. A plane must have two.
struct NextPlace {
  unsigned first;  // as bits of a float, see bytes.h
  float share;     // of the second: 1 at the end
};

__device__ inline NextPlace next_place_of(const Direction& d, float i) {
  const float at = fminf(fmaxf(d.start + i * d.step, d.first), d.last);
  const float whole = fminf(__fadd_rd(at, byte_in_float), d.last + (byte_in_float - 1.0f));
  return {__float_as_uint(whole), at - (whole - byte_in_float)};
}

// Two samples side by side of each of two rows.
template <typename Sample>
__device__ inline Corners next_corners(const RowPair& rows, const NextPlace& x) {
  constexpr long long begin = static_cast<long long>(byte_in_float_bits) * sizeof(Sample);
  const auto* upper = reinterpret_cast<const Sample*>(rows.upper - begin) + x.first;
  const auto* lower = reinterpret_cast<const Sample*>(rows.lower - begin) + x.first;
  return {upper[0], upper[1], lower[0], lower[1]};
}

static_assert(dots_begin == byte_in_float);

// Of two samples side by side, 16 bits for each.
__device__ inline unsigned dot_weights(float share) {
  const unsigned second = __float_as_uint(share * dots_of_level + byte_in_float);
  return second * 0xFFFFU + (32768U + byte_in_float_bits);  // the bits of 2^23 go twice, and cancel each other
}

// Of both rows, as bits.
__device__ inline float mixed_dots(unsigned upper, unsigned lower, float down) {
  return between(__uint_as_float(upper), __uint_as_float(lower), down);
}

__device__ inline float mixed_luma(const Corners& c, unsigned weights, float down) {
  return mixed_dots(dot_low(weights, c.left | c.right << 8, byte_in_float_bits),
                    dot_low(weights, c.lower_left | c.lower_right << 8, byte_in_float_bits), down);
}

__device__ inline Yuv mixed_pixel(const Corners& luma, float luma_across, float luma_down, const Corners& chroma,
                                  float chroma_across, float chroma_down) {
  const unsigned weights = dot_weights(chroma_across);
  const unsigned upper = __byte_perm(chroma.left, chroma.right, 0x5140);  // blue, blue, red, red
  const unsigned lower = __byte_perm(chroma.lower_left, chroma.lower_right, 0x5140);
  return {
      mixed_luma(luma, dot_weights(luma_across), luma_down),
      mixed_dots(dot_low(weights, upper, byte_in_float_bits), dot_low(weights, lower, byte_in_float_bits), chroma_down),
      mixed_dots(dot_high(weights, upper, byte_in_float_bits), dot_high(weights, lower, byte_in_float_bits),
                 chroma_down)};
}

// Of levels as they were mixed, see Picture.
__device__ inline void set_colours(const Picture& p, const Yuv (&yuv)[pixels_of_thread],
                                   Colours (&colours)[pixels_of_thread]) {
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const float y = yuv[i].luma, blue = yuv[i].blue, red = yuv[i].red;
    colours[i] = {__saturatef(red * p.red_v + (y * p.luma + p.red_bias)),
                  __saturatef(red * p.green_v + (blue * p.green_u + (y * p.luma + p.green_bias))),
                  __saturatef(blue * p.blue_u + (y * p.luma + p.blue_bias))};
  }
}

// Luma and pairs of chroma.
__device__ inline void read_pairs(const SourceRow& s, Yuv (&yuv)[pixels_of_thread]) {
  const Picture& p = s.p;
  const RowPair luma_rows = row_pair(p.plane[0], p.stride[0], place_of(p.down, s.row));
  const RowPair chroma_rows = row_pair(p.plane[1], p.stride[1], place_of(p.chroma_down, s.row));
  NextPlace across[pixels_of_thread], chroma_across[pixels_of_thread];
  Corners luma[pixels_of_thread], chroma[pixels_of_thread];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    across[i] = next_place_of(p.across, s.column + i);
    luma[i] = next_corners<unsigned char>(luma_rows, across[i]);
    chroma_across[i] = next_place_of(p.chroma_across, s.column + i);
    chroma[i] = next_corners<unsigned short>(chroma_rows, chroma_across[i]);
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i)
    yuv[i] =
        mixed_pixel(luma[i], across[i].share, luma_rows.share, chroma[i], chroma_across[i].share, chroma_rows.share);
}

// Each in a plane of its own.
__device__ inline void read_planes(const SourceRow& s, Yuv (&yuv)[pixels_of_thread]) {
  const Picture& p = s.p;
  const Place down = place_of(p.chroma_down, s.row);
  const RowPair luma_rows = row_pair(p.plane[0], p.stride[0], place_of(p.down, s.row));
  const RowPair u_rows = row_pair(p.plane[1], p.stride[1], down), v_rows = row_pair(p.plane[2], p.stride[2], down);
  Place across[pixels_of_thread], chroma_across[pixels_of_thread];
  Corners luma[pixels_of_thread], u[pixels_of_thread], v[pixels_of_thread];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    across[i] = place_of(p.across, s.column + i);
    luma[i] = corner_bytes(luma_rows, across[i], 1, 0);
    chroma_across[i] = place_of(p.chroma_across, s.column + i);
    u[i] = corner_bytes(u_rows, chroma_across[i], p.step, 0);
    v[i] = corner_bytes(v_rows, chroma_across[i], p.step, 0);
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i)
    yuv[i] = {mixed_channel(luma[i], 0, across[i].share, luma_rows.share),
              mixed_channel(u[i], 0, chroma_across[i].share, down.share),
              mixed_channel(v[i], 0, chroma_across[i].share, down.share)};
}

__device__ inline void read_yuv(const SourceRow& s, Colours (&colours)[pixels_of_thread]) {
  Yuv yuv[pixels_of_thread];
  s.p.format == Picture::planes ? read_planes(s, yuv) : read_pairs(s, yuv);
  set_colours(s.p, yuv, colours);
}

__device__ inline Corners corner_triples(const RowPair& rows, const Place& x, int step) {
  const Corners a = corner_bytes(rows, x, step, 0), b = corner_bytes(rows, x, step, 1),
                c = corner_bytes(rows, x, step, 2);
  return {a.left | b.left << 8 | c.left << 16, a.right | b.right << 8 | c.right << 16,
          a.lower_left | b.lower_left << 8 | c.lower_left << 16,
          a.lower_right | b.lower_right << 8 | c.lower_right << 16};
}

template <int format>
__device__ inline void read_pixels(const SourceRow& s, Colours (&colours)[pixels_of_thread]) {
  const Picture& p = s.p;
  const RowPair rows = row_pair(p.plane[0], p.stride[0], place_of(p.down, s.row));
  Place across[pixels_of_thread];
  Corners corners[pixels_of_thread];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    across[i] = place_of(p.across, s.column + i);
    if constexpr (format == Picture::words)
      corners[i] = corner_words<unsigned>(rows, across[i]);
    else
      corners[i] = corner_triples(rows, across[i], p.step);
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    constexpr float one = 1.0f / 255.0f;
    const float share = across[i].share, first = mixed_channel(corners[i], 0, share, rows.share) * one;
    const float second = mixed_channel(corners[i], 1, share, rows.share) * one;
    const float third = mixed_channel(corners[i], 2, share, rows.share) * one;
    colours[i] = p.is_bgr ? Colours{third, second, first} : Colours{first, second, third};
  }
}

__device__ inline void read_grey(const SourceRow& s, Colours (&colours)[pixels_of_thread]) {
  const Picture& p = s.p;
  const RowPair rows = row_pair(p.plane[0], p.stride[0], place_of(p.down, s.row));
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const Place x = place_of(p.across, s.column + i);
    const float grey = mixed_channel(corner_bytes(rows, x, 1, 0), 0, x.share, rows.share);
    colours[i].red = colours[i].green = colours[i].blue = __saturatef(grey * p.grey_gain + p.grey_bias);
  }
}

__device__ inline void make_grey(Colours (&colours)[pixels_of_thread]) {
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i)
    colours[i].red = 0.299f * colours[i].red + 0.587f * colours[i].green + 0.114f * colours[i].blue;
}

// Of YUV luma is grey.
__device__ inline void read_row(const SourceRow& s, bool wants_grey, Colours (&colours)[pixels_of_thread]) {
  const bool is_yuv = s.p.format <= Picture::planes;
  if (s.p.format == Picture::grey || (is_yuv && wants_grey)) return read_grey(s, colours);
  if (is_yuv) return read_yuv(s, colours);
  s.p.format == Picture::words ? read_pixels<Picture::words>(s, colours) : read_pixels<Picture::bytes>(s, colours);
  if (wants_grey) make_grey(colours);
}

}  // namespace fluvial::cuda
