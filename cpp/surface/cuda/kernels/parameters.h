// What host and kernels tell each other. No includes: NVRTC has none.
#pragma once

namespace fluvial::cuda {

// One direction of a picture: output sample i comes from source place start + i * step, kept inside [first, last].
struct Direction {
  float start, step;
  float first, last;
};

// A picture on the device, and where it lies on the network's input.
struct Picture {
  // How its samples are read: luma and pairs of chroma; luma and chroma in planes; words of four bytes; bytes; grey.
  enum Format { pairs, planes, words, bytes, grey };
  void* out;  // its place in the batch
  const unsigned char* plane[3];
  int stride[3];  // bytes
  int format;
  int step;                              // bytes from one sample of chroma, or one pixel of bytes, to the next
  int is_bgr;                            // of words and bytes
  Direction across, down;                // of luma, or of pixels
  Direction chroma_across, chroma_down;  // of YUV
  short left, top, width, height;        // on the input; beside it is border
  float grey_gain, grey_bias;            // of levels of luma
  // Colours, as shares of 255, to which an instruction clamps them; of levels as they are mixed.
  float luma, red_v, green_u, green_v, blue_u, red_bias, green_bias, blue_bias;
};

// As dot products of pairs give levels: floats that begin at a number and have so much for one level.
constexpr float dots_begin = 8388608.0f;  // 2^23, see bytes.h
constexpr float dots_of_level = 32768.0f;

// Of a row of the input, that one thread writes; rows of a block's threads.
constexpr int pixels_of_thread = 4;
constexpr int rows_of_pictures = 8, rows_of_crops = 4;

// What all pictures of a batch become.
struct Input {
  enum Type { f32, f16, u8, i32 };
  int width, height, channels;
  int type;
  int is_nhwc;
  int first_is_blue;
  int rows_of_thread;                 // of crops_to_tensor
  float gain[3], bias[3], border[3];  // by channel of the tensor; gain of a share of 255
};

// What one launch makes inputs of: all of it is in the launch, of which 4096 bytes are the most, or 32764 where driver,
// NVRTC and GPU know larger ones.
template <int count>
struct Pictures {
  static constexpr int most = count;
  Picture pictures[most];
};
using PictureBatch = Pictures<24>;
using ManyPictures = Pictures<192>;
// FLUVIAL_MANY_PICTURES is given where the driver knows such launches; NVRTC knows them since 12.1.
#if !defined(__CUDACC__) || (defined(FLUVIAL_MANY_PICTURES) && __CUDA_ARCH__ >= 700 && \
                             __CUDACC_VER_MAJOR__ * 100 + __CUDACC_VER_MINOR__ >= 1201)
#define FLUVIAL_HAS_MANY_PICTURES
#endif
static_assert(sizeof(PictureBatch) + sizeof(Input) <= 4096);
static_assert(sizeof(ManyPictures) + sizeof(Input) <= 32764);

}  // namespace fluvial::cuda
