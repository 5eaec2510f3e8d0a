// What host and the kernel transform_pixels tell each other. No includes: NVRTC has none.
#pragma once

namespace fluvial::cuda {

// Where the samples of one direction of a plane come from. Places are of 65536 parts of a sample.
struct Samples {
  enum Kind {
    nearest,         // the one that start + i * step lies in
    linear,          // between the two around start + i * step
    mean,            // all from i * step to (i + 1) * step
    three_of_four,   // as libyuv makes three of four; with a step of 1 it takes one of them
    three_of_eight,  // and of eight
  };
  int kind;
  int start, step;
  int last;  // sample
  int edge;  // from this one on the last is taken: where an odd count is twice another
};

// A plane as it is read: turned planes have steps that go back, or down for across.
struct SourcePlane {
  const unsigned char* first;
  int across, down;  // bytes
  Samples columns, rows;
};

// A rectangle of one picture becomes one of another: one thread for 2 x 2 pixels of the target.
struct Move {
  enum Format { nv12, i420, rgba, bgrx, rgb, gray8 };
  int from_format, to_format;
  int is_black;         // nothing is read
  int width, height;    // of the target's rectangle
  SourcePlane from[3];  // NV12: luma, chroma; I420: one each; else one
  unsigned char* to[3];
  int stride[3];  // bytes
  int rounds_mean;
  int keeps_chroma;  // YUV of one kind to YUV of the same
  // YUV to red, green, blue; 0..255 each.
  float luma, red_v, green_u, green_v, blue_u;
  float from_black, to_black;  // luma of black
  float grey_gain;             // of luma between the two ranges, or to and from grey
  // Red, green, blue to YUV, or to grey.
  float red_share, green_share, blue_share;  // of luma
  float luma_gain, u_gain, v_gain;           // of luma, of blue less luma, of red less luma
};

}  // namespace fluvial::cuda
