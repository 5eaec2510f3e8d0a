// What is painted on a picture of four bytes a pixel, as host and kernel paint it: both compile this file, so that a
// frame on a GPU gets the pixels that one in system memory gets. No includes: NVRTC has none; the host needs <cmath>.
#pragma once

#include "surface/cuda/kernels/on_both.h"

namespace fluvial::cuda {

// Where a x + b y + c > 0; (a, b) is one pixel long.
struct Edge {
  float a, b, c;
};

// Convex, the inside of its edges.
struct Part {
  Edge edges[4];
  int edge_count;
  int sign;  // 1, or -1: taken out of the others
};

struct Shape {
  Part parts[3];
  int part_count;
};

FLUVIAL_ON_BOTH float clamped(float x, float low, float high) { return fminf(fmaxf(x, low), high); }

// How much of a pixel is inside, 0..256: of one edge from the distance of the pixel's middle; what lies outside of
// several edges is taken off for each.
FLUVIAL_ON_BOTH int shape_coverage(const Shape& shape, int column, int row) {
  const float x = static_cast<float>(column) + 0.5f, y = static_cast<float>(row) + 0.5f;
  float sum = 0;
  for (int p = 0; p < shape.part_count; ++p) {
    const Part& part = shape.parts[p];
    float covered = 1;
    for (int e = 0; e < part.edge_count; ++e) {
      const Edge& edge = part.edges[e];
      covered -= 1 - clamped(edge.a * x + edge.b * y + edge.c + 0.5f, 0.0f, 1.0f);
    }
    sum += fmaxf(covered, 0.0f) * static_cast<float>(part.sign);
  }
  return static_cast<int>(clamped(sum, 0.0f, 1.0f) * 256);
}

// The same of an edge whose distance is known.
FLUVIAL_ON_BOTH int edge_coverage(float inside) { return static_cast<int>(clamped(inside + 0.5f, 0.0f, 1.0f) * 256); }

// Where a pixel lies between two samples of a coarser (or finer) row.
struct PaintTap {
  int left, right;
  float share;  // of the right one
};

// Samples stand in the middle of their cells, the first one `cell / 2` behind `origin`.
FLUVIAL_ON_BOTH PaintTap paint_tap(int pixel, float origin, float cell, int count) {
  const float place =
      clamped((static_cast<float>(pixel) + 0.5f - origin) / cell - 0.5f, 0.0f, static_cast<float>(count - 1));
  const int left = static_cast<int>(place);
  return {left, left + 1 < count ? left + 1 : count - 1, place - static_cast<float>(left)};
}

// One thing that is painted, on the pixels [left, right) x [top, bottom), all of them in the picture. Colours have the
// picture's own order of bytes, the first in the lowest.
struct Primitive {
  enum Kind { box, circle, shape, text, mask, blurred_box, blurred_ellipse };
  int kind;
  int left, top, right, bottom;
  unsigned colour;       // text: times its alpha
  int alpha;             // 0..256; text: 0..255
  unsigned ring_colour;  // of a circle
  int ring_alpha;
  float x, y;           // circle: its middle; mask and blurs: left and top of the box
  float width, height;  // circle: radius and the ring's width; mask: of a cell; blurs: of the box
  int columns, rows;    // mask and blurs: cells; text: bytes of a row
  int cell;             // blurs: pixels
  float threshold;      // of a mask
  // Shape; or the mask's numbers; or the text's bytes, one a pixel from (left, top) less (columns_cut, rows_cut); or
  // three means of each cell.
  const void* data;
  int columns_cut, rows_cut;  // text: what of it lies left of the picture and above it
};

// The pixels of one picture.
struct PaintedPicture {
  unsigned char* pixels;
  int stride;  // bytes
  int width, height;
};

constexpr int means_of_block = 4;  // of blur_means: each by a warp

// 32 x 32 pixels, and the primitives that touch them: `count` of the list from `first` on. The first of them is here
// too, so that nobody waits for the list to find it.
struct PaintedTile {
  int picture;
  int column, row;  // of tiles
  int first, count;
  int primitive;
};

}  // namespace fluvial::cuda
