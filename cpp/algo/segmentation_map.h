// Maps of classes: what lies over a network's input comes to lie over the picture alone.
#pragma once

#include <vector>

#include "types/detection.h"
#include "types/geometry.h"

namespace fluvial {

// Leaves the part that shows `picture`, a box of the network's input; the map may be smaller than the input. Without a
// border nothing changes. At least one row and column stay of a map that has some.
void cut_to_picture(Segmentation& map, Size network_input, const Box& picture);

// Gives each class the number that `shown` has in its place, of `class_count`: several may become one, whose
// probabilities add up. Classes beyond the list, and those with a negative number, become -1.
void rename_classes(Segmentation& map, const std::vector<int>& shown, int class_count);

}  // namespace fluvial
