#include "surface/cuda/row_picker.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <string>

namespace fluvial::cuda {
namespace {

static_assert(static_cast<int>(RowSource::i64) == static_cast<int>(ElementType::i64));
static_assert(static_cast<int>(RowSource::u8) == static_cast<int>(ElementType::u8));
static_assert(static_cast<int>(RowSource::share) == static_cast<int>(RowField::share));

std::int64_t elements_of_unit(const DeviceTensor& tensor) {
  const auto count = static_cast<std::int64_t>(element_count(tensor.shape));
  return tensor.shape.empty() || tensor.shape[0] < 1 ? 0 : count / tensor.shape[0];
}

// The last element that a part reads of this output.
std::int64_t last_element(const RowPart& part, const RowField& field) {
  return field.first + (part.outer_count - 1) * field.outer_step + (part.inner_count - 1) * field.inner_step +
         (field.columns - 1) * field.column_step;
}

RowSource source_of(const RowField& field, const DeviceTensor& tensor) {
  RowSource source{};
  source.data = reinterpret_cast<const void*>(tensor.address);
  source.unit_step = elements_of_unit(tensor);
  source.first = field.first;
  source.outer_step = field.outer_step;
  source.inner_step = field.inner_step;
  source.column_step = field.column_step;
  source.columns = field.columns;
  source.type = static_cast<int>(tensor.type);
  source.kind = field.kind;
  source.skipped = field.skipped;
  source.is_tested = field.least > any_value;
  source.least = field.least;
  return source;
}

std::atomic<std::uint64_t> returned{0};

unsigned blocks_for(int threads, unsigned in_block) {
  return (static_cast<unsigned>(threads) + in_block - 1) / in_block;
}

}  // namespace

std::uint64_t returned_bytes() { return returned; }
void count_returned(std::size_t bytes) { returned += bytes; }

std::size_t units_with(const RowSelection& selection, const std::vector<DeviceTensor>& outputs) {
  std::int64_t units = 0;
  for (const auto& part : selection.parts) {
    for (const auto& field : part.fields) {
      if (field.output >= outputs.size()) return 0;
      const DeviceTensor& tensor = outputs[field.output];
      if (tensor.type == ElementType::f16 || tensor.shape.empty()) return 0;
      if (units > 0 && tensor.shape[0] != units) return 0;
      units = tensor.shape[0];
      if (last_element(part, field) >= elements_of_unit(tensor)) return 0;
    }
  }
  return static_cast<std::size_t>(std::max<std::int64_t>(units, 0));
}

RowTask row_task(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, int room) {
  const auto parts = selection.parts.size();
  const auto fields = parts > 0 ? selection.parts.front().fields.size() : 0;
  if (parts < 1 || parts > RowTask::most_parts || fields < 1 || fields > RowTask::most_fields)
    throw std::logic_error("a selection of " + std::to_string(parts) + " parts with " + std::to_string(fields) +
                           " fields; at most 8 with 4 are possible");
  RowTask task{};
  task.fields = static_cast<int>(fields);
  task.width = selection.width();
  task.room = room;
  int first = 0;
  for (std::size_t p = 0; p < parts; ++p) {
    const RowPart& part = selection.parts[p];
    task.parts[p].first_row = first;
    task.parts[p].rows = part.rows();
    task.parts[p].inner_count = part.inner_count;
    for (std::size_t f = 0; f < fields; ++f)
      task.parts[p].fields[f] = source_of(part.fields.at(f), outputs.at(part.fields[f].output));
    first += part.rows();
  }
  return task;
}

// One block of memory: counts, numbers, values.
bool RowPicker::start(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, Stream stream) {
  units_ = units_with(selection, outputs);
  if (units_ == 0) return false;
  room_ = static_cast<std::size_t>(std::min(room, selection.rows()));
  width_ = static_cast<std::size_t>(selection.width());
  RowTask task = row_task(selection, outputs, static_cast<int>(room_));
  const std::size_t bytes = 4 * (units_ + units_ * room_ + units_ * room_ * width_);
  on_device_ = device_.allocate(bytes);
  on_host_ = device_.allocate_host(bytes);
  DevicePointer counts = address_of(on_device_);
  DevicePointer numbers = counts + 4 * units_;
  DevicePointer values = numbers + 4 * units_ * room_;
  void* parameters[] = {&task, &counts, &numbers, &values};
  const Function kernel = device_.kernel("select_rows");
  int most_rows = 0;
  for (const auto& part : selection.parts) most_rows = std::max(most_rows, part.rows());
  const Current current(device_);
  FLUVIAL_CUDA(cuMemsetD8Async, counts, 0, 4 * units_, stream);
  constexpr unsigned threads = 256;  // 8 warps, as many as the kernel has room for
  FLUVIAL_CUDA(cuLaunchKernel, kernel, blocks_for(most_rows, threads), static_cast<unsigned>(units_),
               static_cast<unsigned>(selection.parts.size()), threads, 1, 1, 0, stream, parameters, nullptr);
  FLUVIAL_CUDA(cuMemcpyDtoHAsync_v2, on_host_.get(), counts, bytes, stream);
  count_returned(bytes);
  return true;
}

bool RowPicker::finish() {
  const auto* counts = static_cast<const std::int32_t*>(on_host_.get());
  const auto* numbers = counts + units_;
  const auto* values = reinterpret_cast<const float*>(numbers + units_ * room_);
  rows_.resize(std::max(rows_.size(), units_));
  for (std::size_t unit = 0; unit < units_; ++unit) {
    const auto count = static_cast<std::size_t>(counts[unit]);
    if (count > room_) return false;
    order_.resize(count);
    std::iota(order_.begin(), order_.end(), unit * room_);
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) { return numbers[a] < numbers[b]; });
    Sorted& sorted = rows_[unit];
    sorted.numbers.clear();
    sorted.values.clear();
    for (const auto at : order_) {
      sorted.numbers.push_back(numbers[at]);
      sorted.values.insert(sorted.values.end(), values + at * width_, values + (at + 1) * width_);
    }
  }
  return true;
}

SelectedRows RowPicker::of_unit(std::size_t unit) const {
  return {rows_[unit].numbers.size(), rows_[unit].numbers.data(), rows_[unit].values.data(), width_};
}

}  // namespace fluvial::cuda
