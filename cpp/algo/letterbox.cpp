#include "algo/letterbox.h"

#include <algorithm>
#include <cmath>

namespace fluvial {
namespace {

// Written so that NaN, which compares false, becomes the lower bound.
float clamped(float value, float low, float high) {
  if (!(value > low)) return low;
  return value < high ? value : high;
}

int covered(float length, double scale, int available) {
  return std::clamp(static_cast<int>(std::lround(length * scale)), 1, available);
}

}  // namespace

Box clamp_to(const Box& box, const Box& bounds) {
  const float left = clamped(box.left, bounds.left, bounds.right());
  const float top = clamped(box.top, bounds.top, bounds.bottom());
  const float right = clamped(box.right(), left, bounds.right());
  const float bottom = clamped(box.bottom(), top, bounds.bottom());
  return {left, top, right - left, bottom - top};
}

Box clamp_to(const Box& box, Size size) {
  return clamp_to(box, {0, 0, static_cast<float>(size.width), static_cast<float>(size.height)});
}

Letterbox make_letterbox(const InputSpec& input, const Box& crop, Size frame) {
  Letterbox box;
  box.crop = clamp_to(crop, frame);
  if (box.crop.area() <= 0 || input.size.width <= 0 || input.size.height <= 0) return box;
  box.width = input.size.width;
  box.height = input.size.height;
  if (!input.keeps_aspect) return box;

  const double scale = std::min(input.size.width / static_cast<double>(box.crop.width),
                                input.size.height / static_cast<double>(box.crop.height));
  box.width = covered(box.crop.width, scale, input.size.width);
  box.height = covered(box.crop.height, scale, input.size.height);
  if (input.is_padding_centred) {
    box.left = (input.size.width - box.width) / 2;
    box.top = (input.size.height - box.height) / 2;
  }
  return box;
}

Box picture_of(const Letterbox& letterbox) {
  return {static_cast<float>(letterbox.left), static_cast<float>(letterbox.top), static_cast<float>(letterbox.width),
          static_cast<float>(letterbox.height)};
}

Box to_frame(const Letterbox& letterbox, const Box& on_input, Size frame) {
  if (letterbox.is_empty()) return {};
  const float scale_x = letterbox.crop.width / static_cast<float>(letterbox.width);
  const float scale_y = letterbox.crop.height / static_cast<float>(letterbox.height);
  const Box box{letterbox.crop.left + (on_input.left - static_cast<float>(letterbox.left)) * scale_x,
                letterbox.crop.top + (on_input.top - static_cast<float>(letterbox.top)) * scale_y,
                on_input.width * scale_x, on_input.height * scale_y};
  return clamp_to(box, frame);
}

Keypoint to_frame(const Letterbox& letterbox, const Keypoint& on_input) {
  if (letterbox.is_empty()) return {};
  const float scale_x = letterbox.crop.width / static_cast<float>(letterbox.width);
  const float scale_y = letterbox.crop.height / static_cast<float>(letterbox.height);
  return {letterbox.crop.left + (on_input.x - static_cast<float>(letterbox.left)) * scale_x,
          letterbox.crop.top + (on_input.y - static_cast<float>(letterbox.top)) * scale_y, on_input.confidence};
}

Box to_input(const Letterbox& letterbox, const Box& on_frame) {
  if (letterbox.is_empty()) return {};
  const float scale_x = static_cast<float>(letterbox.width) / letterbox.crop.width;
  const float scale_y = static_cast<float>(letterbox.height) / letterbox.crop.height;
  return {static_cast<float>(letterbox.left) + (on_frame.left - letterbox.crop.left) * scale_x,
          static_cast<float>(letterbox.top) + (on_frame.top - letterbox.crop.top) * scale_y, on_frame.width * scale_x,
          on_frame.height * scale_y};
}

}  // namespace fluvial
