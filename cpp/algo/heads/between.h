// Reading between the cells of a grid. For heads/*.cpp only.
#pragma once

#include <algorithm>

namespace fluvial::heads {

// The cell before a place, the one after, and how far it is from the first. Cells stand at whole numbers; what lies
// beyond the first or the last is that.
struct Between {
  int low, high;
  float share;
};

inline Between between(float place, int count) {
  const float inside = std::clamp(place, 0.0F, static_cast<float>(count - 1));
  const int low = static_cast<int>(inside);
  return {low, std::min(low + 1, count - 1), inside - static_cast<float>(low)};
}

inline float mix(float a, float b, float share) { return a + (b - a) * share; }

}  // namespace fluvial::heads
