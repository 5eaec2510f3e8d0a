// Inputs beside the picture that are given the same numbers for every picture: sizes and scales, of models that bring
// boxes back to the original picture themselves. They are told that this is the network's input, so that their boxes
// come in its pixels like everybody's.
#pragma once

#include <cstddef>
#include <string>

#include "types/model.h"

namespace fluvial {

// The numbers as evidence has them, "width, height": empty where the input is none of these.
std::string known_as(const TensorInfo& input);

// Whether it says of each pixel, 1 or 0, that it belongs to the picture: [N, H, W], not always of the picture's size.
bool is_pixel_mask(const TensorInfo& input);
// Its shape, where it leaves height and width open.
Shape closed_mask(Shape shape, Size network_input);

// For such an input.
FixedInput fixed_input(const TensorInfo& input, Size network_input);

// Writes the numbers for each of `units` pictures. `out` is f32, i32 or i64, [units, numbers times `times`].
void write_fixed(const FixedInput& input, std::size_t units, const TensorView& out);

}  // namespace fluvial
