#include "surface/cuda/mask_maker.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace fluvial::cuda {
namespace {

// How many places lie between so many cells wherever the first of them is: those that the steps between them take, the
// cell that they begin in, and the one behind the last.
int places_of_tile(float length_in_cells, int places, int cells) {
  const float step = places > 0 ? length_in_cells / static_cast<float>(places) : 1;
  const auto steps = static_cast<float>(cells - 3) / std::max(step, 1.0F / static_cast<float>(cells));
  return std::clamp(1 + static_cast<int>(steps), 1, cells);
}

unsigned tiles_of(int places, int of_tile) { return static_cast<unsigned>((places + of_tile - 1) / of_tile); }

}  // namespace

bool are_prototypes(const DeviceTensor& output, std::size_t units) {
  return output.type == ElementType::f32 && output.shape.size() == 4 &&
         output.shape[0] == static_cast<std::int64_t>(units);
}

MaskTasks mask_tasks(const std::vector<MaskWish>& wishes, const PrototypeGrid& grid) {
  MaskTasks all;
  for (const auto& wish : wishes) {
    const int columns = wish.size.width, rows = wish.size.height;
    const int tile_columns = places_of_tile(wish.box.width / grid.scale_x, columns, cells_across);
    const int tile_rows = places_of_tile(wish.box.height / grid.scale_y, rows, cells_down);
    all.tasks.push_back({wish.box.left, wish.box.top, wish.box.width, wish.box.height, columns, rows,
                         static_cast<int>(all.values), wish.left, wish.top, wish.right, wish.bottom, tile_columns,
                         tile_rows});
    all.values += static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows);
    all.across = std::max(all.across, tiles_of(columns, tile_columns));
    all.down = std::max(all.down, tiles_of(rows, tile_rows));
  }
  return all;
}

MaskGrid mask_grid(const PrototypeGrid& grid, const DeviceTensor& prototypes, std::size_t unit) {
  const std::size_t of_unit = element_count(prototypes.shape) / static_cast<std::size_t>(prototypes.shape[0]);
  return {reinterpret_cast<const float*>(prototypes.address) + unit * of_unit,
          grid.count,
          grid.grid.width,
          grid.grid.height,
          grid.scale_x,
          grid.scale_y};
}

// Tasks and coefficients go there in one block, values come back in one.
const float* DeviceMaskMaker::make(const std::vector<MaskWish>& wishes, const PrototypeGrid& grid) {
  const auto [tasks, count, across, down] = mask_tasks(wishes, grid);
  if (count == 0) return nullptr;
  if (prototypes_.shape != Shape{prototypes_.shape[0], grid.count, grid.grid.height, grid.grid.width})
    throw std::runtime_error("the model gave prototypes of another shape than before: masks cannot be made of them");
  const auto of_each = static_cast<std::size_t>(grid.count);
  const std::size_t task_bytes = tasks.size() * sizeof(MaskTask);
  const std::size_t told = task_bytes + tasks.size() * of_each * sizeof(float);
  const DeviceBlock told_host = device_.allocate_host(told), told_device = device_.allocate(told);
  std::memcpy(told_host.get(), tasks.data(), task_bytes);
  auto* coefficients = reinterpret_cast<float*>(static_cast<char*>(told_host.get()) + task_bytes);
  for (const auto& wish : wishes) coefficients = std::copy_n(wish.coefficients, of_each, coefficients);
  values_ = device_.allocate_host(count * sizeof(float));
  const DeviceBlock there = device_.allocate(count * sizeof(float));
  MaskGrid parameters = mask_grid(grid, prototypes_, unit_);
  DevicePointer first_task = address_of(told_device), first_coefficient = first_task + task_bytes;
  DevicePointer values = address_of(there);
  void* all[] = {&parameters, &first_task, &first_coefficient, &values};
  const Function kernel = device_.kernel("make_masks");
  {
    const Current current(device_);
    FLUVIAL_CUDA(cuMemcpyHtoDAsync_v2, first_task, told_host.get(), told, stream_);
    FLUVIAL_CUDA(cuLaunchKernel, kernel, across, down, static_cast<unsigned>(tasks.size()), cells_across, cells_down, 1,
                 0, stream_, all, nullptr);
    FLUVIAL_CUDA(cuMemcpyDtoHAsync_v2, values_.get(), values, count * sizeof(float), stream_);
  }
  count_returned(count * sizeof(float));
  made_.set(stream_);
  made_.wait();
  return static_cast<const float*>(values_.get());
}

}  // namespace fluvial::cuda
