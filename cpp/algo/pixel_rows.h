// The arithmetic of preprocessing, one row of pixels at a time. Every loop is plain and vectorised by the compiler.
//
// Between the steps a sample is a Q7: a 16-bit integer of 1/128 grey level (0..32640). 16 lanes fit where 8 floats
// would, and two roundings cost 1/128 level together, so that colour conversion, which doubles errors, stays far below
// one.
#pragma once

#include <cstdint>

namespace fluvial {

using Q7 = std::int16_t;
constexpr float kQ7One = 128.0F;

// A place between two samples: 0 is the first, 32768 would be the second.
using Weight = std::int16_t;

// How Q7 samples become channels of a tensor: clamp to 0..255 grey levels, then (x - offset) * scale, as x * gain +
// bias.
struct Normalisation {
  float gain = 1;
  float bias = 0;
};

// Where integers saturate. Arguments and no constants of the loops: of comparisons with constants GCC makes branches.
struct Limits {
  float low, high;
};
constexpr Limits kByteLimits{0.0F, 255.0F};
constexpr Limits kIntLimits{-2147483648.0F, 2147483520.0F};

// RGB = clamp(y * luma + luma_bias + ...) of Q7 samples, in grey levels; the chroma's zero is in the biases.
struct YuvMatrix {
  float luma = 0;
  float red_v = 0, red_bias = 0;
  float green_u = 0, green_v = 0, green_bias = 0;
  float blue_u = 0, blue_bias = 0;
  float luma_bias = 0;  // for grey alone
};

YuvMatrix yuv_matrix(bool is_bt709, bool is_full_range);

namespace rows {

// One row of a plane between two: out[c][i] = upper + weight * (lower - upper) of byte c of pixel i. A pixel has `step`
// bytes, 1 to 4, of which the first become channels: 1 of 1, 2 of 2 (NV12's chroma), 3 of 3 or 4.
void blend_pixels(const std::uint8_t* upper, const std::uint8_t* lower, int step, Weight weight, int count,
                  Q7* const out[3]);

void blend(const Q7* upper, const Q7* lower, Weight weight, int count, Q7* out);

// out[i] = row between first[i] and first[i] + 1. `pairs` is scratch for count values.
void resample(const Q7* row, const std::int32_t* first, const Weight* weight, int count, std::uint32_t* pairs, Q7* out);

void yuv_to_rgb(const Q7* const yuv[3], int count, const YuvMatrix& matrix, const Normalisation normalisation[3],
                float* const rgb[3]);
void luma_to_grey(const Q7* luma, int count, const YuvMatrix& matrix, Normalisation normalisation, float* out);
void rgb_to_grey(const Q7* const rgb[3], int count, Normalisation normalisation, float* out);
void normalise(const Q7* in, int count, Normalisation normalisation, float* out);

// Rounds and saturates; halves are given as their bits.
void store_half(const float* in, int count, std::uint16_t* out);
void store(const float* in, int count, Limits limits, std::uint8_t* out);
void store(const float* in, int count, Limits limits, std::int32_t* out);

// Puts three channels next to each other, pixel by pixel; values of 1, 2 or 4 bytes.
void interleave(const void* const in[3], int value_bytes, int count, void* out);

}  // namespace rows
}  // namespace fluvial
