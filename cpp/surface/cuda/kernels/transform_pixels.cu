// Scales, turns and converts rectangles of pictures: see surface/system/convert.h, whose arithmetic this is. First
// every plane is sampled at the target's size, in 8 bits, then pixels change their format: transform_cell.h.
//
// One thread makes 4 x 2 pixels, or two times that, one plane of blocks a picture. It is bound by the memory that it
// reads and writes: so pixels come and go in words, what all pictures share is in the launch, and each way of reading
// is a kernel of its own.
#include "surface/cuda/kernels/transform_between.h"
#include "surface/cuda/kernels/transform_cell.h"
#include "surface/cuda/kernels/transform_lines.h"

namespace fluvial::cuda {

// --- same: each pixel from its own -----------------------------------------------------------------------------------

__device__ inline unsigned four_bytes(const unsigned char* row, const Spot& spot) {
  if (spot.begin == 0 && spot.end == 4) return word_at(row + spot.x);
  unsigned word = 0;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 4; ++i) word |= static_cast<unsigned>(row[max(spot.x + min(i, spot.end - 1), 0)]) << (8 * i);
  return word;
}

template <int from>
__device__ inline void read_same(const Move& move, const MovePlaces& places, const Spot& spot, Cell& cell) {
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < cell_height; ++row) {
    const unsigned char* at = row_of(places.from[0], move.from[0], spot.y + min(row, spot.rows - 1));
    if (from != Move::rgba) {
      cell.luma[row] = four_bytes(at, spot);
      continue;
    }
    const auto* pixels = reinterpret_cast<const unsigned*>(at);
    auto& colours = cell.colour[row];
    if (spot.begin == 0 && spot.end == cell_width && begins_at(pixels + spot.x, 16)) {
      const uint4 four = *reinterpret_cast<const uint4*>(pixels + spot.x);
      colours[0] = four.x, colours[1] = four.y, colours[2] = four.z, colours[3] = four.w;
      continue;
    }
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < cell_width; ++i) colours[i] = pixels[max(spot.x + min(i, spot.end - 1), 0)];
  }
  if (from == Move::rgba || move.to_format == Move::gray8) return;
  const Spot pairs = {spot.x, 0, spot.begin, (spot.end + 1) / 2 * 2, 1};
  if (from == Move::nv12) {
    cell.chroma = four_bytes(row_of(places.from[1], move.from[1], spot.y / 2), pairs);
    return;
  }
  const int first = max(spot.x / 2, 0), second = max(spot.x / 2 + min(1, pairs.end / 2 - 1), 0);
  const unsigned char* u = row_of(places.from[1], move.from[1], spot.y / 2);
  const unsigned char* v = row_of(places.from[2], move.from[2], spot.y / 2);
  cell.chroma = together(u[first], v[first], u[second], v[second]);
}

// --- mixed: one sample, or two, in each direction --------------------------------------------------------------------

struct Tap {
  int first, second;  // samples
  int share;          // of the second, of 256 parts
};

__device__ inline Tap tap_of(const Samples& s, int i) {
  const int place = s.start + i * s.step;  // the host sees to it that 32 bits are enough, for bytes of a row too
  const int whole = place >> 16, first = max(0, min(whole, s.last));
  if (s.kind == Samples::nearest || place < 0 || whole >= s.last || i >= s.edge) {
    const int only = i >= s.edge && s.kind != Samples::nearest ? s.last : first;
    return {only, only, 0};
  }
  return {whole, whole + 1, place >> 8 & 255};
}

// Four bytes, each between two of its own.
struct Sides {
  unsigned left, right;
};

// Of all four alike.
__device__ inline unsigned mixed_alike(unsigned a, unsigned b, int share) {
  const unsigned other = 256 - share, half = 0x00800080;
  const unsigned even = (a & even_bytes) * other + (b & even_bytes) * share + half;
  const unsigned odd = (a >> 8 & even_bytes) * other + (b >> 8 & even_bytes) * share + half;
  return (even >> 8 & even_bytes) | (odd & ~even_bytes);
}

__device__ inline unsigned mixed_byte(const Sides& sides, int i, int share) {
  return (byte_of(sides.left, i) * (256 - share) + byte_of(sides.right, i) * share + 128) >> 8;
}

__device__ inline Sides mixed_rows(const Sides& upper, const Sides& lower, int share) {
  return {mixed_alike(upper.left, lower.left, share), mixed_alike(upper.right, lower.right, share)};
}

// How four samples of a row of bytes are read: so many at once as lie in two words wherever these begin, four, two, or
// one.
struct Gather {
  Tap tap[4];
  int at[4], right[4];  // bytes
  int close;
};

__device__ inline Gather gather_of(const SourcePlane& plane, int first, int last) {
  Gather g;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 4; ++i) {
    g.tap[i] = tap_of(plane.columns, max(0, min(first + i, last)));
    g.at[i] = g.tap[i].first * plane.across;
    g.right[i] = g.tap[i].second * plane.across;
  }
  const int step = plane.columns.step;
  g.close = plane.across != 1 ? 1 : step <= 65536 ? 4 : step <= 3 * 65536 ? 2 : 1;
  return g;
}

// Samples [first, first + count), which lie in two words at most.
template <int first, int count>
__device__ inline Sides close_together(const unsigned char* row, const Gather& g) {
  const unsigned char* at = row + g.at[first];
  const unsigned past = static_cast<unsigned>(reinterpret_cast<unsigned long long>(at)) & 3U;
  const auto* words = reinterpret_cast<const unsigned*>(at - past);
  const unsigned span = past + static_cast<unsigned>(g.right[first + count - 1] - g.at[first]);
  const unsigned low = words[0], high = span >= 4 ? words[1] : low;
  unsigned left = 0, right = 0;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < count; ++i) {
    left |= (past + static_cast<unsigned>(g.at[first + i] - g.at[first])) << (4 * i);
    right |= (past + static_cast<unsigned>(g.right[first + i] - g.at[first])) << (4 * i);
  }
  return {__byte_perm(low, high, left), __byte_perm(low, high, right)};
}

__device__ inline Sides gathered(const unsigned char* row, const Gather& g, bool has_right) {
  if (g.close == 4) return close_together<0, 4>(row, g);
  if (g.close == 2) {
    const Sides a = close_together<0, 2>(row, g), b = close_together<2, 2>(row, g);
    return {__byte_perm(a.left, b.left, 0x5410), __byte_perm(a.right, b.right, 0x5410)};
  }
  const unsigned left = together(row[g.at[0]], row[g.at[1]], row[g.at[2]], row[g.at[3]]);
  if (!has_right) return {left, left};
  return {left, together(row[g.right[0]], row[g.right[1]], row[g.right[2]], row[g.right[3]])};
}

// 256 times what lies between two samples, of one byte.
__device__ inline unsigned mixed_wide(const Sides& sides, int i, int share) {
  return byte_of(sides.left, i) * (256 - share) + byte_of(sides.right, i) * share;
}

// One byte between two samples in each direction, as transform_between.h has it: nothing is rounded in between.
__device__ inline unsigned mixed_four(const Sides& upper, const Sides& lower, int i, int across, int down) {
  return mixed_twice(mixed_wide(upper, i, across), mixed_wide(lower, i, across), down);
}

// Four bytes of a row of the target.
__device__ inline unsigned mixed_bytes(const unsigned char* first, const SourcePlane& plane, const Gather& g, int y) {
  const Tap down = tap_of(plane.rows, y);
  const bool has_right = plane.columns.kind == Samples::linear;
  const Sides upper = gathered(row_of(first, plane, down.first), g, has_right);
  if (plane.rows.kind != Samples::linear) {
    if (!has_right) return upper.left;
    return together(mixed_byte(upper, 0, g.tap[0].share), mixed_byte(upper, 1, g.tap[1].share),
                    mixed_byte(upper, 2, g.tap[2].share), mixed_byte(upper, 3, g.tap[3].share));
  }
  const Sides lower = gathered(row_of(first, plane, down.second), g, has_right);
  if (!has_right) return mixed_alike(upper.left, lower.left, down.share);
  unsigned of[4];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 4; ++i) of[i] = mixed_four(upper, lower, i, g.tap[i].share, down.share);
  return third_bytes(of[0], of[1], of[2], of[3]);
}

// One sample of several bytes. `Read` makes a word of them.
template <typename Read>
__device__ inline unsigned mixed_sample(const unsigned char* first, const SourcePlane& plane, const Tap& x,
                                        const Tap& down, Read read) {
  const int left = x.first * plane.across, right = x.second * plane.across;
  const bool has_right = plane.columns.kind == Samples::linear;
  const auto sides_of = [&](int row) {
    const unsigned char* at = row_of(first, plane, row);
    const unsigned word = read(at + left);
    return Sides{word, has_right ? read(at + right) : word};
  };
  Sides sides = sides_of(down.first);
  if (plane.rows.kind == Samples::linear) {
    const Sides lower = sides_of(down.second);
    if (Read::bytes <= 2 && has_right)
      return third_bytes(mixed_four(sides, lower, 0, x.share, down.share),
                         mixed_four(sides, lower, 1, x.share, down.share), 0, 0);
    sides = mixed_rows(sides, lower, down.share);
  }
  return has_right ? mixed_alike(sides.left, sides.right, x.share) : sides.left;
}

struct ReadOne {
  static constexpr int bytes = 1;
  __device__ unsigned operator()(const unsigned char* at) const { return *at; }
};
struct ReadPair {  // the host sees to it that these begin at even addresses
  static constexpr int bytes = 2;
  __device__ unsigned operator()(const unsigned char* at) const { return *reinterpret_cast<const unsigned short*>(at); }
};
struct ReadThree {
  static constexpr int bytes = 3;
  __device__ unsigned operator()(const unsigned char* at) const { return at[0] | at[1] << 8 | at[2] << 16; }
};
struct ReadFour {
  static constexpr int bytes = 4;
  __device__ unsigned operator()(const unsigned char* at) const { return *reinterpret_cast<const unsigned*>(at); }
};

// --- any: means, and what libyuv makes three samples of
// ----------------------------------------------------------------

// `count` samples from the first one on; of two, the share of the second.
struct Stretch {
  int first, count, share;
};

__device__ inline Stretch stretch_of(const Samples& s, int i) {
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

template <typename Read>
__device__ inline unsigned mean_of(const unsigned char* at, const SourcePlane& plane, const Stretch& x,
                                   const Stretch& y, bool is_rounded, Read read) {
  unsigned sums[4] = {};
  for (int row = 0; row < y.count; ++row, at += plane.down)
    for (int column = 0; column < x.count; ++column) {
      const unsigned word = read(at + static_cast<long long>(column) * plane.across);
      FLUVIAL_UNROLL_ALL
      for (int i = 0; i < 4; ++i) sums[i] += byte_of(word, i);
    }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 4; ++i) sums[i] = mean_of_sum(sums[i], x.count * y.count, is_rounded);
  return together(sums[0], sums[1], sums[2], sums[3]);
}

template <typename Read>
__device__ inline unsigned any_sample(const unsigned char* first, const SourcePlane& plane, const Stretch& x,
                                      const Stretch& y, bool is_rounded, Read read) {
  const unsigned char* at = row_of(first, plane, y.first) + static_cast<long long>(x.first) * plane.across;
  if (x.count == 1 && y.count == 1) return read(at);
  if (plane.columns.kind == Samples::mean || plane.columns.kind == Samples::three_of_eight)
    return mean_of(at, plane, x, y, is_rounded, read);
  const int right = x.count == 2 ? plane.across : 0, below = y.count == 2 ? plane.down : 0;
  const Sides upper = {read(at), read(at + right)}, lower = {read(at + below), read(at + below + right)};
  if (Read::bytes <= 2 && plane.columns.kind == Samples::linear)
    return third_bytes(mixed_four(upper, lower, 0, x.share, y.share), mixed_four(upper, lower, 1, x.share, y.share), 0,
                       0);
  const Sides sides = mixed_rows(upper, lower, y.share);
  return mixed_alike(sides.left, sides.right, x.share);
}

// --- all together ----------------------------------------------------------------------------------------------------

FLUVIAL_ON_BOTH constexpr bool is_bytes(int from) { return from != Move::rgba && from != Move::rgb; }

// Where one sample lies in a direction, whatever the sampling.
template <int sampling>
__device__ inline auto place_on(const Samples& samples, int i) {
  if constexpr (sampling == Sampling::any)
    return stretch_of(samples, i);
  else
    return tap_of(samples, i);
}

template <int sampling, typename Place, typename Read>
__device__ inline unsigned sampled(const Move& move, const MovePlaces& places, int p, const Place& x, const Place& y,
                                   Read read) {
  if constexpr (sampling == Sampling::any)
    return any_sample(places.from[p], move.from[p], x, y, move.rounds_mean, read);
  else
    return mixed_sample(places.from[p], move.from[p], x, y, read);
}

template <int from, int sampling, typename Place>
__device__ inline unsigned sampled_pixel(const Move& move, const MovePlaces& places, const Place& x, const Place& y) {
  if constexpr (from == Move::rgba)
    return sampled<sampling>(move, places, 0, x, y, ReadFour());
  else if constexpr (from == Move::rgb)
    return sampled<sampling>(move, places, 0, x, y, ReadThree());
  else
    return sampled<sampling>(move, places, 0, x, y, ReadOne());
}

// Each pixel for itself.
template <int from, int sampling>
__device__ inline void read_pixels(const Move& move, const MovePlaces& places, const Spot& spot, Cell& cell) {
  using Place = decltype(place_on<sampling>(Samples(), 0));
  Place columns[cell_width];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < cell_width; ++i)
    columns[i] = place_on<sampling>(move.from[0].columns, max(0, min(spot.x + i, move.width - 1)));
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < cell_height; ++row) {
    const Place y = place_on<sampling>(move.from[0].rows, min(spot.y + row, move.height - 1));
    unsigned pixel[cell_width];
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < cell_width; ++i) pixel[i] = sampled_pixel<from, sampling>(move, places, columns[i], y);
    if constexpr (is_bytes(from)) {
      cell.luma[row] = together(pixel[0], pixel[1], pixel[2], pixel[3]);
    } else {
      FLUVIAL_UNROLL_ALL
      for (int i = 0; i < cell_width; ++i) cell.colour[row][i] = pixel[i];
    }
  }
}

__device__ inline void read_bytes(const Move& move, const MovePlaces& places, const Spot& spot, Cell& cell) {
  const Gather g = gather_of(move.from[0], spot.x, move.width - 1);
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < cell_height; ++row)
    cell.luma[row] = mixed_bytes(places.from[0], move.from[0], g, min(spot.y + row, move.height - 1));
}

template <int from, int sampling>
__device__ inline void read_chroma(const Move& move, const MovePlaces& places, const Spot& spot, Cell& cell) {
  const int last = (move.width + 1) / 2 - 1;
  const auto across = [&](int i) {
    return place_on<sampling>(move.from[1].columns, max(0, min(spot.x / 2 + i, last)));
  };
  const auto first = across(0), second = across(1), y = place_on<sampling>(move.from[1].rows, spot.y / 2);
  if constexpr (from == Move::nv12) {
    cell.chroma = __byte_perm(sampled<sampling>(move, places, 1, first, y, ReadPair()),
                              sampled<sampling>(move, places, 1, second, y, ReadPair()), 0x5410);
  } else {
    cell.chroma = together(sampled<sampling>(move, places, 1, first, y, ReadOne()),
                           sampled<sampling>(move, places, 2, first, y, ReadOne()),
                           sampled<sampling>(move, places, 1, second, y, ReadOne()),
                           sampled<sampling>(move, places, 2, second, y, ReadOne()));
  }
}

template <int from, int sampling>
__device__ inline void read_cell(const Move& move, const MovePlaces& places, const Spot& spot, Cell& cell) {
  if constexpr (sampling == Sampling::same) {
    read_same<from>(move, places, spot, cell);
  } else {
    if constexpr (is_bytes(from) && sampling == Sampling::mixed)
      read_bytes(move, places, spot, cell);
    else
      read_pixels<from, sampling>(move, places, spot, cell);
    if constexpr (from == Move::nv12 || from == Move::i420)
      if (move.to_format != Move::gray8) read_chroma<from, sampling>(move, places, spot, cell);
  }
  if constexpr (!is_bytes(from)) {
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < 8; ++i) {
      unsigned& colour = cell.colour[i / 4][i % 4];
      colour = in_order(move.from_format, colour) | (move.from_format == move.to_format ? 0 : opaque);
    }
  }
}

// Cells of a thread, below each other.
struct Column {
  Spot spot;
  int first, down, height;
  // Sets the spot.
  __device__ bool has(int i) {
    spot.y = first + i * down;
    spot.rows = min(cell_height, height - spot.y);
    return spot.rows > 0;
  }
};

template <int sampling>
__device__ inline Column column_of(const Move& move, const MovePlaces& places) {
  const int x = (blockIdx.x * blockDim.x + threadIdx.x) * cell_width - lead_of(move, places);
  const int first = (blockIdx.y * cells_of(sampling) * blockDim.y + threadIdx.y) * cell_height;
  return {{x, 0, max(0, -x), min(cell_width, move.width - x), 0},
          first,
          static_cast<int>(blockDim.y * cell_height),
          move.height};
}

// All cells of a thread are read before the first is written: what is under way at once fills the memory's pipe.
template <int from, int sampling>
__device__ inline void transform(const Move& move, const MovePlaces& places) {
  constexpr int count = cells_of(sampling);
  Column column = column_of<sampling>(move, places);
  if (column.spot.end <= 0) return;
  Cell cells[count];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < count; ++i)
    if (column.has(i))
      move.is_black ? make_black(move, cells[i]) : read_cell<from, sampling>(move, places, column.spot, cells[i]);
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < count; ++i) {
    if (!column.has(i)) return;
    if (!move.is_black) convert(move, cells[i]);
    write_cell(move, places, column.spot, cells[i]);
  }
}

// --- lined: each pixel from its own, three bytes each, written in lines by warps -------------------------------------

template <>
__device__ inline void transform<Move::nv12, Sampling::lined>(const Move& move, const MovePlaces& places) {
  __shared__ Lines lines;
  const auto are_words = [](const void* first, int pitch) { return pitch % 4 == 0 && begins_at(first, 4); };
  if (move.width % 4 == 0 && are_words(places.to[0], move.stride[0]) && are_words(places.from[0], move.from[0].down) &&
      are_words(places.from[1], move.from[1].down))
    transform_lines(move, places, lines);
  else
    transform<Move::nv12, Sampling::same>(move, places);
}

// --- blended: between two samples in each direction, enlarged or shrunk by two at most -------------------------------

template <int size>
__device__ inline unsigned blended(const Four<size, Reach::near>& four, const SourcePlane& plane,
                                   const unsigned char* from, int y) {
  const Between down = between(plane.rows, y);
  const unsigned char* row = row_of(from, plane, down.first);
  return mix_rows(four, read_four(four, row), read_four(four, row + plane.down), down.share);
}

template <>
__device__ inline void transform<Move::nv12, Sampling::blended>(const Move& move, const MovePlaces& places) {
  Column column = column_of<Sampling::blended>(move, places);
  const Spot& spot = column.spot;
  if (spot.end <= 0) return;
  const auto luma = four_of<1, Reach::near>(move.from[0], places.from[0], spot.x);
  const auto chroma = four_of<2, Reach::near>(move.from[1], places.from[1], spot.x);
  FLUVIAL_UNROLL_NOTHING
  for (int i = 0; i < cells_of(Sampling::blended); ++i) {
    if (!column.has(i)) return;
    Cell cell;
    FLUVIAL_UNROLL_ALL
    for (int row = 0; row < cell_height; ++row)
      cell.luma[row] = blended(luma, move.from[0], places.from[0], spot.y + row);
    cell.chroma = blended(chroma, move.from[1], places.from[1], spot.y / 2);
    convert(move, cell);
    write_cell(move, places, spot, cell);
  }
}

// Left alone, it takes more registers than four blocks at once have.
extern "C" __global__ void __launch_bounds__(256, 4) transform_nv12_blended(MoveBatch batch);
extern "C" __global__ void __launch_bounds__(256, 6) transform_nv12_lined(MoveBatch batch);

#define FLUVIAL_TRANSFORM(from, sampling)                                            \
  extern "C" __global__ void transform_##from##_##sampling(MoveBatch batch) {        \
    transform<Move::from, Sampling::sampling>(batch.move, batch.places[blockIdx.z]); \
  }
FLUVIAL_TRANSFORMS(FLUVIAL_TRANSFORM)
#undef FLUVIAL_TRANSFORM

}  // namespace fluvial::cuda
