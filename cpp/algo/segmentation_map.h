// Maps of classes: what lies over a network's input comes to lie over the picture alone.
#pragma once

#include "types/detection.h"
#include "types/geometry.h"

namespace fluvial {

// Leaves the part that shows `picture`, a box of the network's input; the map may be smaller than the input. Without a
// border nothing changes. At least one row and column stay of a map that has some.
void cut_to_picture(Segmentation& map, Size network_input, const Box& picture);

}  // namespace fluvial
