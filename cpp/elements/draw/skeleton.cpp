#include "elements/draw/skeleton.h"

#include <algorithm>
#include <cmath>

namespace fluvial {
namespace {

// Nose, then left and right by turns: eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
constexpr guint joints_of_body = 17;
struct Limb {
  guint from, to;
};
constexpr Limb limbs[] = {{0, 1}, {0, 2},  {1, 2},  {1, 3},  {2, 4},   {3, 5},   {4, 6},   {5, 6},   {5, 7},  {6, 8},
                          {7, 9}, {8, 10}, {5, 11}, {6, 12}, {11, 12}, {11, 13}, {12, 14}, {13, 15}, {14, 16}};

constexpr NvOSD_ColorParams left_colour = {0.2, 1, 0.4, 1};
constexpr NvOSD_ColorParams right_colour = {1, 0.6, 0.1, 1};
constexpr NvOSD_ColorParams middle_colour = {0.2, 0.8, 1, 1};

const NvOSD_ColorParams& colour_of(guint joint) {
  if (joint == 0) return middle_colour;
  return joint % 2 == 1 ? left_colour : right_colour;
}

const NvOSD_ColorParams& colour_of(const Limb& limb) {
  return limb.from % 2 == limb.to % 2 || limb.from == 0 ? colour_of(limb.to) : middle_colour;
}

constexpr float farthest = 30000;  // what a canvas may be asked for; NaN is nowhere

bool is_shown(const FluvialKeypoint& point, float least) {
  return point.confidence >= least && std::abs(point.x) < farthest && std::abs(point.y) < farthest;
}

// Shapes have unsigned places, which wrap for what is left of the frame or above it.
unsigned place(float x) { return static_cast<unsigned>(static_cast<int>(std::lround(x))); }

}  // namespace

void draw_keypoints(const FluvialKeypoints& keypoints, float least, float height, Canvas& canvas) {
  const auto thickness = static_cast<unsigned>(std::clamp(std::isfinite(height) ? height / 80 : 1.0F, 1.0F, 6.0F));
  const auto* points = keypoints.points;
  for (const auto& limb : limbs) {
    if (keypoints.count != joints_of_body) break;
    const auto &from = points[limb.from], &to = points[limb.to];
    if (is_shown(from, least) && is_shown(to, least))
      canvas.line({place(from.x), place(from.y), place(to.x), place(to.y), thickness, colour_of(limb)});
  }
  for (guint i = 0; i < keypoints.count; ++i) {
    if (!is_shown(points[i], least)) continue;
    const auto& colour = keypoints.count == joints_of_body ? colour_of(i) : middle_colour;
    canvas.circle({place(points[i].x), place(points[i].y), thickness + 1, colour, 1, colour, 1});
  }
}

}  // namespace fluvial
