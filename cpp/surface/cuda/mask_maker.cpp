#include "surface/cuda/mask_maker.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace fluvial::cuda {
namespace {

MaskAxis axis_of(float edge, float length, int places, float cell, int begin, int end) {
  constexpr double least_step = 1e-6;  // cells
  const double step = places > 0 ? std::max(double{length} / places / double{cell}, least_step) : 1;
  const double start = double{edge} / double{cell} - 0.5 + step / 2;
  return {static_cast<float>(start), static_cast<float>(step), static_cast<float>(1 / step), begin, end - 1, places};
}

// Tiles of all units, in the order of their rows and columns, and which masks lie in them.
class Tiling {
 public:
  Tiling(const MaskWishes& wishes, const std::vector<MaskTask>& tasks)
      : wishes_(wishes.all),
        tasks_(tasks),
        across_((wishes.grid.grid.width + tile_across - 1) / tile_across),
        down_((wishes.grid.grid.height + tile_down - 1) / tile_down) {
    std::size_t units = 0;
    for (const auto& wish : wishes_) units = std::max(units, wish.unit + 1);
    ends_.assign(units * static_cast<std::size_t>(across_ * down_) + 1, 0);
    for_parts([&](int, std::size_t tile) { ++ends_[tile + 1]; });
    for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
  }

  // A block that makes more masks reads cells for more of them; a GPU with too few blocks idles.
  std::vector<MaskTile> tiles() const {
    constexpr int blocks_wanted = 230;
    const int of_block = std::clamp((ends_.back() + blocks_wanted - 1) / blocks_wanted, 1, most_masks_of_block);
    const std::vector<int> masks = masks_by_tile();
    std::vector<MaskTile> tiles;
    for (std::size_t i = 0; i + 1 < ends_.size(); ++i) {
      const auto number = static_cast<int>(i), in_unit = number % (across_ * down_);
      const int left = in_unit % across_ * tile_across, top = in_unit / across_ * tile_down;
      const int all = ends_[i + 1] - ends_[i], blocks = std::max(1, (all + of_block - 1) / of_block);
      const int even = (all + blocks - 1) / blocks;
      for (int first = ends_[i]; first < ends_[i + 1]; first += even) {
        const int count = std::min(even, ends_[i + 1] - first);
        MaskTile& tile = tiles.emplace_back(MaskTile{number / (across_ * down_), left, top, count, {}});
        std::fill(std::copy_n(masks.begin() + first, count, tile.masks), std::end(tile.masks),
                  masks[static_cast<std::size_t>(first + count - 1)]);
      }
    }
    return tiles;
  }

 private:
  std::vector<int> masks_by_tile() const {
    std::vector<int> masks(static_cast<std::size_t>(ends_.back())), next = ends_;
    for_parts([&](int mask, std::size_t tile) { masks[static_cast<std::size_t>(next[tile]++)] = mask; });
    return masks;
  }

  template <typename Body>
  void for_parts(Body body) const {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const MaskAxis &x = tasks_[i].across, &y = tasks_[i].down;
      if (x.places == 0 || y.places == 0) continue;
      const std::size_t unit = wishes_[i].unit * static_cast<std::size_t>(across_ * down_);
      for (int row = y.first / tile_down; row <= y.last / tile_down; ++row)
        for (int column = x.first / tile_across; column <= x.last / tile_across; ++column)
          body(static_cast<int>(i), unit + static_cast<std::size_t>(row * across_ + column));
    }
  }

  const std::vector<MaskWish>& wishes_;
  const std::vector<MaskTask>& tasks_;
  int across_, down_;
  std::vector<int> ends_;  // where each tile's masks begin among those of all tiles, and where the last one's end
};

// Parts of a block of memory, one behind the other.
class Told {
 public:
  template <typename T>
  std::size_t add(const T* values, std::size_t count) {
    const std::size_t at = (bytes_ + alignof(T) - 1) / alignof(T) * alignof(T);
    parts_.push_back({values, count * sizeof(T), at});
    bytes_ = at + count * sizeof(T);
    return at;
  }
  std::size_t bytes() const { return bytes_; }
  void write(void* to) const {
    for (const auto& part : parts_) std::memcpy(static_cast<char*>(to) + part.at, part.data, part.bytes);
  }

 private:
  struct Part {
    const void* data;
    std::size_t bytes, at;
  };
  std::vector<Part> parts_;
  std::size_t bytes_ = 0;
};

}  // namespace

bool are_prototypes(const DeviceTensor& output, std::size_t units) {
  return output.type == ElementType::f32 && output.shape.size() == 4 &&
         output.shape[0] == static_cast<std::int64_t>(units);
}

MaskTasks mask_tasks(const MaskWishes& wishes) {
  const PrototypeGrid& grid = wishes.grid;
  MaskTasks all;
  for (const auto& wish : wishes.all) {
    const Box& box = wish.box;
    const Size size = wish.size;
    all.tasks.push_back({axis_of(box.left, box.width, size.width, grid.scale_x, wish.left, wish.right),
                         axis_of(box.top, box.height, size.height, grid.scale_y, wish.top, wish.bottom),
                         static_cast<int>(all.values)});
    all.values += static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  }
  all.tiles = Tiling(wishes, all.tasks).tiles();
  return all;
}

MaskGrid mask_grid(const PrototypeGrid& grid, const DeviceTensor& prototypes) {
  const std::size_t of_unit = element_count(prototypes.shape) / static_cast<std::size_t>(prototypes.shape[0]);
  return {reinterpret_cast<const float*>(prototypes.address), static_cast<long long>(of_unit), grid.count,
          grid.grid.width, grid.grid.height};
}

const float* DeviceMaskMaker::make(const MaskWishes& wishes, const DeviceTensor& prototypes, Stream stream) {
  const PrototypeGrid& grid = wishes.grid;
  const MaskTasks all = mask_tasks(wishes);
  if (all.values == 0) return nullptr;
  if (prototypes.shape != Shape{prototypes.shape[0], grid.count, grid.grid.height, grid.grid.width})
    throw std::runtime_error("the model gave prototypes of another shape than before: masks cannot be made of them");
  Told told;
  const std::size_t tasks_at = told.add(all.tasks.data(), all.tasks.size());
  const std::size_t tiles_at = told.add(all.tiles.data(), all.tiles.size()), coefficients_at = told.bytes();
  for (const auto& wish : wishes.all) told.add(wish.coefficients, static_cast<std::size_t>(grid.count));
  const DeviceBlock told_host = device_.allocate_host(told.bytes()), told_device = device_.allocate(told.bytes());
  told.write(told_host.get());
  const std::size_t bytes = all.values * sizeof(float);
  values_ = device_.allocate_host(bytes);
  const DeviceBlock there = device_.allocate(bytes);
  MaskGrid parameters = mask_grid(grid, prototypes);
  DevicePointer values = address_of(there), first = address_of(told_device);
  DevicePointer tasks = first + tasks_at, tiles = first + tiles_at, coefficients = first + coefficients_at;
  void* given[] = {&parameters, &tasks, &tiles, &coefficients, &values};
  const Function kernel = device_.kernel("make_masks");
  {
    const Current current(device_);
    FLUVIAL_CUDA(cuMemcpyHtoDAsync_v2, first, told_host.get(), told.bytes(), stream);
    FLUVIAL_CUDA(cuLaunchKernel, kernel, static_cast<unsigned>(all.tiles.size()), 1, 1, cells_across, threads_down, 1,
                 0, stream, given, nullptr);
    FLUVIAL_CUDA(cuMemcpyDtoHAsync_v2, values_.get(), values, bytes, stream);
  }
  count_returned(bytes);
  made_.set(stream);
  made_.wait();
  return static_cast<const float*>(values_.get());
}

}  // namespace fluvial::cuda
