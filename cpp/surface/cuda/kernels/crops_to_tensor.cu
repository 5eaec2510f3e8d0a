// As pictures_to_tensor does, of pictures whose pixels lie close (see is_close in elements/infer/gpu/pictures.cpp):
// crops mostly, of which each line is enlarged, or shrunk to a half at most. A thread goes down some rows: where its
// samples lie in each of them it finds out once, and it asks for a row's words before it looks at the first.
#include "surface/cuda/kernels/picture_samples_close.h"
#include "surface/cuda/kernels/picture_store.h"

namespace fluvial::cuda {

// Runs of a picture's rows, which are whole and lie well. All threads of a warp come here for one row.
template <typename Value, bool is_nhwc, typename Convert>
struct CloseTarget {
  const Input& input;
  Value* out;
  int x;
  Exchange& exchange;
  Convert convert;

  __device__ void store(int y, const Run& values) const {
    const unsigned first = y * input.width;
    if constexpr (is_nhwc)
      store_by_warp(input, out + first * most_channels, x, values, exchange, convert);
    else if (x < input.width)
      store_planes(first + x, values);
  }

 private:
  __device__ void store_planes(unsigned pixel, const Run& values) const {
    const unsigned plane = input.width * input.height;
    FLUVIAL_UNROLL_ALL
    for (int c = 0; c < most_channels; ++c) {
      Together<Value> together;
      FLUVIAL_UNROLL_ALL
      for (int i = 0; i < pixels_of_thread; ++i) together.value[i] = convert(values[c][i]);
      *reinterpret_cast<Together<Value>*>(out + (pixel + c * plane)) = together;
    }
  }
};

template <typename Target>
__device__ inline void write_picture_rows(const Picture& picture, const Target& target, int begin, int end) {
  const Input& input = target.input;
  const int column = target.x - picture.left;
  const auto first = static_cast<float>(column);
  const bool is_swapped = input.first_is_blue;
  const LumaAcross luma = luma_across(picture.across, first);
  const ChromaAcross chroma =
      chroma_across(picture.chroma_across, first, is_swapped ? blue_and_red_order : red_and_blue_order);
  const CloseColours colours = close_colours(picture, is_swapped);
  FLUVIAL_UNROLL_NOTHING
  for (int y = begin; y < end; ++y) {
    const CloseRow row = close_row(picture, static_cast<float>(y - picture.top), luma, chroma);
    Run values;
    mix_close_row(row, luma, chroma, colours, input, values);
    set_beside(input, picture, column, values);
    target.store(y, values);
  }
}

// Rows [begin, end), but those of the picture, [first, behind).
template <typename Target>
__device__ inline void write_border_rows(const Target& target, int begin, int end, int first, int behind) {
  Run values;
  set_border(target.input, values);
  FLUVIAL_UNROLL_NOTHING
  for (int y = begin == first ? behind : begin; y < end; y = y + 1 == first ? behind : y + 1) target.store(y, values);
}

template <typename Target>
__device__ inline void write_close_rows(const Picture& picture, const Target& target) {
  constexpr int pixels_of_warp = 32 * pixels_of_thread;
  const Input& input = target.input;
  const int begin = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y) * input.rows_of_thread;
  const int end = min(begin + input.rows_of_thread, input.height);
  const int column = static_cast<int>(blockIdx.x) * pixels_of_warp - picture.left;  // of the warp
  const bool is_beside = column >= picture.width || column + pixels_of_warp <= 0;
  const int first = is_beside ? end : min(max(static_cast<int>(picture.top), begin), end);
  const int behind = is_beside ? end : min(max(picture.top + picture.height, first), end);
  if (first < behind) write_picture_rows(picture, target, first, behind);
  write_border_rows(target, begin, end, first, behind);
}

__device__ inline void write_crop(const Picture& picture, const Input& input, Exchange& exchange) {
  const int x = static_cast<int>(blockIdx.x * 32 + threadIdx.x) * pixels_of_thread;
  with_type(input, [&](auto value, auto convert) {
    using Value = decltype(value);
    auto* out = static_cast<Value*>(picture.out);
    if (input.is_nhwc)
      write_close_rows(picture, CloseTarget<Value, true, decltype(convert)>{input, out, x, exchange, convert});
    else
      write_close_rows(picture, CloseTarget<Value, false, decltype(convert)>{input, out, x, exchange, convert});
  });
}

extern "C" __global__ void __launch_bounds__(32 * rows_of_crops, 6) crops_to_tensor(PictureBatch batch, Input input) {
  __shared__ Exchanges<rows_of_crops> exchanges;
  write_crop(batch.pictures[blockIdx.z], input, exchanges[threadIdx.y]);
}

#ifdef FLUVIAL_HAS_MANY_PICTURES
extern "C" __global__ void __launch_bounds__(32 * rows_of_crops, 6)
    crops_to_tensor_many(ManyPictures batch, Input input) {
  __shared__ Exchanges<rows_of_crops> exchanges;
  write_crop(batch.pictures[blockIdx.z], input, exchanges[threadIdx.y]);
}
#endif

}  // namespace fluvial::cuda
