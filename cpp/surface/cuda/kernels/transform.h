// What host and the kernels of transform_pixels.cu tell each other. No includes: NVRTC has none.
#pragma once

#include "surface/cuda/kernels/on_both.h"

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
  int across, down;  // bytes
  Samples columns, rows;
};

// All that pictures have in common which become others in one launch.
struct Move {
  enum Format { nv12, i420, rgba, bgrx, rgb, gray8 };
  int from_format, to_format;
  int is_black;         // nothing is read
  int width, height;    // of the target's rectangle
  SourcePlane from[3];  // NV12: luma, chroma; I420: one each; else one
  int stride[3];        // of the target, bytes
  int rounds_mean;
  int keeps_chroma;  // YUV of one kind to YUV of the same
  int keeps_grey;    // luma to grey, or back, of one range
  // Everything from here on is of levels of which 1 is 255. From YUV: what luma is multiplied with, what is added.
  float luma, black, red_v, green_u, green_v, blue_u;
  float grey_gain, grey_bias;          // between luma and grey
  float to_luma[4], to_u[4], to_v[4];  // of red, green, blue; and what is added. Chroma: of the sums of four pixels
};

// Where the pixels of one of them lie.
struct MovePlaces {
  const unsigned char* from[3];
  unsigned char* to[3];
};

// What one launch does: all of it is in the launch itself, of which 4096 bytes are the most.
struct MoveBatch {
  static constexpr int most = 64;
  Move move;
  MovePlaces places[most];
};
static_assert(sizeof(MoveBatch) <= 4096);

// How a source is sampled, and into what.
struct Sampling {
  enum Kind {
    same,     // each pixel from its own
    lined,    // so too, into pixels of three bytes
    blended,  // from two samples in each direction, enlarged or shrunk by two at most
    mixed,    // from one sample in a direction, or two
    any,      // all others too
  };
};

// Pixels that one thread makes at once, and how often it does.
constexpr int cell_width = 4, cell_height = 2;
FLUVIAL_ON_BOTH constexpr int cells_of(int sampling) {
  return sampling == Sampling::same || sampling == Sampling::lined ? 2 : sampling == Sampling::blended ? 4 : 1;
}

// How many columns before a picture's first one its threads begin: so that what they write begins at a multiple of what
// they write at once, and pairs of columns stay together. The first of a row of threads may find nothing to do.
FLUVIAL_ON_BOTH int lead_of(const Move& move, const MovePlaces& places) {
  const auto at = reinterpret_cast<unsigned long long>(places.to[0]);
  const bool has_words = move.to_format == Move::rgba || move.to_format == Move::bgrx;
  if (move.to_format == Move::rgb) return 0;
  return static_cast<int>(has_words ? at >> 2 & 2 : at & 2);
}

// --- planes ----------------------------------------------------------------------------------------------------------

// A format that stays as it is: each plane is moved for itself, by a kernel of transform_planes.cu.
struct PlaneMove {
  enum Kind {
    copied,    // each sample from its own
    picked,    // from one sample, wherever that lies
    enlarged,  // from two samples in each direction, which lie as the target's do and are no more than those
    blended,   // so too, from more of them
    averaged,  // from all that lie in a sample of the target; pairs of bytes are blended, however far apart
    turned,    // as copied, from rows that lie down
  };
};

// What one thread makes at once.
struct PlanePart {
  int bytes, rows;
};
constexpr int rows_of_threads = 8;  // of a block, each of which has a row at once
FLUVIAL_ON_BOTH constexpr PlanePart plane_part(int kind) {
  constexpr PlanePart parts[] = {{16, 4}, {4, 4}, {8, 12}, {8, 8}, {4, 8}, {4, 8}};
  return parts[kind];
}

FLUVIAL_ON_BOTH constexpr int planes_of(int format) { return format == Move::nv12 ? 2 : format == Move::i420 ? 3 : 1; }
FLUVIAL_ON_BOTH constexpr int bytes_of_sample(int format, int plane) {
  return format == Move::rgba || format == Move::bgrx ? 4
         : format == Move::rgb                        ? 3
         : format == Move::nv12 && plane == 1         ? 2
                                                      : 1;
}
// Of the target's planes; NV12's and I420's have half of the rows and pairs of columns.
FLUVIAL_ON_BOTH int plane_bytes(const Move& move, int p) {
  return (p > 0 ? (move.width + 1) / 2 : move.width) * bytes_of_sample(move.to_format, p);
}
FLUVIAL_ON_BOTH int plane_rows(const Move& move, int p) { return p > 0 ? (move.height + 1) / 2 : move.height; }

// How many bytes before a row of the target its threads begin, so that they write words. Samples stay whole.
FLUVIAL_ON_BOTH int lead_of_plane(const Move& move, const MovePlaces& places, int p, int kind) {
  const int size = kind == PlaneMove::copied ? 1 : bytes_of_sample(move.to_format, p);
  return static_cast<int>(reinterpret_cast<unsigned long long>(places.to[p])) & (plane_part(kind).bytes - size);
}

#define FLUVIAL_PLANE_MOVES(DO) DO(copied) DO(picked) DO(enlarged) DO(blended) DO(averaged) DO(turned)

// --- pixels ----------------------------------------------------------------------------------------------------------

// Every way of reading has a kernel: how the source lies, and how it is sampled.
// clang-format off
#define FLUVIAL_TRANSFORMS(DO)                                                                          \
  DO(nv12, lined) DO(nv12, blended)                                                                     \
  DO(nv12, same) DO(i420, same) DO(rgba, same)                                                          \
  DO(nv12, mixed) DO(i420, mixed) DO(rgba, mixed) DO(rgb, mixed) DO(gray8, mixed)                       \
  DO(nv12, any) DO(i420, any) DO(rgba, any) DO(rgb, any) DO(gray8, any)
// clang-format on

}  // namespace fluvial::cuda
