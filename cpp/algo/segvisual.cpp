#include "algo/segvisual.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>

#include "algo/blend.h"
#include "algo/simd.h"

namespace fluvial {
namespace {

constexpr int kColours = 19;
constexpr Rgb kUnsure = {128, 128, 128};
constexpr Rgb kPalette[kColours] = {{0, 128, 128}, {128, 0, 0},    {128, 0, 128},   {128, 128, 0}, {0, 128, 0},
                                    {0, 0, 64},    {0, 0, 192},    {0, 128, 64},    {0, 128, 192}, {128, 0, 64},
                                    {128, 0, 192}, {128, 128, 64}, {128, 128, 192}, {0, 64, 0},    {0, 64, 128},
                                    {0, 192, 0},   {0, 192, 128},  {128, 64, 0},    {192, 192, 0}};

// Places in the table of blenders, after those of the colours.
constexpr int kUnsureSlot = kColours, kBackgroundSlot = kColours + 1;
using Blenders = std::array<Blender, kColours + 2>;

Blenders blenders_of(const MapPaint& how) {
  const int alpha = how.keeps_picture ? static_cast<int>(std::lround(std::clamp(how.alpha, 0.0F, 1.0F) * 256)) : 256;
  Blenders all;
  for (std::size_t i = 0; i < kColours; ++i) all[i] = Blender(kPalette[i], alpha);
  all[kUnsureSlot] = Blender(kUnsure, alpha);
  if (!how.keeps_picture) all[kBackgroundSlot] = Blender(colour_of_class(how.background), alpha);
  return all;
}

// No branch, so that the compiler does several pixels at a time.
FLUVIAL_SIMD
void paint_row(const int* classes, int count, int background, const Blender* blenders, std::uint8_t* pixels) {
  for (int i = 0; i < count; ++i) {
    const int id = classes[i];
    const int colour = id < 0 ? kUnsureSlot : id % kColours;
    const Blender& blend = blenders[id == background ? kBackgroundSlot : colour];
    Blender::store(pixels + 4 * std::ptrdiff_t{i}, blend(Blender::load(pixels + 4 * std::ptrdiff_t{i})));
  }
}

// Under the middle of each of `count` places that `cells` are stretched over.
int cell_at(int place, int count, int cells) {
  return static_cast<int>((2 * std::int64_t{place} + 1) * cells / (2 * std::int64_t{count}));
}

}  // namespace

Rgb colour_of_class(int class_id) { return class_id < 0 ? kUnsure : kPalette[class_id % kColours]; }

const int* MapPainter::stretched(const int* row) {
  if (columns_.empty()) return row;
  for (std::size_t x = 0; x < row_.size(); ++x) row_[x] = row[columns_[x]];
  return row_.data();
}

void MapPainter::paint(const ImageView& picture, const ClassMap& map, const MapPaint& how) {
  if (picture.format != PixelFormat::rgba) throw std::invalid_argument("maps of classes are painted on RGBA alone");
  if (!map.classes || map.size.width <= 0 || map.size.height <= 0) return;
  columns_.clear();
  if (map.size.width != picture.width) {
    row_.resize(static_cast<std::size_t>(picture.width));
    for (int x = 0; x < picture.width; ++x) columns_.push_back(cell_at(x, picture.width, map.size.width));
  }
  const Blenders blenders = blenders_of(how);
  int last = -1;
  const int* classes = nullptr;
  for (int y = 0; y < picture.height; ++y) {
    const int row = cell_at(y, picture.height, map.size.height);
    if (row != last) classes = stretched(map.classes + std::ptrdiff_t{row} * map.size.width);
    last = row;
    paint_row(classes, picture.width, how.background, blenders.data(),
              picture.plane[0] + std::ptrdiff_t{y} * picture.stride[0]);
  }
}

}  // namespace fluvial
