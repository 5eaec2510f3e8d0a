// Copies the rows of outputs that can hold an object: see types/row_selection.h. One thread a row, one line of blocks a
// unit, one plane of blocks a part. `counts` begins at zero and counts past `room`, where nothing is written: whoever
// reads it sees that rows are missing.
//
// It is bound by the memory that it reads, if enough of it is under way: so numbers are read many at a time before the
// first is looked at, and columns that lie side by side are read by eight threads for eight rows, so that what is read
// at once lies side by side whichever way a model lays its outputs. Of most rows only that none of their numbers is
// great enough must be known: where numbers can be read several at once, the greatest is found first, and which one it
// is only of a row that passes.
#include "surface/cuda/kernels/on_both.h"
#include "surface/cuda/kernels/row_task.h"

namespace fluvial::cuda {

constexpr unsigned whole_warp = 0xffffffff;
constexpr int most_threads = 256;  // of a block

struct Greatest {
  float value;
  int column;
};

__device__ inline float no_number_yet() { return __int_as_float(static_cast<int>(0xff800000)); }  // -infinity

__device__ inline float float_of_half(unsigned short bits) {
#ifdef __CUDACC__
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
#else
  return float_of_half_on_host(bits);
#endif
}

// How numbers of one unit are read where there are many: without a look at their type for each. A unit has less than
// 2^31, which the host sees to.
struct Floats {
  static constexpr int at_once = 16;
  const float* data;
  __device__ float operator()(int at) const { return __ldg(data + at); }
};
struct Halves {
  static constexpr int at_once = 16;
  const unsigned short* data;
  __device__ float operator()(int at) const { return float_of_half(__ldg(data + at)); }
};
struct Others {  // seldom, and few
  static constexpr int at_once = 1;
  const RowSource& field;
  long long first;
  __device__ float operator()(int number) const {
    const long long at = first + number;
    switch (field.type) {
      case RowSource::i8: return static_cast<const signed char*>(field.data)[at];
      case RowSource::u8: return static_cast<const unsigned char*>(field.data)[at];
      case RowSource::i32: return static_cast<float>(static_cast<const int*>(field.data)[at]);
      default: return static_cast<float>(static_cast<const long long*>(field.data)[at]);
    }
  }
};

// Calls with the reader of a unit's numbers.
template <typename Body>
__device__ inline auto with_reader(const RowSource& f, int unit, Body body) {
  const long long first = unit * f.unit_step;
  if (f.type == RowSource::f32) return body(Floats{static_cast<const float*>(f.data) + first});
  if (f.type == RowSource::f16) return body(Halves{static_cast<const unsigned short*>(f.data) + first});
  return body(Others{f, first});
}

__device__ inline int place_of_row(const RowSource& f, int outer, int inner) {
  return static_cast<int>(f.first + outer * f.outer_step + inner * f.inner_step);
}

// Columns [first, first + at_once) of a row, those that there are.
template <typename Read>
struct Columns {
  float value[Read::at_once];
  __device__ Columns(const RowSource& f, int at, int first, Read read) {
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < Read::at_once; ++i)
      value[i] = first + i < f.columns ? read(at + (first + i) * static_cast<int>(f.column_step)) : no_number_yet();
  }
};

// --- one thread a row ------------------------------------------------------------------------------------------------

// The first of equals.
template <typename Read>
__device__ inline Greatest greatest_of(const RowSource& f, int at, Read read) {
  Greatest best{no_number_yet(), 0};
  FLUVIAL_UNROLL_NOTHING
  for (int first = 0; first < f.columns; first += Read::at_once) {
    const Columns<Read> columns(f, at, first, read);
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < Read::at_once; ++i)
      if (columns.value[i] > best.value && first + i != f.skipped) best = {columns.value[i], first + i};
  }
  return best;
}

// With the skipped column, which has its part in the sum. No power can overflow.
template <typename Read>
__device__ inline float share_of(const RowSource& f, int at, float greatest, Read read) {
  float top = greatest, sum = 0;
  if (f.skipped >= 0) top = fmaxf(top, read(at + f.skipped * static_cast<int>(f.column_step)));
  FLUVIAL_UNROLL_NOTHING
  for (int first = 0; first < f.columns; first += Read::at_once) {
    const Columns<Read> columns(f, at, first, read);
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < Read::at_once; ++i) sum += expf(columns.value[i] - top);
  }
  return expf(greatest - top) / sum;
}

template <typename Read>
__device__ inline Greatest chosen_of(const RowSource& f, int at, Read read) {
  Greatest best = greatest_of(f, at, read);
  if (f.kind == RowSource::share) best.value = share_of(f, at, best.value, read);
  return best;
}

// --- eight threads for eight rows, their own -------------------------------------------------------------------------

constexpr int group = 8;

// Where the group's rows begin; a row that nobody asks for is not read.
struct GroupRows {
  int at[group], own;
  unsigned asked;
  int part;  // of the group, this thread
  __device__ GroupRows(int own_at, bool is_asked) : own(own_at), part(threadIdx.x % group) {
    const int first = threadIdx.x % 32 - part;
    asked = __ballot_sync(whole_warp, is_asked) >> first & 0xFF;
    FLUVIAL_UNROLL_ALL
    for (int row = 0; row < group; ++row) at[row] = __shfl_sync(whole_warp, own, first + row);
  }
};

__device__ inline Greatest better_of(const Greatest& a, const Greatest& b) {
  return b.value > a.value || (b.value == a.value && b.column < a.column) ? b : a;
}

__device__ inline Greatest from_other(const Greatest& a, int with) {
  return {__shfl_xor_sync(whole_warp, a.value, with), __shfl_xor_sync(whole_warp, a.column, with)};
}
template <typename Number>
__device__ inline Number from_other(Number a, int with) {
  return __shfl_xor_sync(whole_warp, a, with);
}

// Each thread has something of all rows, and gets what all have of its own: with every step half of the rows go to
// those whose they are.
template <int step, typename T, typename Join>
__device__ inline T of_own_row(T (&of_row)[group], int part, Join join) {
  const bool is_upper = (part & step) != 0;
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < step; ++row) {
    const T given = is_upper ? of_row[row] : of_row[row + step], kept = is_upper ? of_row[row + step] : of_row[row];
    of_row[row] = join(kept, from_other(given, step));
  }
  if constexpr (step > 1) return of_own_row<step / 2>(of_row, part, join);
  return of_row[0];
}

template <typename Read>
__device__ inline Greatest greatest_by_group(const RowSource& f, const GroupRows& rows, Read read) {
  Greatest best[group];
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < group; ++row) best[row] = {no_number_yet(), f.columns};
  FLUVIAL_UNROLL_NOTHING
  for (int column = rows.part; column < f.columns; column += group) {
    float value[group];
    FLUVIAL_UNROLL_ALL
    for (int row = 0; row < group; ++row)
      value[row] = rows.asked >> row & 1 ? read(rows.at[row] + column) : no_number_yet();
    FLUVIAL_UNROLL_ALL
    for (int row = 0; row < group; ++row)
      if (value[row] > best[row].value && column != f.skipped) best[row] = {value[row], column};
  }
  const Greatest own = of_own_row<group / 2>(best, rows.part, better_of);
  return {own.value, own.column < f.columns ? own.column : 0};
}

template <typename Read>
__device__ inline float share_by_group(const RowSource& f, const GroupRows& rows, float greatest, Read read) {
  float top = greatest, tops[group], sums[group];
  if (f.skipped >= 0 && (rows.asked >> rows.part & 1)) top = fmaxf(top, read(rows.own + f.skipped));
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < group; ++row) {
    tops[row] = __shfl_sync(whole_warp, top, static_cast<int>(threadIdx.x % 32) - rows.part + row);
    sums[row] = 0;
  }
  FLUVIAL_UNROLL_NOTHING
  for (int column = rows.part; column < f.columns; column += group) FLUVIAL_UNROLL_ALL
  for (int row = 0; row < group; ++row)
    if (rows.asked >> row & 1) sums[row] += expf(read(rows.at[row] + column) - tops[row]);
  return expf(greatest - top) / of_own_row<group / 2>(sums, rows.part, [](float a, float b) { return a + b; });
}

// All threads of a warp come here.
template <typename Read>
__device__ inline Greatest chosen_by_group(const RowSource& f, int at, bool is_asked, Read read) {
  if (!__any_sync(whole_warp, is_asked)) return {no_number_yet(), 0};
  const GroupRows rows(at, is_asked);
  Greatest best = greatest_by_group(f, rows, read);
  if (f.kind == RowSource::share) best.value = share_by_group(f, rows, best.value, read);
  return best;
}

// --- the greatest number alone, read several at once -----------------------------------------------------------------

constexpr unsigned lowest_halves = 0xFC00FC00;  // -infinity, twice

// Of two pairs; what is no number is not greater. The first pair has none such.
__device__ inline unsigned greater_halves(unsigned a, unsigned b) {
#if defined(__CUDACC__) && __CUDA_ARCH__ >= 800
  asm("max.f16x2 %0, %0, %1;" : "+r"(a) : "r"(b));
  return a;
#else
  const auto half = [](unsigned word, int i) { return static_cast<unsigned short>(word >> (16 * i)); };
  const unsigned low = float_of_half(half(b, 0)) > float_of_half(half(a, 0)) ? b : a;
  const unsigned high = float_of_half(half(b, 1)) > float_of_half(half(a, 1)) ? b : a;
  return (low & 0xFFFFU) | (high & 0xFFFF0000U);
#endif
}

struct FourFloats {
  using Number = float;
  using Four = float4;
  using Best = float;
  __device__ static Best lowest() { return no_number_yet(); }
  __device__ static Four none() { return make_float4(lowest(), lowest(), lowest(), lowest()); }
  __device__ static Best greater(Best a, Best b) { return fmaxf(a, b); }
  __device__ static Best greatest(const Four& f) { return fmaxf(fmaxf(f.x, f.y), fmaxf(f.z, f.w)); }
  __device__ static float value(Best best) { return best; }
};
struct FourHalves {
  using Number = unsigned short;
  using Four = uint2;
  using Best = unsigned;  // of even columns and of odd ones
  __device__ static Best lowest() { return lowest_halves; }
  __device__ static Four none() { return make_uint2(lowest_halves, lowest_halves); }
  __device__ static Best greater(Best a, Best b) { return greater_halves(a, b); }
  __device__ static Best greatest(const Four& f) { return greater(greater(lowest_halves, f.x), f.y); }
  __device__ static float value(Best best) {
    return fmaxf(float_of_half(static_cast<unsigned short>(best)),
                 float_of_half(static_cast<unsigned short>(best >> 16)));
  }
};

// Eight threads read eight rows.
template <typename Fours>
__device__ inline float peak_of_columns(const RowSource& f, int unit, int at, bool is_asked) {
  const auto* data = static_cast<const typename Fours::Number*>(f.data) + unit * f.unit_step;
  const GroupRows rows(at, is_asked);
  typename Fours::Best best[group];
  FLUVIAL_UNROLL_ALL
  for (int row = 0; row < group; ++row) best[row] = Fours::lowest();
  FLUVIAL_UNROLL_NOTHING
  for (int column = 4 * rows.part; column < f.columns; column += 4 * group) {
    typename Fours::Four value[group];
    FLUVIAL_UNROLL_ALL
    for (int row = 0; row < group; ++row)
      value[row] = rows.asked >> row & 1
                       ? __ldg(reinterpret_cast<const typename Fours::Four*>(data + rows.at[row] + column))
                       : Fours::none();
    FLUVIAL_UNROLL_ALL
    for (int row = 0; row < group; ++row) best[row] = Fours::greater(best[row], Fours::greatest(value[row]));
  }
  return Fours::value(of_own_row<group / 2>(best, rows.part, Fours::greater));
}

// Eight threads read eight columns of eight rows, which are halves.
__device__ inline float peak_of_rows(const RowSource& f, int unit, int at, bool is_asked) {
  constexpr int at_once = 5, pairs = group / 2;
  const int part = threadIdx.x % group;
  const bool is_group_asked = (__ballot_sync(whole_warp, is_asked) >> (threadIdx.x % 32 - part) & 0xFF) != 0;
  const auto* first = static_cast<const unsigned short*>(f.data) + unit * f.unit_step + at - part;
  const int step = static_cast<int>(f.column_step), end = is_group_asked ? f.columns : 0;
  unsigned best[pairs] = {lowest_halves, lowest_halves, lowest_halves, lowest_halves};
  FLUVIAL_UNROLL_NOTHING
  for (int column = part; column < end; column += at_once * group) {
    uint4 value[at_once];
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < at_once; ++i)
      value[i] = column + i * group < end ? __ldg(reinterpret_cast<const uint4*>(first + (column + i * group) * step))
                                          : make_uint4(lowest_halves, lowest_halves, lowest_halves, lowest_halves);
    FLUVIAL_UNROLL_ALL
    for (int i = 0; i < at_once; ++i) {
      const unsigned pair[pairs] = {value[i].x, value[i].y, value[i].z, value[i].w};
      FLUVIAL_UNROLL_ALL
      for (int p = 0; p < pairs; ++p) best[p] = greater_halves(best[p], pair[p]);
    }
  }
  unsigned own = lowest_halves;
  FLUVIAL_UNROLL_ALL
  for (int p = 0; p < pairs; ++p) {
    FLUVIAL_UNROLL_ALL
    for (int with = 1; with < group; with *= 2) best[p] = greater_halves(best[p], from_other(best[p], with));
    if (part / 2 == p) own = best[p];
  }
  return float_of_half(static_cast<unsigned short>(own >> (16 * (part % 2))));
}

// All threads of a warp come here.
__device__ inline float peak_of(const RowSource& f, int unit, int at, bool is_asked) {
  if (f.lying == RowSource::rows_together) return peak_of_rows(f, unit, at, is_asked);
  if (f.type == RowSource::f32) return peak_of_columns<FourFloats>(f, unit, at, is_asked);
  return peak_of_columns<FourHalves>(f, unit, at, is_asked);
}

// --- all together ----------------------------------------------------------------------------------------------------

__device__ inline Greatest judged(const RowSource& f, int unit, int at, bool is_asked) {
  if (f.lying != RowSource::apart) {
    is_asked = peak_of(f, unit, at, is_asked) >= f.least && is_asked;
    if (!__any_sync(whole_warp, is_asked)) return {no_number_yet(), 0};
  }
  return with_reader(f, unit, [&](auto read) {
    if constexpr (decltype(read)::at_once > 1)
      if (f.columns >= group && f.column_step == 1) return chosen_by_group(f, at, is_asked, read);
    return is_asked ? chosen_of(f, at, read) : Greatest{no_number_yet(), 0};
  });
}

// All columns of a row to where it goes.
__device__ inline void copy_columns(const RowSource& f, int unit, int at, float* out) {
  with_reader(f, unit, [&](auto read) {
    using Read = decltype(read);
    FLUVIAL_UNROLL_NOTHING
    for (int first = 0; first < f.columns; first += Read::at_once) {
      const Columns<Read> columns(f, at, first, read);
      FLUVIAL_UNROLL_ALL
      for (int i = 0; i < Read::at_once; ++i)
        if (first + i < f.columns) out[first + i] = columns.value[i];
    }
  });
}

// Where a row goes that is wanted: those of a warp have one place after the other.
__device__ inline int next_place(int* count, bool is_wanted) {
  const unsigned wanted = __ballot_sync(whole_warp, is_wanted), lane = threadIdx.x % 32;
  int first = 0;
  if (lane == 0 && wanted != 0) first = atomicAdd(count, __popc(wanted));
  return __shfl_sync(whole_warp, first, 0) + __popc(wanted & ((1U << lane) - 1));
}

extern "C" __global__ void __launch_bounds__(most_threads, 4)
    select_rows(RowTask task, int* counts, int* numbers, float* values) {
  __shared__ Greatest found[RowTask::most_fields][most_threads];  // each thread has its own
  const RowTask::Part& part = task.parts[blockIdx.z];
  const int row = blockIdx.x * blockDim.x + threadIdx.x, unit = blockIdx.y;
  if (static_cast<int>(blockIdx.x * blockDim.x) >= part.rows) return;  // the whole block
  const int outer = row / part.inner_count, inner = row % part.inner_count;
  bool is_wanted = row < part.rows;
  FLUVIAL_UNROLL_NOTHING
  for (int i = 0; i < task.fields; ++i) {
    const RowSource& field = part.fields[i];
    if (field.kind == RowSource::values && !field.is_tested) continue;
    const Greatest best = judged(field, unit, place_of_row(field, outer, inner), is_wanted);
    if (field.is_tested) is_wanted = is_wanted && best.value >= field.least;
    found[i][threadIdx.x] = best;
  }
  const int place = next_place(counts + unit, is_wanted);
  if (!is_wanted || place >= task.room) return;
  const long long at = static_cast<long long>(unit) * task.room + place;
  numbers[at] = part.first_row + row;
  float* out = values + at * task.width;
  FLUVIAL_UNROLL_NOTHING
  for (int i = 0; i < task.fields; ++i) {
    const RowSource& field = part.fields[i];
    if (field.kind == RowSource::values) {
      copy_columns(field, unit, place_of_row(field, outer, inner), out);
      out += field.columns;
    } else {
      *out++ = found[i][threadIdx.x].value;
      *out++ = static_cast<float>(found[i][threadIdx.x].column);
    }
  }
}

// A class for each pixel, a byte: see PixelClasses. `strange` counts, by unit, whole numbers that are none.
extern "C" __global__ void classify_pixels(RowSource field, int pixels, int* strange, unsigned char* classes) {
  const int pixel = blockIdx.x * blockDim.x + threadIdx.x, unit = blockIdx.y;
  const bool is_one = pixel < pixels;
  const int at = place_of_row(field, 0, is_one ? pixel : 0);
  const bool is_whole = field.type != RowSource::f32 && field.type != RowSource::f16;
  int found = 0;
  if (field.kind != RowSource::values) {
    const Greatest best = judged(field, unit, at, is_one);
    found = field.is_tested && !(best.value > field.least) ? 255 : best.column;
  } else if (is_one) {
    const float number = with_reader(field, unit, [&](auto read) { return read(at); });
    const bool is_byte = number >= 0 && number <= 255;
    found = !is_whole ? number > field.least : is_byte ? static_cast<int>(number) : 0;
    if (is_whole && !is_byte) atomicAdd(strange + unit, 1);
  }
  if (is_one) classes[static_cast<long long>(unit) * pixels + pixel] = static_cast<unsigned char>(found);
}

}  // namespace fluvial::cuda
