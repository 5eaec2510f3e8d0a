// Copies the rows of outputs that can hold an object: see types/row_selection.h. One thread a row, one line of blocks a
// unit, one plane of blocks a part. `counts` begins at zero and counts past `room`, where nothing is written: whoever
// reads it sees that rows are missing.
//
// Columns that lie side by side are read by a whole warp for one row after the other, into shared memory, so that what
// is read at once lies side by side whichever way a model lays its outputs.

#ifdef __CUDACC__
#define FLUVIAL_UNROLL _Pragma("unroll 8")
#else
#define FLUVIAL_UNROLL
#endif

namespace fluvial::cuda {

constexpr unsigned whole_warp = 0xffffffff;
constexpr int most_warps = 8;  // of a block

using Tile = float (*)[33];  // 32 rows of a warp, a column more than 32: each begins in a bank of its own

struct Greatest {
  float value;
  int column;
};

__device__ inline float no_number_yet() { return __int_as_float(static_cast<int>(0xff800000)); }  // -infinity

__device__ inline float number_at(const RowSource& f, long long at) {
  switch (f.type) {
    case RowSource::i8: return static_cast<const signed char*>(f.data)[at];
    case RowSource::u8: return static_cast<const unsigned char*>(f.data)[at];
    case RowSource::i32: return static_cast<float>(static_cast<const int*>(f.data)[at]);
    case RowSource::i64: return static_cast<float>(static_cast<const long long*>(f.data)[at]);
    default: return static_cast<const float*>(f.data)[at];
  }
}

// How numbers are read where there are many: without a look at their type for each.
struct Floats {
  const float* data;
  __device__ float operator()(long long at) const { return data[at]; }
};
struct Others {
  const RowSource& field;
  __device__ float operator()(long long at) const { return number_at(field, at); }
};

__device__ inline long long place_of_row(const RowSource& f, int unit, int outer, int inner) {
  return unit * f.unit_step + f.first + outer * f.outer_step + inner * f.inner_step;
}

// The first of equals.
template <typename Read>
__device__ inline Greatest greatest_of(const RowSource& f, long long at, Read read) {
  Greatest best{no_number_yet(), 0};
FLUVIAL_UNROLL
  for (int c = 0; c < f.columns; ++c) {
    const float value = c == f.skipped ? no_number_yet() : read(at + c * f.column_step);
    if (value > best.value) best = {value, c};
  }
  return best;
}

// With the skipped column, which has its part in the sum. No power can overflow.
template <typename Read>
__device__ inline float share_of(const RowSource& f, long long at, float greatest, Read read) {
  float top = greatest, sum = 0;
  if (f.skipped >= 0) top = fmaxf(top, read(at + f.skipped * f.column_step));
FLUVIAL_UNROLL
  for (int c = 0; c < f.columns; ++c) sum += expf(read(at + c * f.column_step) - top);
  return expf(greatest - top) / sum;
}

template <typename Read>
__device__ inline Greatest chosen_of(const RowSource& f, long long at, Read read) {
  Greatest best = greatest_of(f, at, read);
  if (f.kind == RowSource::share) best.value = share_of(f, at, best.value, read);
  return best;
}

// The same for 32 rows, those whose threads ask. All threads of a warp come here.
template <typename Read>
__device__ inline Greatest greatest_of_rows(const RowSource& f, long long at, bool is_asked, Tile tile, Read read) {
  const int lane = threadIdx.x % 32;
  const unsigned asked = __ballot_sync(whole_warp, is_asked);
  Greatest best{no_number_yet(), 0};
  for (int first = 0; first < f.columns; first += 32) {
    const int column = first + lane;
    const bool counts = column < f.columns && column != f.skipped;
FLUVIAL_UNROLL
    for (int row = 0; row < 32; ++row) {
      const long long from = __shfl_sync(whole_warp, at, row);
      tile[row][lane] = counts && (asked >> row & 1) ? read(from + column) : no_number_yet();
    }
    __syncwarp();
    const int count = min(32, f.columns - first);
    for (int c = 0; c < count; ++c)
      if (tile[lane][c] > best.value) best = {tile[lane][c], first + c};
    __syncwarp();
  }
  return best;
}

template <typename Read>
__device__ inline Greatest judged(const RowSource& f, long long at, bool is_asked, Tile tile, Read read) {
  if (f.columns >= 8 && f.column_step == 1 && f.kind != RowSource::share)
    return greatest_of_rows(f, at, is_asked, tile, read);
  return is_asked ? chosen_of(f, at, read) : Greatest{no_number_yet(), 0};
}

__device__ inline Greatest judged(const RowSource& f, long long at, bool is_asked, Tile tile) {
  if (f.type == RowSource::f32) return judged(f, at, is_asked, tile, Floats{static_cast<const float*>(f.data)});
  return judged(f, at, is_asked, tile, Others{f});
}

extern "C" __global__ void select_rows(RowTask task, int* counts, int* numbers, float* values) {
  __shared__ float tiles[most_warps][32][33];
  const RowTask::Part& part = task.parts[blockIdx.z];
  const int row = blockIdx.x * blockDim.x + threadIdx.x, unit = blockIdx.y;
  if (static_cast<int>(blockIdx.x * blockDim.x) >= part.rows) return;  // the whole block
  const int outer = row / part.inner_count, inner = row % part.inner_count;
  bool is_wanted = row < part.rows;
  Greatest greatest[RowTask::most_fields];
FLUVIAL_UNROLL
  for (int i = 0; i < RowTask::most_fields; ++i) {
    const RowSource& field = part.fields[i];
    if (i >= task.fields || (field.kind == RowSource::values && !field.is_tested)) continue;
    greatest[i] = judged(field, place_of_row(field, unit, outer, inner), is_wanted, tiles[threadIdx.x / 32]);
    if (field.is_tested) is_wanted = is_wanted && greatest[i].value >= field.least;
  }
  if (!is_wanted) return;
  const int place = atomicAdd(counts + unit, 1);
  if (place >= task.room) return;
  const long long at = static_cast<long long>(unit) * task.room + place;
  numbers[at] = part.first_row + row;
  float* out = values + at * task.width;
FLUVIAL_UNROLL
  for (int i = 0; i < RowTask::most_fields; ++i) {
    if (i >= task.fields) break;
    const RowSource& field = part.fields[i];
    if (field.kind == RowSource::values) {
      const long long from = place_of_row(field, unit, outer, inner);
      for (int c = 0; c < field.columns; ++c) *out++ = number_at(field, from + c * field.column_step);
    } else {
      *out++ = greatest[i].value;
      *out++ = static_cast<float>(greatest[i].column);
    }
  }
}

// A class for each pixel, a byte: see PixelClasses. `strange` counts, by unit, whole numbers that are none.
extern "C" __global__ void classify_pixels(RowSource field, int pixels, int* strange, unsigned char* classes) {
  __shared__ float tiles[most_warps][32][33];
  const int pixel = blockIdx.x * blockDim.x + threadIdx.x, unit = blockIdx.y;
  const bool is_one = pixel < pixels;
  const long long at = place_of_row(field, unit, 0, is_one ? pixel : 0);
  int found = 0;
  if (field.kind != RowSource::values) {
    const Greatest best = judged(field, at, is_one, tiles[threadIdx.x / 32]);
    found = field.is_tested && !(best.value > field.least) ? 255 : best.column;
  } else if (is_one) {
    const float number = number_at(field, at);
    const bool is_byte = number >= 0 && number <= 255;
    found = field.type == RowSource::f32 ? number > field.least : is_byte ? static_cast<int>(number) : 0;
    if (field.type != RowSource::f32 && !is_byte) atomicAdd(strange + unit, 1);
  }
  if (is_one) classes[static_cast<long long>(unit) * pixels + pixel] = static_cast<unsigned char>(found);
}

}  // namespace fluvial::cuda
