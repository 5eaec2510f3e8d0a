#include "surface/cuda/row_picker.h"

#include <algorithm>
#include <numeric>

namespace fluvial::cuda {

Rows rows_of(const RowSelection& selection, int room) {
  Rows rows{selection.rows,        selection.columns, 0,   0, selection.first_score,
            selection.score_count, selection.least,   room};
  rows.row_step = selection.is_transposed ? 1 : selection.columns;
  rows.column_step = selection.is_transposed ? selection.rows : 1;
  return rows;
}

// One block: counts, numbers, values.
void RowPicker::start(const RowSelection& selection, DevicePointer output, std::size_t units, Stream stream) {
  selection_ = selection;
  units_ = units;
  const auto columns = static_cast<std::size_t>(selection.columns);
  const std::size_t bytes = 4 * (units + units * room + units * room * columns);
  on_device_ = device_.allocate(bytes);
  on_host_ = device_.allocate_host(bytes);
  DevicePointer counts = address_of(on_device_);
  DevicePointer numbers = counts + 4 * units;
  DevicePointer values = numbers + 4 * units * room;
  Rows rows = rows_of(selection, static_cast<int>(room));
  void* parameters[] = {&output, &rows, &counts, &numbers, &values};
  const Function kernel = device_.kernel("select_rows");
  const Current current(device_);
  FLUVIAL_CUDA(cuMemsetD8Async, counts, 0, 4 * units, stream);
  constexpr unsigned threads = 256;
  FLUVIAL_CUDA(cuLaunchKernel, kernel, (static_cast<unsigned>(selection.rows) + threads - 1) / threads,
               static_cast<unsigned>(units), 1, threads, 1, 1, 0, stream, parameters, nullptr);
  FLUVIAL_CUDA(cuMemcpyDtoHAsync_v2, on_host_.get(), counts, bytes, stream);
}

bool RowPicker::finish() {
  const auto* counts = static_cast<const std::int32_t*>(on_host_.get());
  const auto* numbers = counts + units_;
  const auto* values = reinterpret_cast<const float*>(numbers + units_ * room);
  numbers_.resize(units_);
  values_.resize(units_);
  for (std::size_t unit = 0; unit < units_; ++unit) {
    const auto count = static_cast<std::size_t>(counts[unit]);
    if (count > room) return false;
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), unit * room);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return numbers[a] < numbers[b]; });
    numbers_[unit].clear();
    values_[unit].clear();
    for (const auto at : order) {
      numbers_[unit].push_back(numbers[at]);
      values_[unit].push_back(values + at * static_cast<std::size_t>(selection_.columns));
    }
  }
  return true;
}

SelectedRows RowPicker::of_unit(std::size_t unit) const {
  return {numbers_[unit].size(), numbers_[unit].data(), values_[unit].data()};
}

}  // namespace fluvial::cuda
