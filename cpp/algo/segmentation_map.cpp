#include "algo/segmentation_map.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace fluvial {
namespace {

struct Range {
  int begin = 0, end = 0;
};

// Pixels of the map that lie, for the most part, in [from, to) of the input.
Range range_of(float from, float to, int input, int map) {
  const auto place = [&](float x) {
    return static_cast<int>(std::lround(static_cast<double>(x) * map / std::max(input, 1)));
  };
  const int begin = std::clamp(place(from), 0, std::max(map - 1, 0));
  return {begin, std::clamp(place(to), std::min(begin + 1, map), map)};
}

// In place: what is read always lies at or behind what is written.
template <typename T>
T* cut_plane(const T* from, int stride, Range columns, Range rows, T* to) {
  for (int y = rows.begin; y < rows.end; ++y)
    to = std::copy(from + std::ptrdiff_t{y} * stride + columns.begin, from + std::ptrdiff_t{y} * stride + columns.end,
                   to);
  return to;
}

template <typename T>
void cut(std::vector<T>& values, Size size, Range columns, Range rows) {
  const auto plane = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  T* to = values.data();
  for (std::size_t begin = 0; begin + plane <= values.size() && plane > 0; begin += plane)
    to = cut_plane(values.data() + begin, size.width, columns, rows, to);
  values.resize(static_cast<std::size_t>(to - values.data()));
}

}  // namespace

void cut_to_picture(Segmentation& map, Size network_input, const Box& picture) {
  const Range columns = range_of(picture.left, picture.right(), network_input.width, map.size.width);
  const Range rows = range_of(picture.top, picture.bottom(), network_input.height, map.size.height);
  const Size left{columns.end - columns.begin, rows.end - rows.begin};
  if (left == map.size) return;
  cut(map.classes, map.size, columns, rows);
  cut(map.probabilities, map.size, columns, rows);
  map.size = left;
}

void rename_classes(Segmentation& map, const std::vector<int>& shown, int class_count) {
  const auto name_of = [&](std::size_t id) { return id < shown.size() && shown[id] < class_count ? shown[id] : -1; };
  for (int& id : map.classes) id = id < 0 ? -1 : name_of(static_cast<std::size_t>(id));
  const std::size_t pixels = map.classes.size();
  if (!map.probabilities.empty() && pixels > 0) {
    std::vector<float> sums(static_cast<std::size_t>(class_count) * pixels);
    for (std::size_t id = 0; (id + 1) * pixels <= map.probabilities.size(); ++id) {
      const float* plane = map.probabilities.data() + id * pixels;
      if (name_of(id) < 0) continue;
      float* sum = sums.data() + static_cast<std::size_t>(name_of(id)) * pixels;
      for (std::size_t i = 0; i < pixels; ++i) sum[i] += plane[i];
    }
    map.probabilities = std::move(sums);
  }
  map.class_count = class_count;
}

}  // namespace fluvial
