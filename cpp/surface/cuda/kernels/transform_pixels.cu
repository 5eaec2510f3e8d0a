// Scales, turns and converts rectangles of pictures: see surface/system/convert.h, whose arithmetic this is. First every
// plane is sampled at the target's size, in 8 bits, then four pixels and their chroma change their format.

namespace fluvial::cuda {

struct Tap {
  int first, count;  // samples
  int share;         // of 256 parts, of the second of two
};

__device__ inline Tap tap_of(const Samples& s, int i) {
  const int third = i % 3;
  if (s.kind == Samples::three_of_four) {
    if (s.step == 1) return {i / 3 * 4 + third + third / 2, 1, 0};
    return {i / 3 * 4 + third, 2, 64 + third * 64};
  }
  if (s.kind == Samples::three_of_eight) return {i / 3 * 8 + third * 3, s.step == 1 ? 1 : third == 2 ? 2 : 3, 0};
  const long long place = s.start + static_cast<long long>(i) * s.step;
  const int whole = static_cast<int>(place >> 16);
  if (s.kind == Samples::mean) {
    const int end = min(static_cast<int>((place + s.step) >> 16), s.last + 1);
    return {min(whole, s.last), max(end - whole, 1), 0};
  }
  if (s.kind == Samples::nearest) return {max(0, min(whole, s.last)), 1, 0};
  if (place < 0) return {0, 1, 0};
  if (whole >= s.last || i >= s.edge) return {s.last, 1, 0};
  return {whole, 2, static_cast<int>(place >> 8) & 255};
}

// One byte of each place that two taps name, mixed. `channel` is of a sample of several bytes.
__device__ inline int sampled(const SourcePlane& plane, int channel, const Tap& x, const Tap& y, int rounds_mean) {
  const unsigned char* at = plane.first + channel + static_cast<long long>(y.first) * plane.down +
                            static_cast<long long>(x.first) * plane.across;
  if (x.count == 1 && y.count == 1) return *at;
  if (plane.columns.kind == Samples::mean || plane.columns.kind == Samples::three_of_eight) {
    int sum = 0;
    for (int row = 0; row < y.count; ++row, at += plane.down)
      for (int column = 0; column < x.count; ++column) sum += at[column * plane.across];
    const int count = x.count * y.count;
    if (rounds_mean) return (sum + count / 2) / count;
    return static_cast<int>(static_cast<unsigned>(sum) * (65536U / count) >> 16);
  }
  const int right = x.count == 2 ? plane.across : 0, below = y.count == 2 ? plane.down : 0;
  const int upper = (at[0] * (256 - y.share) + at[below] * y.share + 128) >> 8;
  if (right == 0) return upper;
  const int beside = (at[right] * (256 - y.share) + at[right + below] * y.share + 128) >> 8;
  return (upper * (256 - x.share) + beside * x.share + 128) >> 8;
}

__device__ inline unsigned char level(float x) {
  return static_cast<unsigned char>(fminf(fmaxf(x, 0.0f), 255.0f) + 0.5f);
}

struct Colour {
  unsigned char red, green, blue, alpha;
};

// Of four pixels, in rows: what the source has, and what becomes of it.
struct Quad {
  unsigned char luma[4];  // or grey
  unsigned char u, v;
  Colour colour[4];
};

__device__ inline bool has_luma(int format) { return format == Move::nv12 || format == Move::i420; }

__device__ inline void read_quad(const Move& move, int column, int row, Quad& quad) {
  const bool is_yuv = has_luma(move.from_format), is_grey = move.from_format == Move::gray8;
  const bool is_blue_first = move.from_format == Move::bgrx;
  const SourcePlane& plane = move.from[0];
  for (int i = 0; i < 4; ++i) {
    const int x = min(2 * column + i % 2, move.width - 1), y = min(2 * row + i / 2, move.height - 1);
    const Tap tx = tap_of(plane.columns, x), ty = tap_of(plane.rows, y);
    if (is_yuv || is_grey) {
      quad.luma[i] = sampled(plane, 0, tx, ty, move.rounds_mean);
      continue;
    }
    Colour& colour = quad.colour[i];
    colour.red = sampled(plane, is_blue_first ? 2 : 0, tx, ty, move.rounds_mean);
    colour.green = sampled(plane, 1, tx, ty, move.rounds_mean);
    colour.blue = sampled(plane, is_blue_first ? 0 : 2, tx, ty, move.rounds_mean);
    colour.alpha = move.from_format == move.to_format && move.from_format != Move::rgb
                       ? sampled(plane, 3, tx, ty, move.rounds_mean)
                       : 255;
  }
  if (!is_yuv || move.to_format == Move::gray8) return;
  const SourcePlane& chroma = move.from[1];
  const Tap tx = tap_of(chroma.columns, column), ty = tap_of(chroma.rows, row);
  const bool is_nv12 = move.from_format == Move::nv12;
  quad.u = sampled(chroma, 0, tx, ty, move.rounds_mean);
  quad.v = sampled(is_nv12 ? chroma : move.from[2], is_nv12 ? 1 : 0, tx, ty, move.rounds_mean);
}

__device__ inline void make_colours(const Move& move, Quad& quad) {
  for (int i = 0; i < 4; ++i) {
    if (move.from_format == Move::gray8) {
      quad.colour[i] = {quad.luma[i], quad.luma[i], quad.luma[i], 255};
      continue;
    }
    const float luma = (quad.luma[i] - move.from_black) * move.luma, u = quad.u - 128.0f, v = quad.v - 128.0f;
    quad.colour[i] = {level(luma + v * move.red_v), level(luma + u * move.green_u + v * move.green_v),
                      level(luma + u * move.blue_u), 255};
  }
}

// Of the mean of those of the four pixels that are in the picture.
__device__ inline void make_chroma(const Move& move, int columns, int rows, Quad& quad) {
  float red = 0, green = 0, blue = 0;
  for (int i = 0; i < 4; ++i) {
    if (i % 2 >= columns || i / 2 >= rows) continue;
    red += quad.colour[i].red;
    green += quad.colour[i].green;
    blue += quad.colour[i].blue;
  }
  const float part = 1.0f / (columns * rows);
  const float luma = (red * move.red_share + green * move.green_share + blue * move.blue_share) * part;
  quad.u = level(128.0f + (blue * part - luma) * move.u_gain);
  quad.v = level(128.0f + (red * part - luma) * move.v_gain);
}

__device__ inline void make_luma(const Move& move, Quad& quad) {
  for (int i = 0; i < 4; ++i)
    quad.luma[i] = level(move.to_black + (quad.colour[i].red * move.red_share +
                                          quad.colour[i].green * move.green_share +
                                          quad.colour[i].blue * move.blue_share) * move.luma_gain);
}

// What the target's format needs and the source's does not have.
__device__ inline void convert(const Move& move, int columns, int rows, Quad& quad) {
  const bool from_colours = !has_luma(move.from_format) && move.from_format != Move::gray8;
  const bool to_luma = has_luma(move.to_format);
  if (!to_luma && move.to_format != Move::gray8) {
    if (!from_colours) make_colours(move, quad);
    return;
  }
  if (from_colours || (to_luma && has_luma(move.from_format) && !move.keeps_chroma)) {
    if (!from_colours) make_colours(move, quad);
    make_luma(move, quad);
    if (to_luma) make_chroma(move, columns, rows, quad);
    return;
  }
  if (move.grey_gain != 1.0f)
    for (int i = 0; i < 4; ++i)
      quad.luma[i] = level(move.to_black + (quad.luma[i] - move.from_black) * move.grey_gain);
  if (move.from_format == Move::gray8) quad.u = quad.v = 128;
}

__device__ inline void write_luma(const Move& move, int column, int row, int columns, int rows, const Quad& quad) {
  for (int y = 0; y < rows; ++y) {
    unsigned char* at = move.to[0] + static_cast<long long>(2 * row + y) * move.stride[0] + 2 * column;
    at[0] = quad.luma[2 * y];
    if (columns == 2) at[1] = quad.luma[2 * y + 1];
  }
}

__device__ inline void write_chroma(const Move& move, int column, int row, const Quad& quad) {
  unsigned char* at = move.to[1] + static_cast<long long>(row) * move.stride[1];
  if (move.to_format == Move::nv12) {
    at[2 * column] = quad.u;
    at[2 * column + 1] = quad.v;
  } else {
    at[column] = quad.u;
    move.to[2][static_cast<long long>(row) * move.stride[2] + column] = quad.v;
  }
}

__device__ inline void write_colours(const Move& move, int column, int row, int columns, int rows, const Quad& quad) {
  const int bytes = move.to_format == Move::rgb ? 3 : 4;
  const bool is_blue_first = move.to_format == Move::bgrx;
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x) {
      const Colour& colour = quad.colour[2 * y + x];
      unsigned char* at =
          move.to[0] + static_cast<long long>(2 * row + y) * move.stride[0] + (2 * column + x) * bytes;
      const unsigned char first = is_blue_first ? colour.blue : colour.red;
      const unsigned char third = is_blue_first ? colour.red : colour.blue;
      if (bytes == 4) {  // pixels of four bytes begin at multiples of four
        *reinterpret_cast<unsigned*>(at) = first | colour.green << 8 | third << 16 |
                                           static_cast<unsigned>(colour.alpha) << 24;
        continue;
      }
      at[0] = first;
      at[1] = colour.green;
      at[2] = third;
    }
}

__device__ inline void make_black(const Move& move, Quad& quad) {
  quad.u = quad.v = 128;
  for (int i = 0; i < 4; ++i) {
    quad.luma[i] = static_cast<unsigned char>(move.to_black);
    quad.colour[i] = {0, 0, 0, static_cast<unsigned char>(move.to_format == Move::rgba ? 255 : 0)};
  }
}

extern "C" __global__ void transform_pixels(const Move* moves) {
  const Move& move = moves[blockIdx.z];
  const int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
  if (2 * column >= move.width || 2 * row >= move.height) return;
  const int columns = min(2, move.width - 2 * column), rows = min(2, move.height - 2 * row);
  Quad quad;
  if (move.is_black) {
    make_black(move, quad);
  } else {
    read_quad(move, column, row, quad);
    convert(move, columns, rows, quad);
  }
  if (!has_luma(move.to_format) && move.to_format != Move::gray8) {
    write_colours(move, column, row, columns, rows, quad);
    return;
  }
  write_luma(move, column, row, columns, rows, quad);
  if (has_luma(move.to_format)) write_chroma(move, column, row, quad);
}

}  // namespace fluvial::cuda
