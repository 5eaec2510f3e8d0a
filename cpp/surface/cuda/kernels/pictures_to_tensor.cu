// Pictures of any sizes become a batch of network inputs: one thread a pixel of the input, one plane of blocks a
// picture.
//
// The arithmetic is that of algo/preprocess.h: bilinear, luma and chroma each on their own grid, colours clamped to
// 0..255, y = x * gain + bias.

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

// Byte `channel` of pixels of `step` bytes.
__device__ inline float sample(const unsigned char* plane, int stride, int step, int channel, const Place& x,
                               const Place& y) {
  const unsigned char* upper = plane + static_cast<long long>(y.first) * stride + channel;
  const unsigned char* lower = plane + static_cast<long long>(y.second) * stride + channel;
  const float a = upper[x.first * step], b = upper[x.second * step];
  const float c = lower[x.first * step], d = lower[x.second * step];
  const float left = a + y.share * (c - a), right = b + y.share * (d - b);
  return left + x.share * (right - left);
}

__device__ inline float clamp_grey(float x) { return fminf(fmaxf(x, 0.0f), 255.0f); }

// Red, green, blue; or grey in the first.
__device__ inline void colours_at(const Picture& p, int channels, int column, int row, float out[3]) {
  const Place x = place_of(p.across, column), y = place_of(p.down, row);
  if (p.format == Picture::nv12 || p.format == Picture::i420) {
    const float luma = sample(p.plane[0], p.stride[0], 1, 0, x, y) * p.luma;
    if (channels == 1) {
      out[0] = clamp_grey(luma + p.luma_bias);
      return;
    }
    const Place cx = place_of(p.chroma_across, column), cy = place_of(p.chroma_down, row);
    const bool is_nv12 = p.format == Picture::nv12;
    const int step = is_nv12 ? 2 : 1, v = is_nv12 ? 1 : 2;
    const float u_of = sample(p.plane[1], p.stride[1], step, 0, cx, cy);
    const float v_of = sample(p.plane[v], p.stride[v], step, is_nv12 ? 1 : 0, cx, cy);
    out[0] = clamp_grey(luma + v_of * p.red_v + p.red_bias);
    out[1] = clamp_grey(luma + u_of * p.green_u + v_of * p.green_v + p.green_bias);
    out[2] = clamp_grey(luma + u_of * p.blue_u + p.blue_bias);
    return;
  }
  if (p.format == Picture::gray8) {
    out[0] = out[1] = out[2] = sample(p.plane[0], p.stride[0], 1, 0, x, y);
    return;
  }
  const int step = p.format == Picture::rgb ? 3 : 4;
  const bool is_blue_first = p.format == Picture::bgrx;
  for (int c = 0; c < 3; ++c)
    out[c] = sample(p.plane[0], p.stride[0], step, is_blue_first ? 2 - c : c, x, y);
  if (channels == 1) out[0] = 0.299f * out[0] + 0.587f * out[1] + 0.114f * out[2];
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

__device__ inline void store(int type, void* out, long long index, float value) {
  switch (type) {
    case Input::f32: static_cast<float*>(out)[index] = value; return;
    case Input::f16: static_cast<unsigned short*>(out)[index] = half_bits(value); return;
    case Input::u8:
      static_cast<unsigned char*>(out)[index] = static_cast<unsigned char>(rounded(value, 0.0f, 255.0f));
      return;
    default:
      static_cast<int*>(out)[index] = static_cast<int>(rounded(value, -2147483648.0f, 2147483520.0f));
  }
}

extern "C" __global__ void pictures_to_tensor(const Picture* pictures, Input input) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= input.width || y >= input.height) return;
  const Picture& picture = pictures[blockIdx.z];
  const int column = x - picture.left, row = y - picture.top;
  float values[3] = {input.border[0], input.border[1], input.border[2]};
  if (column >= 0 && column < picture.width && row >= 0 && row < picture.height) {
    float colours[3];
    colours_at(picture, input.channels, column, row, colours);
    for (int c = 0; c < input.channels; ++c) {
      const float colour = colours[input.first_is_blue && input.channels == 3 ? 2 - c : c];
      values[c] = colour * input.gain[c] + input.bias[c];
    }
  }
  const long long pixels = static_cast<long long>(input.width) * input.height;
  const long long pixel = static_cast<long long>(y) * input.width + x;
  for (int c = 0; c < input.channels; ++c)
    store(input.type, picture.out, (input.is_nhwc ? pixel * input.channels + c : c * pixels + pixel), values[c]);
}

}  // namespace fluvial::cuda
