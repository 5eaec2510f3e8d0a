// Where a frame, or a crop of it, lies on a network's input, and the way back.
//
// The picture is stretched over the whole input, or keeps its shape and leaves a border: right and below (top left), or
// all around (centred). The scale of each axis is taken from the whole pixels that the picture really covers, so that
// boxes come back without the drift of half a pixel that one common scale gives.
#pragma once

#include "types/detection.h"
#include "types/geometry.h"
#include "types/model.h"

namespace fluvial {

struct Letterbox {
  Box crop;  // what is shown, in pixels of the frame, clamped to it; without area if nothing of it is in the frame
  // The pixels of the input that it covers.
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  bool is_empty() const { return width <= 0 || height <= 0; }
};

// The part of `box` inside of `bounds`; numbers that are none become the bounds' least.
Box clamp_to(const Box& box, const Box& bounds);
Box clamp_to(const Box& box, Size size);  // of [0, width) x [0, height)

Letterbox make_letterbox(const InputSpec& input, const Box& crop, Size frame);

// The pixels of the input that show the picture: what lies beside them is border.
Box picture_of(const Letterbox& letterbox);

// A box in pixels of the input becomes one in pixels of the frame, clamped to the frame.
Box to_frame(const Letterbox& letterbox, const Box& on_input, Size frame);

// A point likewise, not clamped: joints may lie outside of the picture.
Keypoint to_frame(const Letterbox& letterbox, const Keypoint& on_input);

// The other way, not clamped.
Box to_input(const Letterbox& letterbox, const Box& on_frame);

}  // namespace fluvial
