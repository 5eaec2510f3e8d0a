// Plain values of the plane. Pixels, origin top left, y downwards.
#pragma once

namespace fluvial {

struct Size {
  int width = 0;
  int height = 0;
};

inline bool operator==(Size a, Size b) { return a.width == b.width && a.height == b.height; }
inline bool operator!=(Size a, Size b) { return !(a == b); }

struct Box {
  float left = 0;
  float top = 0;
  float width = 0;
  float height = 0;

  float right() const { return left + width; }
  float bottom() const { return top + height; }
  float area() const { return width > 0 && height > 0 ? width * height : 0.0F; }
};

// Intersection over union, 0..1; boxes without area overlap nothing.
inline float iou(const Box& a, const Box& b) {
  const float w = (a.right() < b.right() ? a.right() : b.right()) - (a.left > b.left ? a.left : b.left);
  const float h = (a.bottom() < b.bottom() ? a.bottom() : b.bottom()) - (a.top > b.top ? a.top : b.top);
  if (w <= 0 || h <= 0) return 0;
  const float both = w * h;
  return both / (a.area() + b.area() - both);
}

}  // namespace fluvial
