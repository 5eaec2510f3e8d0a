// Lines, arrows and turned boxes as convex parts, for whoever paints them: the CPU, or a kernel.
#pragma once

#include <cmath>

#include "elements/draw/pixels.h"

namespace fluvial {

struct Point {
  double x = 0;
  double y = 0;
};

// What is painted in one colour, and the pixels that it may touch, in the picture or not.
struct Outline {
  cuda::Shape shape{};
  PixelBox box;
};

// A bar from one point to another, cut off square at both.
Outline bar(Point from, Point to, double width);

// Bar and heads as one, so that a see-through colour does not add up. Heads are triangles whose tips are the ends.
struct ArrowForm {
  double width = 0, head = 0;  // pixels
  bool has_start = false, has_end = false;
};
Outline arrow_outline(Point from, Point to, const ArrowForm& form);

// A box turned about its middle by an angle in radians: all of it, or its border, which lies inside.
Outline turned_box(const PixelBox& box, double angle);
Outline turned_border(const PixelBox& box, double angle, double width);

}  // namespace fluvial
