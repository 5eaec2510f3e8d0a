// Scales and crops pictures whose format stays as it is, each plane for itself: what transform_pixels.cu makes of them
// too, but for the many instructions that it takes to be ready for everything.
//
// One thread makes some bytes of some rows, the rows of a block of threads lie between each other's. Blocks above each
// other have the first plane's rows, then the next one's.
#include "surface/cuda/kernels/transform_between.h"

namespace fluvial::cuda {

// What a thread finds to do.
struct PlaneSpot {
  const SourcePlane& plane;
  const unsigned char* from;
  unsigned char* to;
  int stride;
  int size;            // bytes of a sample
  int x, begin, end;   // of its first byte, before the row where that is not aligned; which of its bytes are in the row
  int y, rows, bytes;  // the first row; the counts of the plane's rows, and of bytes of each
  int is_rounded;      // means
};

template <int kind, typename Work>
__device__ inline void for_plane(const MoveBatch& batch, Work work) {
  constexpr PlanePart part = plane_part(kind);
  constexpr int rows_of_block = part.rows * rows_of_threads;
  const Move& move = batch.move;
  int p = 0, block = blockIdx.y;
  for (int blocks; p + 1 < planes_of(move.to_format); ++p, block -= blocks) {
    blocks = (plane_rows(move, p) + rows_of_block - 1) / rows_of_block;
    if (block < blocks) break;
  }
  const MovePlaces& places = batch.places[blockIdx.z];
  const int bytes = plane_bytes(move, p);
  const int x = (blockIdx.x * blockDim.x + threadIdx.x) * part.bytes - lead_of_plane(move, places, p, kind);
  if (kind != PlaneMove::turned && x >= bytes) return;  // there, threads wait for each other
  work(PlaneSpot{move.from[p], places.from[p], places.to[p], move.stride[p], bytes_of_sample(move.to_format, p), x,
                 max(0, -x), min(part.bytes, bytes - x), static_cast<int>(block * rows_of_block + threadIdx.y),
                 plane_rows(move, p), bytes, move.rounds_mean});
}

__device__ inline unsigned char* target_row(const PlaneSpot& spot, int y) {
  return spot.to + static_cast<long long>(y) * spot.stride + spot.x;
}

// Bytes [begin, end) of four or eight; all of them to a multiple of as many, where they are whole.
template <int runs>
__device__ inline void store_runs(unsigned char* at, const unsigned (&words)[runs], bool are_whole, int begin,
                                  int end) {
  if (are_whole && runs == 2) {
    *reinterpret_cast<uint2*>(at) = make_uint2(words[0], words[runs - 1]);
  } else if (are_whole) {
    *reinterpret_cast<unsigned*>(at) = words[0];
  } else {
    FLUVIAL_UNROLL_ALL
    for (int run = 0; run < runs; ++run)
      store_bytes(at + 4 * run, words[run], max(begin - 4 * run, 0), min(end - 4 * run, 4));
  }
}

// --- copied ----------------------------------------------------------------------------------------------------------

struct Sixteen {
  unsigned word[4];
};

__device__ inline Sixteen sixteen_at(const unsigned char* at) {
  if (begins_at(at, 16)) {
    const uint4 all = *reinterpret_cast<const uint4*>(at);
    return {{all.x, all.y, all.z, all.w}};
  }
  return {{word_at(at), word_at(at + 4), word_at(at + 8), word_at(at + 12)}};
}

__device__ inline void store_sixteen(unsigned char* at, const Sixteen& all) {
  if (begins_at(at, 16)) {
    *reinterpret_cast<uint4*>(at) = make_uint4(all.word[0], all.word[1], all.word[2], all.word[3]);
    return;
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 4; ++i) store_bytes(at + 4 * i, all.word[i], 0, 4);
}

__device__ inline void copy_edge(const unsigned char* from, unsigned char* to, int begin, int end) {
  FLUVIAL_UNROLL_NOTHING
  for (int i = begin; i < end; ++i) to[i] = from[i];
}

extern "C" __global__ void __launch_bounds__(256, 4) transform_planes_copied(MoveBatch batch) {
  for_plane<PlaneMove::copied>(batch, [](const PlaneSpot& spot) {
    constexpr int rows = plane_part(PlaneMove::copied).rows;
    const bool is_whole = spot.begin == 0 && spot.end == plane_part(PlaneMove::copied).bytes;
    Sixteen read[rows];
    const auto source = [&](int y) { return spot.from + static_cast<long long>(y) * spot.plane.down + spot.x; };
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < rows; ++i) {
      const int y = spot.y + i * rows_of_threads;
      if (is_whole && y < spot.rows) read[i] = sixteen_at(source(y));
    }
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < rows; ++i) {
      const int y = spot.y + i * rows_of_threads;
      if (y >= spot.rows) return;
      if (is_whole)
        store_sixteen(target_row(spot, y), read[i]);
      else
        copy_edge(source(y), target_row(spot, y), spot.begin, spot.end);
    }
  });
}

// --- picked ----------------------------------------------------------------------------------------------------------

__device__ inline int nearest(const Samples& s, int i) { return max(0, min((s.start + i * s.step) >> 16, s.last)); }

template <int size>
__device__ inline unsigned picked(const unsigned char* const (&first)[4 / size], long long row) {
  if constexpr (size == 1)
    return together(first[0][row], first[1][row], first[2][row], first[3][row]);
  else
    return __byte_perm(*reinterpret_cast<const unsigned short*>(first[0] + row),
                       *reinterpret_cast<const unsigned short*>(first[1] + row), 0x5410);
}

template <int size>
__device__ inline void pick(const PlaneSpot& spot) {
  constexpr int rows = plane_part(PlaneMove::picked).rows;
  const unsigned char* first[4 / size];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < 4 / size; ++i)
    first[i] = spot.from + static_cast<long long>(nearest(spot.plane.columns, spot.x / size + i)) * spot.plane.across;
  unsigned read[rows];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < rows; ++i) {
    const int y = min(spot.y + i * rows_of_threads, spot.rows - 1);
    read[i] = picked<size>(first, static_cast<long long>(nearest(spot.plane.rows, y)) * spot.plane.down);
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < rows; ++i) {
    const int y = spot.y + i * rows_of_threads;
    if (y < spot.rows) store_bytes(target_row(spot, y), read[i], spot.begin, spot.end);
  }
}

extern "C" __global__ void __launch_bounds__(256, 4) transform_planes_picked(MoveBatch batch) {
  for_plane<PlaneMove::picked>(batch, [](const PlaneSpot& spot) { spot.size == 1 ? pick<1>(spot) : pick<2>(spot); });
}

// --- blended ---------------------------------------------------------------------------------------------------------

template <int kind, int size, int words>
__device__ inline void blend(const PlaneSpot& spot) {
  constexpr PlanePart part = plane_part(kind);
  constexpr int runs = part.bytes / 4, rows_under_way = words == Reach::far ? 1 : 2;  // before the first is written
  Four<size, words> four[runs];
  FLUVIAL_UNROLL_ALL
  for (int run = 0; run < runs; ++run) four[run] = four_of<size, words>(spot.plane, spot.from, spot.x + 4 * run);
  const bool is_whole = spot.begin == 0 && spot.end == part.bytes && begins_at(target_row(spot, 0), part.bytes) &&
                        spot.stride % part.bytes == 0;
  FLUVIAL_UNROLL_NOTHING
  for (int first = 0; first < part.rows; first += rows_under_way) {
    FourOfRow<words> upper[rows_under_way][runs], lower[rows_under_way][runs];
    unsigned share[rows_under_way];
    const int top = spot.y + first * rows_of_threads;
    if (top >= spot.rows) return;
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < rows_under_way; ++i) {
      const Between y = between(spot.plane.rows, top + i * rows_of_threads);
      const unsigned char* row = spot.from + static_cast<long long>(y.first) * spot.plane.down;
      FLUVIAL_UNROLL_ALL
      for (int run = 0; run < runs; ++run) {
        upper[i][run] = read_four(four[run], row);
        lower[i][run] = read_four(four[run], row + spot.plane.down);
      }
      share[i] = y.share;
    }
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < rows_under_way; ++i) {
      const int y = top + i * rows_of_threads;
      unsigned mixed[runs];
      FLUVIAL_UNROLL_ALL
      for (int run = 0; run < runs; ++run) mixed[run] = mix_rows(four[run], upper[i][run], lower[i][run], share[i]);
      if (y < spot.rows) store_runs(target_row(spot, y), mixed, is_whole, spot.begin, spot.end);
    }
  }
}

template <int size>
__device__ inline void blend_any(const PlaneSpot& spot) {
  switch (reach_of(spot.plane)) {
    case Reach::close: return blend<PlaneMove::blended, size, Reach::close>(spot);
    case Reach::near: return blend<PlaneMove::blended, size, Reach::near>(spot);
    default: return blend<PlaneMove::blended, size, Reach::far>(spot);
  }
}

extern "C" __global__ void __launch_bounds__(256, 4) transform_planes_blended(MoveBatch batch) {
  for_plane<PlaneMove::blended>(
      batch, [](const PlaneSpot& spot) { spot.size == 1 ? blend_any<1>(spot) : blend_any<2>(spot); });
}

// --- enlarged --------------------------------------------------------------------------------------------------------

// Bytes between two rows, as they change from the upper one to the lower, and the lower one, which is the next pair's
// upper: 256 times, rows are of the source.
template <int size, int runs>
struct EnlargedRows {
  static constexpr int bytes = 4 * runs;
  unsigned base[bytes], change[bytes], less_lower[bytes];  // the last one is negative, so that sums begin with it

  __device__ void move_on(const Four<size, Reach::close> (&four)[runs], const FourOfRow<Reach::close> (&next)[runs]) {
    FLUVIAL_UNROLL_ALL
    for (int run = 0; run < runs; ++run) {
      unsigned mixed[4];
      FLUVIAL_UNROLL_ALL
      for (int i = 0; i < 4; ++i) mixed[i] = less_lower[4 * run + i];
      add_columns(four[run], next[run], mixed);
      FLUVIAL_UNROLL_ALL
      for (int i = 0; i < 4; ++i) {
        unsigned& upper = less_lower[4 * run + i];
        base[4 * run + i] = 32768 - upper * 256;
        change[4 * run + i] = mixed[i];
        upper -= mixed[i];
      }
    }
  }
  // What mixed_twice gives.
  __device__ void blend(unsigned share, unsigned (&words)[runs]) const {
    FLUVIAL_UNROLL_ALL
    for (int run = 0; run < runs; ++run) {
      unsigned of[4];
      FLUVIAL_UNROLL_ALL
      for (int i = 0; i < 4; ++i) of[i] = base[4 * run + i] + change[4 * run + i] * share;
      words[run] = third_bytes(of[0], of[1], of[2], of[3]);
    }
  }
};

// Enlarged in both directions: a thread's rows lie below each other, most of them between the same two rows of the
// source as the one before, or between the next two. The row after those is on its way meanwhile.
template <int size>
__device__ inline void enlarge(const PlaneSpot& spot) {
  constexpr PlanePart part = plane_part(PlaneMove::enlarged);
  constexpr int runs = part.bytes / 4;
  const int top = spot.y + static_cast<int>(threadIdx.y) * (part.rows - 1), end = min(top + part.rows, spot.rows);
  if (top >= end) return;
  const Samples rows = spot.plane.rows;
  Four<size, Reach::close> four[runs];
  FLUVIAL_UNROLL_ALL
  for (int run = 0; run < runs; ++run) four[run] = four_of<size, Reach::close>(spot.plane, spot.from, spot.x + 4 * run);
  const auto read = [&](int y, FourOfRow<Reach::close>(&into)[runs]) {
    const unsigned char* row = spot.from + static_cast<long long>(min(y, rows.last)) * spot.plane.down;
    FLUVIAL_UNROLL_ALL
    for (int run = 0; run < runs; ++run) into[run] = read_four(four[run], row);
  };
  const bool is_whole = spot.begin == 0 && spot.end == part.bytes && begins_at(target_row(spot, 0), part.bytes) &&
                        spot.stride % part.bytes == 0;
  Between at = between(rows, top);
  FourOfRow<Reach::close> upper[runs], lower[runs], next[runs];
  read(at.first, upper);
  read(at.first + 1, lower);
  read(at.first + 2, next);
  EnlargedRows<size, runs> pair = {};
  pair.move_on(four, upper);
  pair.move_on(four, lower);
  unsigned char* to = target_row(spot, top);
  FLUVIAL_UNROLL_NOTHING
  for (int y = top;; to += spot.stride) {
    unsigned words[runs];
    pair.blend(at.share, words);
    store_runs(to, words, is_whole, spot.begin, spot.end);
    if (++y >= end) return;
    const Between then = between(rows, y);
    if (then.first != at.first) {
      pair.move_on(four, next);
      read(then.first + 2, next);
    }
    at = then;
  }
}

extern "C" __global__ void __launch_bounds__(256, 4) transform_planes_enlarged(MoveBatch batch) {
  for_plane<PlaneMove::enlarged>(batch,
                                 [](const PlaneSpot& spot) { spot.size == 1 ? enlarge<1>(spot) : enlarge<2>(spot); });
}

// --- averaged --------------------------------------------------------------------------------------------------------

// Samples of one direction whose mean a sample is.
struct Stretched {
  int first, count;
};

__device__ inline Stretched stretched(const Samples& s, int i, int count) {
  const int place = max(0, min(i, count - 1)) * s.step, first = place >> 16;
  return {min(first, s.last), max(min((place + s.step) >> 16, s.last + 1) - first, 1)};
}

// The host sees to it that there are five bytes at most, which lie in two words, and that all rows lie alike.
struct FiveBytes {
  int at, count;  // of the first word behind the row's first byte; of the bytes
  unsigned ones[2];
};

__device__ inline FiveBytes five_bytes(const PlaneSpot& spot, int x) {
  const Stretched s = stretched(spot.plane.columns, x, spot.bytes);
  const int past = static_cast<int>(reinterpret_cast<unsigned long long>(spot.from + s.first)) & 3;
  return {s.first - past, s.count, {ones_of(past, past + s.count), ones_of(past - 4, past + s.count - 4)}};
}

__device__ inline unsigned average_of_four(const PlaneSpot& spot, const FiveBytes (&four)[4], const Stretched& rows) {
  constexpr int at_once = 3;
  unsigned sum[4] = {};
  FLUVIAL_UNROLL_NOTHING
  for (int first = 0; first < rows.count; first += at_once) {
    unsigned read[at_once][4][2];
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < at_once; ++i) {
      const bool is_there = first + i < rows.count;
      const unsigned char* row = spot.from + static_cast<long long>(rows.first + first + i) * spot.plane.down;
      FLUVIAL_UNROLL_ALL
      for (int k = 0; k < 4; ++k) {
        const auto* words = reinterpret_cast<const unsigned*>(row + four[k].at);
        read[i][k][0] = is_there ? words[0] : 0;
        read[i][k][1] = is_there && four[k].ones[1] != 0 ? words[1] : 0;
      }
    }
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < at_once; ++i) FLUVIAL_UNROLL_ALL
    for (int k = 0; k < 4; ++k)
      sum[k] = sum_of(read[i][k][1], four[k].ones[1], sum_of(read[i][k][0], four[k].ones[0], sum[k]));
  }
  FLUVIAL_UNROLL_ALL
  for (int k = 0; k < 4; ++k) sum[k] = mean_of_sum(sum[k], four[k].count * rows.count, spot.is_rounded);
  return together(sum[0], sum[1], sum[2], sum[3]);
}

__device__ inline void average(const PlaneSpot& spot) {
  FiveBytes four[4];
  FLUVIAL_UNROLL_ALL
  for (int k = 0; k < 4; ++k) four[k] = five_bytes(spot, spot.x + k);
  FLUVIAL_UNROLL_NOTHING
  for (int i = 0; i < plane_part(PlaneMove::averaged).rows; ++i) {
    const int y = spot.y + i * rows_of_threads;
    if (y >= spot.rows) return;
    store_bytes(target_row(spot, y), average_of_four(spot, four, stretched(spot.plane.rows, y, spot.rows)), spot.begin,
                spot.end);
  }
}

extern "C" __global__ void __launch_bounds__(256, 4) transform_planes_averaged(MoveBatch batch) {
  for_plane<PlaneMove::averaged>(batch, [](const PlaneSpot& spot) {
    if (spot.plane.columns.kind == Samples::mean) return average(spot);
    blend<PlaneMove::averaged, 2, Reach::far>(spot);
  });
}

// --- turned ----------------------------------------------------------------------------------------------------------

// A block of threads turns a tile by way of shared memory, so that whole words of side by side bytes are read, down the
// target, and written, across it. Each thread turns squares of four words, so that four samples of a row become words.
constexpr int turned_words = 32, turned_pitch = turned_words + 1;  // of a row of the target's tile; against conflicts
constexpr int turned_tile_rows = plane_part(PlaneMove::turned).rows * rows_of_threads;  // of bytes
using TurnedTile = unsigned[turned_tile_rows * turned_pitch];

// Four bytes that lie below each other on the target are a word, of which the first one may be the last.
template <int size>
__device__ inline unsigned in_turn(unsigned word, bool goes_back) {
  return goes_back ? __byte_perm(word, 0, size == 1 ? 0x0123 : 0x1032) : word;
}

// From anywhere; of the word `count` samples are there.
template <int size>
__device__ inline unsigned four_below(const unsigned char* at, int down, int count) {
  if (count * size >= 4) return in_turn<size>(word_at(down < 0 ? at - (4 - size) : at), down < 0);
  unsigned word = 0;
  for (int i = 0; i < count; ++i)
    for (int b = 0; b < size; ++b) word |= static_cast<unsigned>(at[i * down + b]) << (8 * (i * size + b));
  return word;
}

// Words of four columns become those of rows: four of four bytes, or two of four pairs.
template <int size>
__device__ inline void turn_square(const unsigned (&column)[4], unsigned (&row)[4]) {
  if constexpr (size == 1) {
    const unsigned a = __byte_perm(column[0], column[1], 0x5140), b = __byte_perm(column[2], column[3], 0x5140);
    const unsigned c = __byte_perm(column[0], column[1], 0x7362), d = __byte_perm(column[2], column[3], 0x7362);
    row[0] = __byte_perm(a, b, 0x5410), row[1] = __byte_perm(a, b, 0x7632);
    row[2] = __byte_perm(c, d, 0x5410), row[3] = __byte_perm(c, d, 0x7632);
  } else {
    row[0] = __byte_perm(column[0], column[1], 0x5410), row[1] = __byte_perm(column[2], column[3], 0x5410);
    row[2] = __byte_perm(column[0], column[1], 0x7632), row[3] = __byte_perm(column[2], column[3], 0x7632);
  }
}

// Squares of a tile, by their numbers: below each other first, as the source has them side by side.
template <int size>
struct Squares {
  static constexpr int rows = 4 / size;  // of a square
  static constexpr int down = turned_tile_rows / rows, across = turned_words / size;
  static constexpr int threads = 32 * rows_of_threads, of_thread = down * across / threads;
};

template <int size>
__device__ inline void put_square(TurnedTile& tile, int square, const unsigned (&column)[4]) {
  using All = Squares<size>;
  unsigned* first = tile + square % All::down * All::rows * turned_pitch + square / All::down * size;
  unsigned row[4];
  turn_square<size>(column, row);
  FLUVIAL_UNROLL_ALL
  for (int k = 0; k < 4; ++k) first[k / size * turned_pitch + k % size] = row[k];
}

// `left` and `top`: columns and rows of the target. Words lie where words do, all rows are there.
template <int size>
__device__ inline void turn_words(const PlaneSpot& spot, const unsigned char* from, int left, int top,
                                  TurnedTile& tile) {
  using All = Squares<size>;
  const int thread = threadIdx.y * 32 + threadIdx.x, columns = spot.bytes / size;
  unsigned read[All::of_thread][4];
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < All::of_thread; ++i) {
    const int square = thread + i * All::threads, x = left + square / All::down * 4;
    const unsigned char* at =
        from + static_cast<long long>(x) * spot.plane.across + (top + square % All::down * All::rows) * spot.plane.down;
    FLUVIAL_UNROLL_ALL
    for (int k = 0; k < 4; ++k, at += spot.plane.across)
      read[i][k] = x + k >= 0 && x + k < columns ? *reinterpret_cast<const unsigned*>(at) : 0;
  }
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < All::of_thread; ++i) {
    FLUVIAL_UNROLL_ALL
    for (int k = 0; k < 4; ++k) read[i][k] = in_turn<size>(read[i][k], spot.plane.down < 0);
    put_square<size>(tile, thread + i * All::threads, read[i]);
  }
}

template <int size>
__device__ inline void turn_bytes(const PlaneSpot& spot, int left, int top, TurnedTile& tile) {
  using All = Squares<size>;
  const int columns = spot.bytes / size;
  FLUVIAL_UNROLL_NOTHING
  for (int square = threadIdx.y * 32 + threadIdx.x; square < All::down * All::across; square += All::threads) {
    const int y = top + square % All::down * All::rows, x = left + square / All::down * 4;
    unsigned column[4];
    FLUVIAL_UNROLL_ALL
    for (int k = 0; k < 4; ++k) {
      const unsigned char* at =
          spot.from + static_cast<long long>(x + k) * spot.plane.across + static_cast<long long>(y) * spot.plane.down;
      column[k] =
          x + k >= 0 && x + k < columns && y < spot.rows ? four_below<size>(at, spot.plane.down, spot.rows - y) : 0;
    }
    put_square<size>(tile, square, column);
  }
}

template <int size>
__device__ inline void turn_tile(const PlaneSpot& spot, int left, int top, TurnedTile& tile) {
  const unsigned char* from = spot.from - (spot.plane.down < 0 ? 4 - size : 0);
  if (begins_at(from, 4) && spot.plane.across % 4 == 0 && top + turned_tile_rows <= spot.rows)
    turn_words<size>(spot, from, left / size, top, tile);
  else
    turn_bytes<size>(spot, left / size, top, tile);
}

extern "C" __global__ void __launch_bounds__(256, 4) transform_planes_turned(MoveBatch batch) {
  __shared__ TurnedTile tile;
  for_plane<PlaneMove::turned>(batch, [](const PlaneSpot& spot) {
    constexpr PlanePart part = plane_part(PlaneMove::turned);
    const int left = spot.x - static_cast<int>(threadIdx.x) * part.bytes, top = spot.y - static_cast<int>(threadIdx.y);
    spot.size == 1 ? turn_tile<1>(spot, left, top, tile) : turn_tile<2>(spot, left, top, tile);
    __syncthreads();
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < part.rows; ++i) {
      const int row = threadIdx.y + i * rows_of_threads;
      if (top + row < spot.rows && spot.begin < spot.end)
        store_bytes(target_row(spot, top + row), tile[row * turned_pitch + threadIdx.x], spot.begin, spot.end);
    }
  });
}

}  // namespace fluvial::cuda
