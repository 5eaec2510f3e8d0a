// The rule of OpenCV's groupRectangles: boxes that nearly coincide are one, if there are enough of them.
#pragma once

#include <vector>

#include "types/detection.h"

namespace fluvial {

// Of one class. Boxes are alike when each of their edges differs by at most eps times half the sum of the smaller width
// and the smaller height; alike boxes of alike boxes are one group. A group of more than `least` boxes becomes their
// mean, in whole pixels, unless it lies within a group that is surer of itself: one with more boxes, and more than
// three, or any where it has less than three itself. Confidence is -0.1, as DeepStream writes it: how sure a group is,
// nobody says. A `least` of 0 or less leaves all as it is.
void group_rectangles(std::vector<Detection>& found, int least, float eps);

}  // namespace fluvial
