#include "elements/draw/pixels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "algo/blend.h"

namespace fluvial {
namespace {

using Tap = cuda::PaintTap;
using cuda::paint_tap;

std::vector<Tap> taps_of(Range pixels, float origin, float cell, int count) {
  std::vector<Tap> taps;
  taps.reserve(static_cast<std::size_t>(std::max(0, pixels.end - pixels.begin)));
  for (int p = pixels.begin; p < pixels.end; ++p) taps.push_back(paint_tap(p, origin, cell, count));
  return taps;
}

std::uint8_t* pixel_at(const ImageView& image, int x, int y) {
  return image.plane[0] + static_cast<std::ptrdiff_t>(y) * image.stride[0] + static_cast<std::ptrdiff_t>(x) * 4;
}

void mix_rows(const float* upper, const float* lower, float share, std::vector<float>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = upper[i] + (lower[i] - upper[i]) * share;
}

void paint_circle_row(const ImageView& image, const Circle& c, int y, const Paint& disc, const Paint& ring) {
  const float reach = c.radius + c.width / 2 + 1;
  const float dy = static_cast<float>(y) + 0.5F - c.y;
  const float half = std::sqrt(std::max(0.0F, reach * reach - dy * dy));
  const Range xs = pixels_between(c.x - half, c.x + half, image.width);
  std::uint8_t* pixel = pixel_at(image, xs.begin, y);
  for (int x = xs.begin; x < xs.end; ++x, pixel += 4) {
    const float dx = static_cast<float>(x) + 0.5F - c.x;
    const float distance = std::sqrt(dx * dx + dy * dy);
    Blender(disc.bytes, disc.alpha * cuda::edge_coverage(c.radius - distance) / 256)(pixel);
    Blender(ring.bytes, ring.alpha * cuda::edge_coverage(c.width / 2 - std::abs(distance - c.radius)) / 256)(pixel);
  }
}

// The pixels of a row that a part may cover, if only softly.
Range reached_by(const cuda::Part& part, int y, Range xs) {
  const float middle = static_cast<float>(y) + 0.5F;
  auto from = static_cast<float>(xs.begin), to = static_cast<float>(xs.end);
  for (int e = 0; e < part.edge_count; ++e) {
    const auto& edge = part.edges[e];
    const float rest = edge.b * middle + edge.c + 0.5F;  // a x > -rest
    constexpr float flat = 1e-6F;
    if (edge.a > flat)
      from = std::max(from, -rest / edge.a - 1);
    else if (edge.a < -flat)
      to = std::min(to, rest / -edge.a + 1);
    else if (rest <= 0)
      return {xs.begin, xs.begin};
  }
  return {static_cast<int>(from), std::max(static_cast<int>(from), static_cast<int>(std::ceil(to)))};
}

Range reached_by(const cuda::Shape& shape, int y, Range xs) {
  Range all{xs.end, xs.begin};
  for (int p = 0; p < shape.part_count; ++p) {
    const Range one = reached_by(shape.parts[p], y, xs);
    if (one.end <= one.begin) continue;
    all = {std::min(all.begin, one.begin), std::max(all.end, std::min(one.end, xs.end))};
  }
  return all;
}

// One row of a mask, stretched to the width of the box. Neighbouring rows of the box share theirs.
class StretchedRow {
 public:
  StretchedRow(const NvOSD_MaskParams& mask, const std::vector<Tap>& taps)
      : mask_(&mask), taps_(&taps), values_(taps.size()) {}

  void move_to(int index) {
    if (index == index_) return;
    index_ = index;
    const float* row = mask_->data + static_cast<std::ptrdiff_t>(index) * mask_->width;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const Tap& tap = (*taps_)[i];
      values_[i] = row[tap.left] + (row[tap.right] - row[tap.left]) * tap.share;
    }
  }
  int index() const { return index_; }
  const std::vector<float>& values() const { return values_; }

 private:
  const NvOSD_MaskParams* mask_;
  const std::vector<Tap>* taps_;
  int index_ = -1;
  std::vector<float> values_;
};

// Every pixel is written, with itself where the mask is not: without a branch the compiler does several at a time.
void paint_mask_row(std::uint8_t* pixels, const std::vector<float>& upper, const std::vector<float>& lower, float share,
                    float threshold, const Blender& blender) {
  const Blender blend = blender;  // a copy whose numbers stay in registers
  for (std::size_t i = 0; i < upper.size(); ++i) {
    const std::uint32_t pixel = Blender::load(pixels + 4 * i);
    const bool is_inside = upper[i] + (lower[i] - upper[i]) * share > threshold;
    Blender::store(pixels + 4 * i, is_inside ? blend(pixel) : pixel);
  }
}

// Means of square cells: what is left of the picture under a blur.
struct Mosaic {
  int columns = 0;
  int rows = 0;
  std::vector<float> means;  // rows x columns x 3

  const float* row(int index) const { return means.data() + static_cast<std::ptrdiff_t>(index) * columns * 3; }
};

void add_row(const ImageView& image, Range xs, int y, int cell, float* sums) {
  const std::uint8_t* pixel = pixel_at(image, xs.begin, y);
  for (int x = 0; x < xs.end - xs.begin; ++x, pixel += 4)
    for (int c = 0; c < 3; ++c) sums[x / cell * 3 + c] += pixel[c];
}

Mosaic mosaic_of(const ImageView& image, Range xs, Range ys, int cell) {
  Mosaic mosaic;
  const int width = xs.end - xs.begin, height = ys.end - ys.begin;
  mosaic.columns = (width + cell - 1) / cell;
  mosaic.rows = (height + cell - 1) / cell;
  mosaic.means.resize(static_cast<std::size_t>(mosaic.columns) * mosaic.rows * 3);
  for (int y = 0; y < height; ++y)
    add_row(image, xs, ys.begin + y, cell,
            mosaic.means.data() + static_cast<std::ptrdiff_t>(y / cell) * mosaic.columns * 3);
  for (int r = 0; r < mosaic.rows; ++r)
    for (int c = 0; c < mosaic.columns; ++c) {
      const int area = std::min(cell, width - c * cell) * std::min(cell, height - r * cell);
      for (int i = 0; i < 3; ++i)
        mosaic.means[static_cast<std::size_t>((r * mosaic.columns + c) * 3 + i)] /= static_cast<float>(area);
    }
  return mosaic;
}

// The part of a row that lies inside the ellipse of the box.
Range inside_ellipse(const Box& box, int y, Range xs) {
  const float away = (static_cast<float>(y) + 0.5F - box.top) / box.height * 2 - 1;  // -1..1 from top to bottom
  const float half = std::sqrt(std::max(0.0F, 1 - away * away)) * box.width / 2;
  const float middle = box.left + box.width / 2;
  return {std::clamp(static_cast<int>(std::lround(middle - half)), xs.begin, xs.end),
          std::clamp(static_cast<int>(std::lround(middle + half)), xs.begin, xs.end)};
}

}  // namespace

Range pixels_between(float from, float to, int limit) {
  const auto bound = static_cast<float>(limit);
  return {static_cast<int>(std::lround(std::clamp(from, 0.0F, bound))),
          static_cast<int>(std::lround(std::clamp(to, 0.0F, bound)))};
}

bool is_sane(const Box& box) {
  constexpr float limit = 1e6F;
  return std::abs(box.left) < limit && std::abs(box.top) < limit && box.width >= 1 && box.width < limit &&
         box.height >= 1 && box.height < limit;
}

// Six cells along the longer side show no face, however large it is.
int blur_cell(int width, int height) { return std::max(8, (std::max(width, height) + 5) / 6); }

void paint_shape(const ImageView& image, const cuda::Shape& shape, const PixelBox& reach, const Paint& paint) {
  const Range xs{std::clamp(reach.left, 0, image.width), std::clamp(reach.right, 0, image.width)};
  const int bottom = std::clamp(reach.bottom, 0, image.height);
  for (int y = std::clamp(reach.top, 0, image.height); y < bottom; ++y) {
    const Range row = reached_by(shape, y, xs);
    for (int x = row.begin; x < row.end; ++x)
      if (const int covered = cuda::shape_coverage(shape, x, y))
        Blender(paint.bytes, paint.alpha * covered / 256)(pixel_at(image, x, y));
  }
}

void paint_box(const ImageView& image, const PixelBox& box, const Paint& paint) {
  const int left = std::clamp(box.left, 0, image.width), right = std::clamp(box.right, 0, image.width);
  const int top = std::clamp(box.top, 0, image.height), bottom = std::clamp(box.bottom, 0, image.height);
  const Blender blend(paint.bytes, paint.alpha);
  const std::uint32_t colour = blend(0U);  // when it is opaque
  for (int y = top; y < bottom; ++y) {
    std::uint8_t* row = pixel_at(image, left, y);
    if (paint.alpha == 256)
      for (int x = 0; x < right - left; ++x) Blender::store(row + 4 * x, colour);
    else
      for (int x = 0; x < right - left; ++x) blend(row + 4 * x);
  }
}

void paint_circle(const ImageView& image, const Circle& circle, const Paint& disc, const Paint& ring) {
  const float reach = circle.radius + circle.width / 2 + 1;
  const Range ys = pixels_between(circle.y - reach, circle.y + reach, image.height);
  for (int y = ys.begin; y < ys.end; ++y) paint_circle_row(image, circle, y, disc, ring);
}

bool is_picture(const NvOSD_MaskParams& mask) {
  const auto numbers = static_cast<std::uint64_t>(mask.width) * mask.height;
  return mask.data && numbers > 0 && mask.width <= INT16_MAX && mask.height <= INT16_MAX &&
         mask.size == numbers * sizeof(float);
}

void paint_mask(const ImageView& image, const NvOSD_MaskParams& mask, const Box& box, const Paint& paint) {
  if (!is_picture(mask) || !is_sane(box)) return;
  const Range xs = pixels_between(box.left, box.right(), image.width);
  const Range ys = pixels_between(box.top, box.bottom(), image.height);
  const int columns = static_cast<int>(mask.width), rows = static_cast<int>(mask.height);
  const auto taps = taps_of(xs, box.left, box.width / static_cast<float>(columns), columns);
  const Blender blend(paint.bytes, paint.alpha);
  StretchedRow upper(mask, taps), lower(mask, taps);
  for (int y = ys.begin; y < ys.end; ++y) {
    const Tap tap = paint_tap(y, box.top, box.height / static_cast<float>(rows), rows);
    if (lower.index() == tap.left) std::swap(upper, lower);
    upper.move_to(tap.left);
    lower.move_to(tap.right);
    paint_mask_row(pixel_at(image, xs.begin, y), upper.values(), lower.values(), tap.share, mask.threshold, blend);
  }
}

void blur(const ImageView& image, const Box& box, BlurShape shape) {
  if (!is_sane(box)) return;
  const Range xs = pixels_between(box.left, box.right(), image.width);
  const Range ys = pixels_between(box.top, box.bottom(), image.height);
  if (xs.end <= xs.begin || ys.end <= ys.begin) return;
  const int cell = blur_cell(xs.end - xs.begin, ys.end - ys.begin);
  const Mosaic mosaic = mosaic_of(image, xs, ys, cell);
  const auto size = static_cast<float>(cell);
  const auto taps = taps_of(xs, static_cast<float>(xs.begin), size, mosaic.columns);
  std::vector<float> row(static_cast<std::size_t>(mosaic.columns) * 3);
  for (int y = ys.begin; y < ys.end; ++y) {
    const Tap v = paint_tap(y, static_cast<float>(ys.begin), size, mosaic.rows);
    mix_rows(mosaic.row(v.left), mosaic.row(v.right), v.share, row);
    const Range inside = shape == BlurShape::ellipse ? inside_ellipse(box, y, xs) : xs;
    std::uint8_t* pixel = pixel_at(image, inside.begin, y);
    for (int x = inside.begin; x < inside.end; ++x, pixel += 4) {
      const Tap& h = taps[static_cast<std::size_t>(x - xs.begin)];
      const float* here = row.data() + static_cast<std::ptrdiff_t>(h.left) * 3;
      const float* next = row.data() + static_cast<std::ptrdiff_t>(h.right) * 3;
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(here[c] + (next[c] - here[c]) * h.share + 0.5F);
    }
  }
}

}  // namespace fluvial
