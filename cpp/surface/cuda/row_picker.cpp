#include "surface/cuda/row_picker.h"

#include <algorithm>
#include <atomic>
#include <limits>
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

constexpr std::int64_t most_of_unit = std::numeric_limits<std::int32_t>::max();  // elements, as the kernel counts them

// The last element that a part reads of this output.
std::int64_t last_element(const RowPart& part, const RowField& field) {
  return field.first + (part.outer_count - 1) * field.outer_step + (part.inner_count - 1) * field.inner_step +
         (field.columns - 1) * field.column_step;
}

RowSource::Lying lying_of(const RowPart& part, const RowField& field, const DeviceTensor& tensor) {
  constexpr int columns_at_once = 4, rows_at_once = 8, threads_of_row = 8;
  const bool is_half = tensor.type == ElementType::f16;
  const bool is_peak = field.kind == RowField::greatest && field.least > any_value && field.skipped < 0;
  if (!is_peak || field.columns < threads_of_row || (!is_half && tensor.type != ElementType::f32))
    return RowSource::apart;
  const auto begin_at = [&](int multiple, std::int64_t beside) {
    const std::int64_t numbers = field.first | elements_of_unit(tensor) | field.outer_step | beside;
    return numbers % multiple == 0 &&
           tensor.address % (static_cast<std::size_t>(multiple) * bytes_of(tensor.type)) == 0;
  };
  if (field.column_step == 1 && field.columns % columns_at_once == 0 && begin_at(columns_at_once, field.inner_step))
    return RowSource::columns_together;
  if (is_half && field.inner_step == 1 && part.inner_count % rows_at_once == 0 &&
      begin_at(rows_at_once, field.column_step))
    return RowSource::rows_together;
  return RowSource::apart;
}

std::atomic<std::uint64_t> returned{0};

}  // namespace

std::uint64_t returned_bytes() { return returned; }
void count_returned(std::size_t bytes) { returned += bytes; }

std::size_t units_with(const RowSelection& selection, const std::vector<DeviceTensor>& outputs) {
  std::int64_t units = 0;
  const auto has_all = [&](const RowPart& part) {
    for (const auto& field : part.fields) {
      if (field.output >= outputs.size()) return false;
      const DeviceTensor& tensor = outputs[field.output];
      if (tensor.shape.empty() || elements_of_unit(tensor) > most_of_unit) return false;
      if (units > 0 && tensor.shape[0] != units) return false;
      units = tensor.shape[0];
      if (last_element(part, field) >= elements_of_unit(tensor)) return false;
    }
    return true;
  };
  for (const auto& part : selection.parts)
    if (!has_all(part)) return 0;
  if (selection.pixels && !has_all({1, selection.pixels->pixels, {selection.pixels->field}})) return 0;
  return static_cast<std::size_t>(std::max<std::int64_t>(units, 0));
}

RowSource row_source(const RowField& field, const DeviceTensor& tensor) {
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
    for (std::size_t f = 0; f < fields; ++f) {
      const DeviceTensor& output = outputs.at(part.fields.at(f).output);
      task.parts[p].fields[f] = row_source(part.fields[f], output);
      task.parts[p].fields[f].lying = lying_of(part, part.fields[f], output);
    }
    first += part.rows();
  }
  return task;
}

RowPicker::Block RowPicker::new_block(std::size_t bytes) {
  return {device_.allocate(bytes), device_.allocate_host(bytes), bytes};
}

void RowPicker::bring(const Block& block, Stream stream) {
  FLUVIAL_CUDA(cuMemcpyDtoHAsync_v2, block.on_host.get(), address_of(block.on_device), block.bytes, stream);
  count_returned(block.bytes);
}

bool RowPicker::start(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, Stream stream) {
  units_ = units_with(selection, outputs);
  picked_ = classes_ = {};
  if (units_ == 0) return false;
  if (!selection.parts.empty()) start_rows(selection, outputs, stream);
  if (selection.pixels) start_pixels(*selection.pixels, outputs, stream);
  return true;
}

// In one block: counts, numbers, values.
void RowPicker::start_rows(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, Stream stream) {
  room_ = static_cast<std::size_t>(std::min(room, selection.rows()));
  width_ = static_cast<std::size_t>(selection.width());
  RowTask task = row_task(selection, outputs, static_cast<int>(room_));
  picked_ = new_block(4 * (units_ + units_ * room_ + units_ * room_ * width_));
  DevicePointer counts = address_of(picked_.on_device);
  DevicePointer numbers = counts + 4 * units_;
  DevicePointer values = numbers + 4 * units_ * room_;
  void* parameters[] = {&task, &counts, &numbers, &values};
  const Function kernel = device_.kernel("select_rows");
  int most_rows = 0;
  for (const auto& part : selection.parts) most_rows = std::max(most_rows, part.rows());
  const Current current(device_);
  FLUVIAL_CUDA(cuMemsetD8Async, counts, 0, 4 * units_, stream);
  FLUVIAL_CUDA(cuLaunchKernel, kernel, blocks_for(most_rows), static_cast<unsigned>(units_),
               static_cast<unsigned>(selection.parts.size()), threads, 1, 1, 0, stream, parameters, nullptr);
  bring(picked_, stream);
}

// In one block: how many pixels have no class that is a byte, classes.
void RowPicker::start_pixels(const PixelClasses& wanted, const std::vector<DeviceTensor>& outputs, Stream stream) {
  pixels_ = static_cast<std::size_t>(wanted.pixels);
  RowSource field = row_source(wanted.field, outputs.at(wanted.field.output));
  int pixels = wanted.pixels;
  classes_ = new_block(4 * units_ + units_ * pixels_);
  DevicePointer strange = address_of(classes_.on_device);
  DevicePointer classes = strange + 4 * units_;
  void* parameters[] = {&field, &pixels, &strange, &classes};
  const Function kernel = device_.kernel("classify_pixels");
  const Current current(device_);
  FLUVIAL_CUDA(cuMemsetD8Async, strange, 0, 4 * units_, stream);
  FLUVIAL_CUDA(cuLaunchKernel, kernel, blocks_for(pixels), static_cast<unsigned>(units_), 1, threads, 1, 1, 0, stream,
               parameters, nullptr);
  bring(classes_, stream);
}

bool RowPicker::finish() { return finish_rows() && finish_pixels(); }

bool RowPicker::finish_rows() {
  if (!picked_.on_host) return true;
  const auto* counts = static_cast<const std::int32_t*>(picked_.on_host.get());
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

bool RowPicker::finish_pixels() {
  if (!classes_.on_host) return true;
  const auto* strange = static_cast<const std::int32_t*>(classes_.on_host.get());
  return std::all_of(strange, strange + units_, [](std::int32_t count) { return count == 0; });
}

SelectedRows RowPicker::of_unit(std::size_t unit) const {
  SelectedRows rows;
  if (picked_.on_host)
    rows = {rows_[unit].numbers.size(), rows_[unit].numbers.data(), rows_[unit].values.data(), width_};
  if (classes_.on_host)
    rows.pixels = static_cast<const std::uint8_t*>(classes_.on_host.get()) + 4 * units_ + unit * pixels_;
  rows.unit = unit;
  return rows;
}

}  // namespace fluvial::cuda
