// Pictures of any sizes become a batch of network inputs: one thread a few pixels of a row, one plane of blocks a
// picture.
//
// The arithmetic is that of algo/preprocess.h: bilinear, luma and chroma each on their own grid, colours clamped to
// 0..255, y = x * gain + bias. It is bound by the memory that it writes, if what it computes stays in registers: so all
// arrays are indexed by constants, and what a row shares is worked out once for it.

namespace fluvial::cuda {

struct Place {
  int first, second;
  float share;  // of the second
};

__device__ inline Place place_of(const Direction& d, int i) {
  const float at = fminf(fmaxf(d.start + i * d.step, d.first), d.last);
  const int whole = static_cast<int>(at);
  return {whole, min(whole + 1, static_cast<int>(d.last)), at - whole};
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

// Byte `channel` of pixels of `step` bytes.
__device__ inline float sample(const RowPair& rows, const Place& x, int step, int channel) {
  const int first = x.first * step + channel, second = x.second * step + channel;
  const float left = between(rows.upper[first], rows.lower[first], rows.share);
  const float right = between(rows.upper[second], rows.lower[second], rows.share);
  return between(left, right, x.share);
}

struct Chroma {
  float u, v;
};

// U and V side by side, read at once: of NV12 whose rows begin at even addresses.
__device__ inline Chroma sample_pair(const RowPair& rows, const Place& x) {
  const auto* upper = reinterpret_cast<const unsigned short*>(rows.upper);
  const auto* lower = reinterpret_cast<const unsigned short*>(rows.lower);
  const unsigned a = upper[x.first], b = upper[x.second], c = lower[x.first], d = lower[x.second];
  const auto mixed = [&](int shift) {
    const auto byte = [shift](unsigned pair) { return static_cast<float>(pair >> shift & 255U); };
    return between(between(byte(a), byte(c), rows.share), between(byte(b), byte(d), rows.share), x.share);
  };
  return {mixed(0), mixed(8)};
}

__device__ inline float clamp_grey(float x) { return fminf(fmaxf(x, 0.0f), 255.0f); }

struct Colours {
  float red, green, blue;  // grey: in red
};

// What all pixels of one row of the input need.
struct SourceRow {
  RowPair luma, u, v;  // or all bytes in the first
  bool is_yuv, is_paired;
};

__device__ inline SourceRow source_row(const Picture& p, int row) {
  SourceRow source{};
  source.luma = row_pair(p.plane[0], p.stride[0], place_of(p.down, row));
  source.is_yuv = p.format == Picture::nv12 || p.format == Picture::i420;
  if (!source.is_yuv) return source;
  const Place chroma = place_of(p.chroma_down, row);
  source.u = row_pair(p.plane[1], p.stride[1], chroma);
  source.v = p.format == Picture::i420 ? row_pair(p.plane[2], p.stride[2], chroma) : source.u;
  source.is_paired =
      p.format == Picture::nv12 && ((reinterpret_cast<unsigned long long>(p.plane[1]) | p.stride[1]) & 1) == 0;
  return source;
}

__device__ inline Colours yuv_at(const Picture& p, const SourceRow& source, int channels, int column) {
  const float luma = sample(source.luma, place_of(p.across, column), 1, 0) * p.luma;
  if (channels == 1) return {clamp_grey(luma + p.luma_bias), 0, 0};
  const Place x = place_of(p.chroma_across, column);
  Chroma chroma;
  if (source.is_paired) {
    chroma = sample_pair(source.u, x);
  } else {
    const bool is_nv12 = p.format == Picture::nv12;
    const int step = is_nv12 ? 2 : 1;
    chroma = {sample(source.u, x, step, 0), sample(source.v, x, step, is_nv12 ? 1 : 0)};
  }
  return {clamp_grey(luma + chroma.v * p.red_v + p.red_bias),
          clamp_grey(luma + chroma.u * p.green_u + chroma.v * p.green_v + p.green_bias),
          clamp_grey(luma + chroma.u * p.blue_u + p.blue_bias)};
}

__device__ inline Colours colours_at(const Picture& p, const SourceRow& source, int channels, int column) {
  if (source.is_yuv) return yuv_at(p, source, channels, column);
  const Place x = place_of(p.across, column);
  if (p.format == Picture::gray8) {
    const float grey = sample(source.luma, x, 1, 0);
    return {grey, grey, grey};
  }
  const int step = p.format == Picture::rgb ? 3 : 4, red = p.format == Picture::bgrx ? 2 : 0;
  const Colours c = {sample(source.luma, x, step, red), sample(source.luma, x, step, 1),
                     sample(source.luma, x, step, 2 - red)};
  return channels == 1 ? Colours{0.299f * c.red + 0.587f * c.green + 0.114f * c.blue, 0, 0} : c;
}

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

// Of one thread, side by side; channels of the tensor.
constexpr int most_channels = 3;
using Run = float[most_channels][pixels_of_thread];

__device__ inline void set_pixel(const Input& input, const Colours& colours, int i, Run& values) {
  const bool is_swapped = input.first_is_blue && input.channels == 3;
  const float first = is_swapped ? colours.blue : colours.red, last = is_swapped ? colours.red : colours.blue;
  values[0][i] = first * input.gain[0] + input.bias[0];
  values[1][i] = colours.green * input.gain[1] + input.bias[1];
  values[2][i] = last * input.gain[2] + input.bias[2];
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
  for (int c = 0; c < most_channels; ++c) {
    if (c >= input.channels) return;
    Value* to = out + c * plane + pixel;
    Together<Value> together;
    for (int i = 0; i < pixels_of_thread; ++i) together.value[i] = convert(values[c][i]);
    if (count == pixels_of_thread && can_hold_together(to)) {
      *reinterpret_cast<Together<Value>*>(to) = together;
      continue;
    }
    for (int i = 0; i < pixels_of_thread; ++i)
      if (i < count) to[i] = together.value[i];
  }
}

template <typename Value, typename Convert>
__device__ inline void store_interleaved(const Input& input, Value* out, long long pixel, int count, const Run& values,
                                         Convert convert) {
  Value* to = out + pixel * input.channels;
  if (count == pixels_of_thread && input.channels == most_channels && can_hold_together(to)) {
    for (int part = 0; part < most_channels; ++part) {
      Together<Value> together;
      for (int i = 0; i < pixels_of_thread; ++i) {
        const int at = part * pixels_of_thread + i;
        together.value[i] = convert(values[at % most_channels][at / most_channels]);
      }
      reinterpret_cast<Together<Value>*>(to)[part] = together;
    }
    return;
  }
  for (int i = 0; i < pixels_of_thread; ++i)
    for (int c = 0; c < most_channels; ++c)
      if (i < count && c < input.channels) to[i * input.channels + c] = convert(values[c][i]);
}

template <typename Value, typename Convert>
__device__ inline void store_run(const Input& input, void* out, long long pixel, int count, const Run& values,
                                 Convert convert) {
  if (input.is_nhwc)
    store_interleaved(input, static_cast<Value*>(out), pixel, count, values, convert);
  else
    store_planes(input, static_cast<Value*>(out), pixel, count, values, convert);
}

extern "C" __global__ void pictures_to_tensor(const Picture* __restrict__ pictures, Input input) {
  const int x = (blockIdx.x * blockDim.x + threadIdx.x) * pixels_of_thread, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= input.width || y >= input.height) return;
  const Picture& picture = pictures[blockIdx.z];
  const int column = x - picture.left, row = y - picture.top;
  Run values;
  for (int c = 0; c < most_channels; ++c)
    for (int i = 0; i < pixels_of_thread; ++i) values[c][i] = input.border[c];
  if (row >= 0 && row < picture.height && column < picture.width && column + pixels_of_thread > 0) {
    const SourceRow source = source_row(picture, row);
    for (int i = 0; i < pixels_of_thread; ++i)
      if (column + i >= 0 && column + i < picture.width)
        set_pixel(input, colours_at(picture, source, input.channels, column + i), i, values);
  }
  const long long pixel = static_cast<long long>(y) * input.width + x;
  const int count = min(pixels_of_thread, input.width - x);
  void* out = picture.out;
  switch (input.type) {
    case Input::f32: return store_run<float>(input, out, pixel, count, values, [](float v) { return v; });
    case Input::f16: return store_run<unsigned short>(input, out, pixel, count, values, half_bits);
    case Input::u8:
      return store_run<unsigned char>(input, out, pixel, count, values,
                                      [](float v) { return static_cast<unsigned char>(rounded(v, 0.0f, 255.0f)); });
    default:
      return store_run<int>(input, out, pixel, count, values,
                            [](float v) { return static_cast<int>(rounded(v, -2147483648.0f, 2147483520.0f)); });
  }
}

}  // namespace fluvial::cuda
