// Paints what was drawn on a batch of pictures: a block of threads for 32 x 32 pixels that anything touches. Each pixel
// is read once, painted by everything that covers it, in order, and written once. A thread paints four pixels, so that
// what it must know of a primitive is fetched once for them and their pixels are under way together. Primitives lie in
// their picture, so no pixel beside it is covered.
#include "surface/cuda/kernels/bytes.h"
#include "surface/cuda/kernels/on_both.h"
#include "surface/cuda/kernels/paint.h"

namespace fluvial::cuda {

constexpr unsigned paint_lanes = 0x00FF00FF, paint_half = 0x00800080;

// As Blender in algo/blend.h.
__device__ inline unsigned blended(unsigned pixel, unsigned colour, int alpha) {
  const unsigned under = 256 - alpha;
  const unsigned even = (colour & paint_lanes) * alpha + paint_half;
  const unsigned odd = (((colour >> 8) & 255) | 255U << 16) * alpha + paint_half;
  return (((pixel & paint_lanes) * under + even) >> 8 & paint_lanes) |
         ((((pixel >> 8) & paint_lanes) * under + odd) & ~paint_lanes);
}

// a * b / 255 of bytes, rounded, as Pixman has it.
__device__ inline unsigned product(unsigned a, unsigned b) {
  const unsigned t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

__device__ inline unsigned with_text(unsigned pixel, const Primitive& p, int x, int y) {
  const unsigned char* bytes = static_cast<const unsigned char*>(p.data);
  const unsigned mask = bytes[(y - p.top + p.rows_cut) * p.columns + x - p.left + p.columns_cut];
  if (mask == 0) return pixel;
  const unsigned under = 255 - product(p.alpha, mask);
  unsigned result = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    const unsigned colour = shift == 24 ? static_cast<unsigned>(p.alpha) : (p.colour >> shift) & 255;
    result |= min(255U, product(colour, mask) + product((pixel >> shift) & 255, under)) << shift;
  }
  return result;
}

__device__ inline unsigned with_circle(unsigned pixel, const Primitive& p, int x, int y) {
  const float dx = x + 0.5f - p.x, dy = y + 0.5f - p.y;
  const float distance = sqrtf(dx * dx + dy * dy);
  pixel = blended(pixel, p.colour, p.alpha * edge_coverage(p.width - distance) / 256);
  return blended(pixel, p.ring_colour, p.ring_alpha * edge_coverage(p.height / 2 - fabsf(distance - p.width)) / 256);
}

__device__ inline unsigned with_mask(unsigned pixel, const Primitive& p, int x, int y) {
  const PaintTap h = paint_tap(x, p.x, p.width, p.columns), v = paint_tap(y, p.y, p.height, p.rows);
  const float* upper = static_cast<const float*>(p.data) + v.left * p.columns;
  const float* lower = static_cast<const float*>(p.data) + v.right * p.columns;
  const float above = upper[h.left] + (upper[h.right] - upper[h.left]) * h.share;
  const float below = lower[h.left] + (lower[h.right] - lower[h.left]) * h.share;
  return above + (below - above) * v.share > p.threshold ? blended(pixel, p.colour, p.alpha) : pixel;
}

__device__ inline bool is_in_ellipse(const Primitive& p, int x, int y) {
  const float away = (y + 0.5f - p.y) / p.height * 2 - 1;
  const float half = sqrtf(fmaxf(0.0f, 1 - away * away)) * p.width / 2, middle = p.x + p.width / 2;
  return x >= static_cast<int>(roundf(middle - half)) && x < static_cast<int>(roundf(middle + half));
}

__device__ inline unsigned with_blur(unsigned pixel, const Primitive& p, int x, int y) {
  if (p.kind == Primitive::blurred_ellipse && !is_in_ellipse(p, x, y)) return pixel;
  const PaintTap h = paint_tap(x, static_cast<float>(p.left), static_cast<float>(p.cell), p.columns);
  const PaintTap v = paint_tap(y, static_cast<float>(p.top), static_cast<float>(p.cell), p.rows);
  const float* upper = static_cast<const float*>(p.data) + v.left * p.columns * 3;
  const float* lower = static_cast<const float*>(p.data) + v.right * p.columns * 3;
  unsigned result = pixel & 0xFF000000;
  for (int c = 0; c < 3; ++c) {
    const int left = 3 * h.left + c, right = 3 * h.right + c;
    const float here = upper[left] + (lower[left] - upper[left]) * v.share;
    const float next = upper[right] + (lower[right] - upper[right]) * v.share;
    result |= static_cast<unsigned>(here + (next - here) * h.share + 0.5f) << (8 * c);
  }
  return result;
}

constexpr int tile_size = 32, pixels_of_painter = 4;

// Of one thread: pixels below each other, `step` rows apart.
struct PaintedColumn {
  unsigned char* first;
  int stride, x, y, step;
  unsigned pixel[pixels_of_painter];
  unsigned read = 0;  // which of them

  __device__ int row_of(int i) const { return y + i * step; }
  __device__ unsigned* place(int i) const {
    return reinterpret_cast<unsigned*>(first + static_cast<long long>(row_of(i)) * stride) + x;
  }
  // Without a branch, so that all of what is asked of the primitive is under way together.
  __device__ unsigned covered_by(const Primitive& p) const {
    const int left = p.left, top = p.top, right = p.right, bottom = p.bottom;
    unsigned covered = 0;
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < pixels_of_painter; ++i)
      covered |= static_cast<unsigned>((row_of(i) >= top) & (row_of(i) < bottom) & (x >= left) & (x < right)) << i;
    return covered;
  }
  __device__ void fetch(unsigned wanted) {
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < pixels_of_painter; ++i)
      if ((wanted & ~read) >> i & 1) pixel[i] = *place(i);
    read |= wanted;
  }
};

// `paint` gives a pixel of a row another colour.
template <typename Paint>
__device__ inline void paint_those(PaintedColumn& column, unsigned covered, Paint paint) {
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_painter; ++i)
    if (covered >> i & 1) column.pixel[i] = paint(column.pixel[i], column.row_of(i));
}

__device__ inline void paint_with(const Primitive& p, PaintedColumn& column, unsigned covered) {
  const int x = column.x, alpha = p.alpha;
  const unsigned colour = p.colour;
  const auto by = [&](auto paint) { paint_those(column, covered, paint); };
  switch (p.kind) {
    case Primitive::box: return by([=](unsigned pixel, int) { return blended(pixel, colour, alpha); });
    case Primitive::circle: return by([&](unsigned pixel, int y) { return with_circle(pixel, p, x, y); });
    case Primitive::shape:
      return by([&](unsigned pixel, int y) {
        const Shape& shape = *static_cast<const Shape*>(p.data);
        return blended(pixel, colour, alpha * shape_coverage(shape, x, y) / 256);
      });
    case Primitive::text: return by([&](unsigned pixel, int y) { return with_text(pixel, p, x, y); });
    case Primitive::mask: return by([&](unsigned pixel, int y) { return with_mask(pixel, p, x, y); });
    default: return by([&](unsigned pixel, int y) { return with_blur(pixel, p, x, y); });
  }
}

extern "C" __global__ void paint_tiles(const PaintedPicture* pictures, const PaintedTile* tiles, const int* lists,
                                       const Primitive* primitives) {
  const PaintedTile tile = tiles[blockIdx.x];
  const PaintedPicture& picture = pictures[tile.picture];
  PaintedColumn column{picture.pixels, picture.stride, tile.column * tile_size + static_cast<int>(threadIdx.x),
                       tile.row * tile_size + static_cast<int>(threadIdx.y), static_cast<int>(blockDim.y)};
  int n = tile.first, next = tile.primitive;
  do {  // there is one
    const Primitive& p = primitives[next];
    if (++n < tile.first + tile.count) next = lists[n];
    const unsigned covered = column.covered_by(p);
    if (covered == 0) continue;
    column.fetch(covered);
    paint_with(p, column, covered);
  } while (n < tile.first + tile.count);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_painter; ++i)
    if (column.read >> i & 1) *column.place(i) = column.pixel[i];
}

constexpr int rows_of_summer = 8;

// Rows of a column; bytes are added two by two.
template <int rows>
__device__ inline void sum_up(const unsigned char* first, int stride, int (&own)[3]) {
  unsigned pixel[rows], even = 0, odd = 0;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < rows; ++i) pixel[i] = __ldg(reinterpret_cast<const unsigned*>(first + i * stride));
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < rows; ++i) {
    even += pixel[i] & even_bytes;
    odd += byte_of(pixel[i], 1);
  }
  own[0] += static_cast<int>(even & 0xFFFFU);
  own[1] += static_cast<int>(odd);
  own[2] += static_cast<int>(even >> 16);
}

// A thread's part of a cell: its columns, several rows under way.
__device__ inline void sum_up_part(const unsigned char* cell, int stride, int width, int height, int (&own)[3]) {
  for (int column = threadIdx.x % 32; column < width; column += 32) {
    const unsigned char* at = cell + 4 * column;
    int row = 0;
    FLUVIAL_UNROLL_NOTHING
    for (; row + rows_of_summer <= height; row += rows_of_summer, at += static_cast<long long>(rows_of_summer) * stride)
      sum_up<rows_of_summer>(at, stride, own);
    FLUVIAL_UNROLL_NOTHING
    for (; row + 2 <= height; row += 2, at += 2LL * stride) sum_up<2>(at, stride, own);
    if (row < height) sum_up<1>(at, stride, own);
  }
}

// What blurs are made from, into the means that they name: a warp for a cell.
extern "C" __global__ void blur_means(const PaintedPicture* pictures, const int* picture_of, const Primitive* blurs) {
  const Primitive& p = blurs[blockIdx.y];
  const PaintedPicture& picture = pictures[picture_of[blockIdx.y]];
  const int cell = blockIdx.x * means_of_block + threadIdx.x / 32;
  if (cell >= p.columns * p.rows) return;
  const int left = p.left + cell % p.columns * p.cell, top = p.top + cell / p.columns * p.cell;
  const int width = min(p.cell, p.right - left), height = min(p.cell, p.bottom - top);
  int own[3] = {};
  sum_up_part(picture.pixels + static_cast<long long>(top) * picture.stride + 4LL * left, picture.stride, width, height,
              own);
  float* means = static_cast<float*>(const_cast<void*>(p.data)) + 3LL * cell;
  FLUVIAL_UNROLL_ALL
  for (int c = 0; c < 3; ++c) {
    FLUVIAL_UNROLL_ALL
    for (int with = 16; with > 0; with /= 2) own[c] += __shfl_xor_sync(0xFFFFFFFF, own[c], with);
    if (threadIdx.x % 32 == 0) means[c] = static_cast<float>(own[c]) / (width * height);
  }
}

}  // namespace fluvial::cuda
