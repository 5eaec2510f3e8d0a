// The arithmetic of preprocessing, one row of pixels at a time. Every loop is plain and vectorised by the compiler.
//
// Between the steps a sample is a Q7: a 16-bit integer of 1/128 grey level (0..32640). 16 lanes fit where 8 floats would,
// and two roundings cost 1/128 level together, so that colour conversion, which doubles errors, stays far below one.
#pragma once

#include <cstdint>

namespace fluvial {

using Q7 = std::int16_t;
constexpr float kQ7One = 128.0F;

// A place between two samples: 0 is the first, 32768 would be the second.
using Weight = std::int16_t;

// How Q7 samples become channels of a tensor: clamp to 0..255 grey levels, then (x - offset) * scale, as x * gain + bias.
struct Normalisation {
  float gain = 1;
  float bias = 0;
};

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

// out[i] = upper[i * step] + weight * (lower - upper); step is 1 (planar), 2 (NV12's chroma), 3 or 4 (packed colours).
void blend_samples(const std::uint8_t* upper, const std::uint8_t* lower, int step, Weight weight, int count, Q7* out);

void blend(const Q7* upper, const Q7* lower, Weight weight, int count, Q7* out);

// out[i] = row between first[i] and first[i] + 1. `pairs` is scratch for count values.
void resample(const Q7* row, const std::int32_t* first, const Weight* weight, int count, std::uint32_t* pairs, Q7* out);

void yuv_to_rgb(const Q7* const yuv[3], int count, const YuvMatrix& matrix, const Normalisation normalisation[3],
                float* const rgb[3]);
void luma_to_grey(const Q7* luma, int count, const YuvMatrix& matrix, Normalisation normalisation, float* out);
void rgb_to_grey(const Q7* const rgb[3], int count, Normalisation normalisation, float* out);
void normalise(const Q7* in, int count, Normalisation normalisation, float* out);

// Rounds and saturates. `step` is the distance of two values of `out`: 1, or the channels of an interleaved tensor.
void store(const float* in, int count, float* out, int step);
void store_half(const float* in, int count, std::uint16_t* out, int step);
void store(const float* in, int count, std::uint8_t* out, int step);
void store(const float* in, int count, std::int32_t* out, int step);

}  // namespace rows
}  // namespace fluvial
