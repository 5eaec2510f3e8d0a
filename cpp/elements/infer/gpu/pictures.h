// A network's input, and a picture on it, as the kernel pictures_to_tensor is told of them.
#pragma once

#include "algo/letterbox.h"
#include "surface/cuda/kernels/parameters.h"
#include "types/image.h"
#include "types/model.h"

namespace fluvial::cuda {

Input input_of(const InputSpec& spec);

// Without its planes and the place to write it to; an empty letterbox gives border alone. Throws std::invalid_argument
// for a picture without pixels.
Picture picture_of(PixelFormat format, Size size, const Letterbox& box);
// Where the pixels lie, and what colours they are.
void place_planes(const ImageView& view, Picture& picture);
// Whether crops_to_tensor can read it, and write it where it goes.
bool is_close(const Picture& picture, const Input& input);

}  // namespace fluvial::cuda
