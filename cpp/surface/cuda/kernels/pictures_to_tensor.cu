// Pictures of any sizes become a batch of network inputs: one thread a few pixels of a row, one plane of blocks a
// picture.
//
// The arithmetic is that of algo/preprocess.h: bilinear, luma and chroma each on their own grid, colours clamped to
// 0..255, y = x * gain + bias. It is bound by the memory that it reads and writes, if all samples of a thread are asked
// for before the first is looked at: so no pixel is branched on, those beside the picture read its edge, and arrays are
// indexed by constants.
#include "surface/cuda/kernels/picture_samples.h"
#include "surface/cuda/kernels/picture_store.h"

namespace fluvial::cuda {

// What the pixels from this column of the picture on become.
__device__ inline void set_pixels(const Input& input, const Colours (&colours)[pixels_of_thread], Run& values) {
  const bool is_swapped = input.first_is_blue && input.channels == 3;
  FLUVIAL_UNROLL_ALL
  for (int i = 0; i < pixels_of_thread; ++i) {
    const float first = is_swapped ? colours[i].blue : colours[i].red;
    const float last = is_swapped ? colours[i].red : colours[i].blue;
    const float level[most_channels] = {first, colours[i].green, last};
    FLUVIAL_UNROLL_ALL
    for (int c = 0; c < most_channels; ++c) values[c][i] = level[c] * input.gain[c] + input.bias[c];
  }
}

// One run of pixels of a picture. All threads of a warp come here for one row.
__device__ inline void write_run(const Picture& picture, const Input& input, int x, int y, Exchange& exchange) {
  const int row = y - picture.top, column = x - picture.left;
  Run values;
  const bool is_beside = column >= picture.width || column + pixels_of_thread <= 0;
  if (static_cast<unsigned>(row) < static_cast<unsigned>(is_beside ? 0 : picture.height)) {
    Colours colours[pixels_of_thread];
    const SourceRow source{picture, static_cast<float>(row), static_cast<float>(column)};
    read_row(source, input.channels == 1, colours);
    set_pixels(input, colours, values);
    set_beside(input, picture, column, values);
  } else {
    set_border(input, values);
  }
  store_row(picture, input, x, y, values, exchange);
}

__device__ inline void write_row(const Picture& picture, const Input& input, Exchange& exchange) {
  const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * pixels_of_thread;
  const int y = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
  if (y < input.height) write_run(picture, input, x, y, exchange);  // a whole warp: its threads are those of a row
}

extern "C" __global__ void __launch_bounds__(32 * rows_of_pictures, 5)
    pictures_to_tensor(PictureBatch batch, Input input) {
  __shared__ Exchanges<rows_of_pictures> exchanges;
  write_row(batch.pictures[blockIdx.z], input, exchanges[threadIdx.y]);
}

#ifdef FLUVIAL_HAS_MANY_PICTURES
extern "C" __global__ void __launch_bounds__(32 * rows_of_pictures, 5)
    pictures_to_tensor_many(ManyPictures batch, Input input) {
  __shared__ Exchanges<rows_of_pictures> exchanges;
  write_row(batch.pictures[blockIdx.z], input, exchanges[threadIdx.y]);
}
#endif

}  // namespace fluvial::cuda
