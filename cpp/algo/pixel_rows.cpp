#include "algo/pixel_rows.h"

#include <cstring>

#include "algo/simd.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pixels and pairs are taken apart as little-endian words"
#endif

namespace fluvial {
namespace {

// Rounded product with a Q15. Written the way that compilers know as one instruction (pmulhrsw, sqrdmulh).
inline Q7 share(Q7 value, Weight weight) { return static_cast<Q7>(((value * weight >> 14) + 1) >> 1); }

inline Q7 between(Q7 a, Q7 b, Weight weight) { return static_cast<Q7>(a + share(static_cast<Q7>(b - a), weight)); }

inline Q7 q7(unsigned byte) { return static_cast<Q7>(byte << 7); }

#define FLUVIAL_INLINE inline __attribute__((always_inline))

FLUVIAL_INLINE void blend_bytes(const std::uint8_t* __restrict upper, const std::uint8_t* __restrict lower,
                                Weight weight, int count, Q7* __restrict out) {
  for (int i = 0; i < count; ++i) out[i] = between(q7(upper[i]), q7(lower[i]), weight);
}

// Pixels of two and four bytes are read as one word and shifted apart, which is twice as fast as picking every n-th
// byte.
FLUVIAL_INLINE void blend_pairs(const std::uint8_t* __restrict upper, const std::uint8_t* __restrict lower,
                                Weight weight, int count, Q7* __restrict a, Q7* __restrict b) {
  for (int i = 0; i < count; ++i) {
    std::uint16_t above;
    std::uint16_t below;
    std::memcpy(&above, upper + 2 * i, sizeof above);
    std::memcpy(&below, lower + 2 * i, sizeof below);
    a[i] = between(static_cast<Q7>((above & 0xFF) << 7), static_cast<Q7>((below & 0xFF) << 7), weight);
    b[i] = between(static_cast<Q7>((above & 0xFF00) >> 1), static_cast<Q7>((below & 0xFF00) >> 1), weight);
  }
}

FLUVIAL_INLINE void blend_triples(const std::uint8_t* __restrict upper, const std::uint8_t* __restrict lower,
                                  Weight weight, int count, Q7* __restrict a, Q7* __restrict b, Q7* __restrict c) {
  for (int i = 0; i < count; ++i) {
    a[i] = between(q7(upper[3 * i]), q7(lower[3 * i]), weight);
    b[i] = between(q7(upper[3 * i + 1]), q7(lower[3 * i + 1]), weight);
    c[i] = between(q7(upper[3 * i + 2]), q7(lower[3 * i + 2]), weight);
  }
}

FLUVIAL_INLINE void blend_words(const std::uint8_t* __restrict upper, const std::uint8_t* __restrict lower,
                                Weight weight, int count, Q7* __restrict a, Q7* __restrict b, Q7* __restrict c) {
  constexpr std::uint32_t kByte = 0xFFU << 7;
  for (int i = 0; i < count; ++i) {
    std::uint32_t above;
    std::uint32_t below;
    std::memcpy(&above, upper + 4 * i, sizeof above);
    std::memcpy(&below, lower + 4 * i, sizeof below);
    a[i] = between(static_cast<Q7>(above << 7 & kByte), static_cast<Q7>(below << 7 & kByte), weight);
    b[i] = between(static_cast<Q7>(above >> 1 & kByte), static_cast<Q7>(below >> 1 & kByte), weight);
    c[i] = between(static_cast<Q7>(above >> 9 & kByte), static_cast<Q7>(below >> 9 & kByte), weight);
  }
}

inline float clamp_grey(float value) {
  value = value > 0.0F ? value : 0.0F;
  return value < 255.0F ? value : 255.0F;
}

inline std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// All bits or none.
inline std::uint32_t mask(bool is_set) { return 0U - static_cast<std::uint32_t>(is_set); }

// IEEE 754 binary16, round to nearest even. Every case is computed and one chosen by masks: with branches, or with ?:
// which compilers make branches again, the loop would not vectorise.
inline std::uint16_t to_half(float value) {
  const std::uint32_t bits = bits_of(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  // Rebias the exponent (127 to 15); adding just under half a unit, and one more if odd, rounds to even.
  const std::uint32_t normal = (magnitude - (112U << 23) + 0xFFFU + ((magnitude >> 13) & 1U)) >> 13;
  // Below 2^-14: adding 0.5 lets the FPU shift and round the mantissa to units of 2^-24.
  float absolute;
  std::memcpy(&absolute, &magnitude, sizeof absolute);
  const std::uint32_t subnormal = bits_of(absolute + 0.5F) - bits_of(0.5F);
  const std::uint32_t is_subnormal = mask(magnitude < (113U << 23));
  const std::uint32_t is_infinite = mask(magnitude >= (143U << 23));  // 65536 and more
  const std::uint32_t is_no_number = mask(magnitude > (255U << 23));
  std::uint32_t half = (subnormal & is_subnormal) | (normal & ~is_subnormal);
  half = (half & ~is_infinite) | (0x7C00U & is_infinite) | (0x0200U & is_no_number);
  return static_cast<std::uint16_t>(sign | half);
}

// Rounds half away from zero. By way of int: conversions straight to bytes are not vectorised.
inline std::int32_t to_int(float value, Limits limits) {
  value = value > limits.low ? value : limits.low;
  value = value < limits.high ? value : limits.high;
  return static_cast<std::int32_t>(value + (value < 0 ? -0.5F : 0.5F));
}

template <typename T, typename Convert>
FLUVIAL_INLINE void store_all(const float* __restrict in, int count, T* __restrict out, Convert convert) {
  for (int i = 0; i < count; ++i) out[i] = convert(in[i]);
}

template <typename T>
FLUVIAL_INLINE void interleave_values(const void* const in[3], int count, void* out_of_all) {
  const T* __restrict a = static_cast<const T*>(in[0]);
  const T* __restrict b = static_cast<const T*>(in[1]);
  const T* __restrict c = static_cast<const T*>(in[2]);
  T* __restrict out = static_cast<T*>(out_of_all);
  for (int i = 0; i < count; ++i) {
    out[3 * i] = a[i];
    out[3 * i + 1] = b[i];
    out[3 * i + 2] = c[i];
  }
}

}  // namespace

YuvMatrix yuv_matrix(bool is_bt709, bool is_full_range) {
  const double red = is_bt709 ? 0.2126 : 0.299;
  const double blue = is_bt709 ? 0.0722 : 0.114;
  const double green = 1 - red - blue;
  const double luma_gain = is_full_range ? 1 : 255.0 / 219;
  const double chroma_gain = is_full_range ? 1 : 255.0 / 224;
  const double black = is_full_range ? 0 : 16;

  const double red_v = 2 * (1 - red) * chroma_gain;
  const double blue_u = 2 * (1 - blue) * chroma_gain;
  const double green_u = -blue_u * blue / green;
  const double green_v = -red_v * red / green;
  const double luma_bias = -luma_gain * black;

  const auto per_unit = [](double value) { return static_cast<float>(value / kQ7One); };
  YuvMatrix matrix;
  matrix.luma = per_unit(luma_gain);
  matrix.red_v = per_unit(red_v);
  matrix.green_u = per_unit(green_u);
  matrix.green_v = per_unit(green_v);
  matrix.blue_u = per_unit(blue_u);
  matrix.luma_bias = static_cast<float>(luma_bias);
  matrix.red_bias = static_cast<float>(luma_bias - 128 * red_v);
  matrix.green_bias = static_cast<float>(luma_bias - 128 * (green_u + green_v));
  matrix.blue_bias = static_cast<float>(luma_bias - 128 * blue_u);
  return matrix;
}

namespace rows {

FLUVIAL_SIMD
void blend_pixels(const std::uint8_t* upper, const std::uint8_t* lower, int step, Weight weight, int count,
                  Q7* const out[3]) {
  switch (step) {
    case 1: return blend_bytes(upper, lower, weight, count, out[0]);
    case 2: return blend_pairs(upper, lower, weight, count, out[0], out[1]);
    case 3: return blend_triples(upper, lower, weight, count, out[0], out[1], out[2]);
    default: return blend_words(upper, lower, weight, count, out[0], out[1], out[2]);
  }
}

FLUVIAL_SIMD
void blend(const Q7* __restrict upper, const Q7* __restrict lower, Weight weight, int count, Q7* __restrict out) {
  for (int i = 0; i < count; ++i) out[i] = between(upper[i], lower[i], weight);
}

// Fetching pairs one by one and then computing on all of them is as fast as a gather and needs no special instruction.
FLUVIAL_SIMD
void resample(const Q7* __restrict row, const std::int32_t* __restrict first, const Weight* __restrict weight,
              int count, std::uint32_t* __restrict pairs, Q7* __restrict out) {
  for (int i = 0; i < count; ++i) std::memcpy(pairs + i, row + first[i], sizeof *pairs);
  for (int i = 0; i < count; ++i) {
    const auto a = static_cast<Q7>(pairs[i] & 0xFFFFU);
    const auto b = static_cast<Q7>(pairs[i] >> 16);
    out[i] = between(a, b, weight[i]);
  }
}

FLUVIAL_SIMD
void yuv_to_rgb(const Q7* const yuv[3], int count, const YuvMatrix& matrix, const Normalisation normalisation[3],
                float* const rgb[3]) {
  const Q7* __restrict y = yuv[0];
  const Q7* __restrict u = yuv[1];
  const Q7* __restrict v = yuv[2];
  float* __restrict red = rgb[0];
  float* __restrict green = rgb[1];
  float* __restrict blue = rgb[2];
  const YuvMatrix m = matrix;
  const Normalisation nr = normalisation[0];
  const Normalisation ng = normalisation[1];
  const Normalisation nb = normalisation[2];
  for (int i = 0; i < count; ++i) {
    const float luma = static_cast<float>(y[i]) * m.luma;
    const auto cb = static_cast<float>(u[i]);
    const auto cr = static_cast<float>(v[i]);
    red[i] = clamp_grey(luma + cr * m.red_v + m.red_bias) * nr.gain + nr.bias;
    green[i] = clamp_grey(luma + cb * m.green_u + cr * m.green_v + m.green_bias) * ng.gain + ng.bias;
    blue[i] = clamp_grey(luma + cb * m.blue_u + m.blue_bias) * nb.gain + nb.bias;
  }
}

FLUVIAL_SIMD
void luma_to_grey(const Q7* __restrict luma, int count, const YuvMatrix& matrix, Normalisation normalisation,
                  float* __restrict out) {
  const float gain = matrix.luma;
  const float bias = matrix.luma_bias;
  for (int i = 0; i < count; ++i) {
    out[i] = clamp_grey(static_cast<float>(luma[i]) * gain + bias) * normalisation.gain + normalisation.bias;
  }
}

FLUVIAL_SIMD
void rgb_to_grey(const Q7* const rgb[3], int count, Normalisation normalisation, float* out_) {
  const Q7* __restrict red = rgb[0];
  const Q7* __restrict green = rgb[1];
  const Q7* __restrict blue = rgb[2];
  float* __restrict out = out_;
  const float gain = normalisation.gain / kQ7One;
  for (int i = 0; i < count; ++i) {
    const float grey = static_cast<float>(red[i]) * 0.299F + static_cast<float>(green[i]) * 0.587F +
                       static_cast<float>(blue[i]) * 0.114F;
    out[i] = grey * gain + normalisation.bias;
  }
}

FLUVIAL_SIMD
void normalise(const Q7* __restrict in, int count, Normalisation normalisation, float* __restrict out) {
  const float gain = normalisation.gain / kQ7One;
  for (int i = 0; i < count; ++i) out[i] = static_cast<float>(in[i]) * gain + normalisation.bias;
}

FLUVIAL_SIMD
void store_half(const float* in, int count, std::uint16_t* out) {
  store_all(in, count, out, [](float value) { return to_half(value); });
}

FLUVIAL_SIMD
void store(const float* in, int count, Limits limits, std::uint8_t* out) {
  store_all(in, count, out, [=](float value) { return static_cast<std::uint8_t>(to_int(value, limits)); });
}

FLUVIAL_SIMD
void store(const float* in, int count, Limits limits, std::int32_t* out) {
  store_all(in, count, out, [=](float value) { return to_int(value, limits); });
}

FLUVIAL_SIMD
void interleave(const void* const in[3], int value_bytes, int count, void* out) {
  switch (value_bytes) {
    case 1: return interleave_values<std::uint8_t>(in, count, out);
    case 2: return interleave_values<std::uint16_t>(in, count, out);
    default: return interleave_values<std::uint32_t>(in, count, out);
  }
}

}  // namespace rows
}  // namespace fluvial
