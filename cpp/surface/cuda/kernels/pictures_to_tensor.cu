// Pictures of any sizes become a batch of network inputs: one thread a few pixels of a row, one plane of blocks a
// picture.
//
// The arithmetic is that of algo/preprocess.h: bilinear, luma and chroma each on their own grid, colours clamped to
// 0..255, y = x * gain + bias. It is bound by the memory that it reads and writes, if all samples of a thread are asked
// for before the first is looked at: so no pixel is branched on, those beside the picture read its edge, and arrays are
// indexed by constants.
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

__device__ inline float clamp_grey(float x) { return fminf(fmaxf(x, 0.0f), 255.0f); }

struct Colours {
  float red, green, blue;  // of an input of one channel: grey in red
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

// Of pairs, levels are mixed by dot products: as floats that begin at 2^23 and have 2^15 for one level.
constexpr float dots_of_level = 32768.0f;

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

// As shares of 255, to which an instruction clamps what it adds. Levels begin at a number, and have so much for one.
__device__ inline void set_colours(const Picture& p, const Yuv (&yuv)[pixels_of_thread], float begin, float of_level,
                                   Colours (&colours)[pixels_of_thread]) {
  constexpr float one = 1.0f / 255.0f;
  const float share = one / of_level;
  const float luma = p.luma * share, red_v = p.red_v * share, blue_u = p.blue_u * share;
  const float green_u = p.green_u * share, green_v = p.green_v * share;
  const float red_bias = p.red_bias * one - begin * (luma + red_v);
  const float green_bias = p.green_bias * one - begin * (luma + green_u + green_v);
  const float blue_bias = p.blue_bias * one - begin * (luma + blue_u);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const float y = yuv[i].luma, blue = yuv[i].blue, red = yuv[i].red;
    colours[i] = {__saturatef(red * red_v + (y * luma + red_bias)),
                  __saturatef(red * green_v + (blue * green_u + (y * luma + green_bias))),
                  __saturatef(blue * blue_u + (y * luma + blue_bias))};
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
  const bool are_pairs = s.p.format == Picture::pairs;
  are_pairs ? read_pairs(s, yuv) : read_planes(s, yuv);
  set_colours(s.p, yuv, are_pairs ? byte_in_float : 0.0f, are_pairs ? dots_of_level : 1.0f, colours);
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
    const float share = across[i].share, first = mixed_channel(corners[i], 0, share, rows.share);
    const float second = mixed_channel(corners[i], 1, share, rows.share);
    const float third = mixed_channel(corners[i], 2, share, rows.share);
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
    colours[i].red = colours[i].green = colours[i].blue = clamp_grey(grey * p.luma + p.luma_bias);
  }
}

__device__ inline void make_grey(Colours (&colours)[pixels_of_thread]) {
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i)
    colours[i].red = 0.299f * colours[i].red + 0.587f * colours[i].green + 0.114f * colours[i].blue;
}

// Gives how many levels a colour of 1 has. Of YUV luma is grey.
__device__ inline float read_row(const SourceRow& s, bool wants_grey, Colours (&colours)[pixels_of_thread]) {
  const bool is_yuv = s.p.format == Picture::pairs || s.p.format == Picture::planes;
  if (s.p.format == Picture::grey || (is_yuv && wants_grey)) {
    read_grey(s, colours);
    return 1.0f;
  }
  switch (s.p.format) {
    case Picture::pairs:
    case Picture::planes: read_yuv(s, colours); return 255.0f;
    case Picture::words: read_pixels<Picture::words>(s, colours); break;
    default: read_pixels<Picture::bytes>(s, colours); break;
  }
  if (wants_grey) make_grey(colours);
  return 1.0f;
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

__device__ inline void set_border(const Input& input, Run& values) {
  FLUVIAL_UNROLL_ALL
  for (int c = 0; c < most_channels; ++c) FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) values[c][i] = input.border[c];
}

// Of the pixels from this column of the picture on those that lie beside it are border.
__device__ inline void set_pixels(const Input& input, const Picture& picture, int column,
                                  const Colours (&colours)[pixels_of_thread], float unit, Run& values) {
  const bool is_swapped = input.first_is_blue && input.channels == 3;
  const float gain[most_channels] = {input.gain[0] * unit, input.gain[1] * unit, input.gain[2] * unit};
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const float first = is_swapped ? colours[i].blue : colours[i].red;
    const float last = is_swapped ? colours[i].red : colours[i].blue;
    const float level[most_channels] = {first, colours[i].green, last};
    const bool is_in = column + i >= 0 && column + i < picture.width;
    FLUVIAL_UNROLL_ALL
    for (int c = 0; c < most_channels; ++c) values[c][i] = is_in ? level[c] * gain[c] + input.bias[c] : input.border[c];
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
  FLUVIAL_UNROLL_ALL
  for (int c = 0; c < most_channels; ++c) {
    if (c >= input.channels) return;
    Value* to = out + c * plane + pixel;
    Together<Value> together;
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < pixels_of_thread; ++i) together.value[i] = convert(values[c][i]);
    if (count == pixels_of_thread && can_hold_together(to)) {
      *reinterpret_cast<Together<Value>*>(to) = together;
      continue;
    }
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < pixels_of_thread; ++i)
      if (i < count) to[i] = together.value[i];
  }
}

// What a warp exchanges before it writes: the runs of its threads lie between each other's in the tensor, so that each
// thread for itself would write a third of every 32 bytes.
constexpr int warps_of_block = 8;
using Exchange = Together<int>[warps_of_block][32 * most_channels];

template <typename Value, typename Convert>
__device__ inline void store_by_warp(const Input& input, Value* row, int x, const Run& values, Exchange& exchange,
                                     Convert convert) {
  auto* all = reinterpret_cast<Together<Value>*>(exchange[threadIdx.y]);
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

// One run of pixels of a picture. All threads of a warp come here for one row.
__device__ inline void write_run(const Picture& picture, const Input& input, int x, int y, Exchange& exchange) {
  const int row = y - picture.top, column = x - picture.left;
  Run values;
  const bool is_beside = column >= picture.width || column + pixels_of_thread <= 0;
  if (static_cast<unsigned>(row) < static_cast<unsigned>(is_beside ? 0 : picture.height)) {
    Colours colours[pixels_of_thread];
    const SourceRow source{picture, static_cast<float>(row), static_cast<float>(column)};
    const float unit = read_row(source, input.channels == 1, colours);
    set_pixels(input, picture, column, colours, unit, values);
  } else {
    set_border(input, values);
  }
  void* out = picture.out;
  switch (input.type) {
    case Input::f32: return store_run<float>(input, out, x, y, values, exchange, [](float v) { return v; });
    case Input::f16: return store_run<unsigned short>(input, out, x, y, values, exchange, half_bits);
    case Input::u8:
      return store_run<unsigned char>(input, out, x, y, values, exchange,
                                      [](float v) { return static_cast<unsigned char>(rounded(v, 0.0f, 255.0f)); });
    default:
      return store_run<int>(input, out, x, y, values, exchange,
                            [](float v) { return static_cast<int>(rounded(v, -2147483648.0f, 2147483520.0f)); });
  }
}

__device__ inline int first_pixel_of_thread() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * pixels_of_thread;
}

extern "C" __global__ void __launch_bounds__(256, 5) pictures_to_tensor(PictureBatch batch, Input input) {
  __shared__ Exchange exchange;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (y >= input.height) return;  // a whole warp: its threads are those of a row
  write_run(batch.pictures[blockIdx.z], input, first_pixel_of_thread(), y, exchange);
}

// FLUVIAL_MANY_PICTURES is given where the driver knows such launches; NVRTC knows them since 12.1.
#if !defined(__CUDACC__) || (defined(FLUVIAL_MANY_PICTURES) && __CUDA_ARCH__ >= 700 && \
                             __CUDACC_VER_MAJOR__ * 100 + __CUDACC_VER_MINOR__ >= 1201)
extern "C" __global__ void __launch_bounds__(256, 5) pictures_to_tensor_many(ManyPictures batch, Input input) {
  __shared__ Exchange exchange;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (y >= input.height) return;
  write_run(batch.pictures[blockIdx.z], input, first_pixel_of_thread(), y, exchange);
}
#endif

}  // namespace fluvial::cuda
