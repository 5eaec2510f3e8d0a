// What a GPU would bring of a model's outputs: its own kernel, run on the host.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "algo/heads/head.h"
#include "kernels_on_host.h"
#include "surface/cuda/mask_maker.h"
#include "surface/cuda/row_picker.h"

#include "surface/cuda/kernels/make_masks.cu"
#include "surface/cuda/kernels/select_rows.cu"

namespace testing {

using namespace fluvial;

class Selected {
 public:
  static constexpr int room = 8192;  // of a unit

  Selected(const std::vector<TensorView>& outputs, const RowSelection& wanted) : width_(wanted.width()) {
    std::vector<cuda::DeviceTensor> there;
    for (const auto& output : outputs)
      there.push_back({reinterpret_cast<cuda::DevicePointer>(output.data), output.type, output.shape});
    const auto units = static_cast<unsigned>(cuda::units_with(wanted, there));
    REQUIRE(units > 0);
    const cuda::RowTask task = cuda::row_task(wanted, there, room);
    counts_.assign(units, 0);
    std::vector<int> numbers(std::size_t{units} * room);
    std::vector<float> values(numbers.size() * static_cast<std::size_t>(width_));
    int most = 0;
    for (const auto& part : wanted.parts) most = std::max(most, part.rows());
    constexpr unsigned threads = 64;
    const dim3 grid{(static_cast<unsigned>(most) + threads - 1) / threads, units,
                    static_cast<unsigned>(wanted.parts.size())};
    run_together(grid, {threads}, [&] { cuda::select_rows(task, counts_.data(), numbers.data(), values.data()); });
    for (unsigned unit = 0; unit < units; ++unit) sort(unit, numbers, values);
  }

  std::size_t count(std::size_t unit) const { return numbers_.at(unit).size(); }
  SelectedRows rows(std::size_t unit) const {
    return {count(unit), numbers_[unit].data(), values_[unit].data(), static_cast<std::size_t>(width_), nullptr, unit};
  }

 private:
  void sort(unsigned unit, const std::vector<int>& numbers, const std::vector<float>& values) {
    REQUIRE(counts_[unit] <= room);
    std::vector<std::size_t> order(static_cast<std::size_t>(counts_[unit]));
    std::iota(order.begin(), order.end(), std::size_t{unit} * room);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return numbers[a] < numbers[b]; });
    numbers_.emplace_back();
    values_.emplace_back();
    const auto width = static_cast<std::ptrdiff_t>(width_);
    for (const auto at : order) {
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(at) * width;
      numbers_.back().push_back(numbers[at]);
      values_.back().insert(values_.back().end(), from, from + width);
    }
  }

  int width_;
  std::vector<int> counts_;
  std::vector<std::vector<std::int32_t>> numbers_;
  std::vector<std::vector<float>> values_;
};

// The classes of one unit's pixels, as a GPU would bring them.
inline std::vector<std::uint8_t> classes_of(const std::vector<TensorView>& outputs, const PixelClasses& wanted,
                                            std::size_t unit, std::vector<int>* strange = nullptr) {
  std::vector<cuda::DeviceTensor> there;
  for (const auto& output : outputs)
    there.push_back({reinterpret_cast<cuda::DevicePointer>(output.data), output.type, output.shape});
  RowSelection selection;
  selection.pixels = wanted;
  const auto units = cuda::units_with(selection, there);
  REQUIRE(units > unit);
  const auto pixels = static_cast<std::size_t>(wanted.pixels);
  std::vector<int> counts(units);
  std::vector<std::uint8_t> classes(units * pixels, 77);
  const auto field = cuda::row_source(wanted.field, there[wanted.field.output]);
  constexpr unsigned threads = 64;
  run_together({(static_cast<unsigned>(pixels) + threads - 1) / threads, static_cast<unsigned>(units)}, {threads},
               [&] { cuda::classify_pixels(field, wanted.pixels, counts.data(), classes.data()); });
  if (strange) *strange = counts;
  const auto first = classes.begin() + static_cast<std::ptrdiff_t>(unit * pixels);
  return {first, first + wanted.pixels};
}

// Lets the head look at whole outputs until it knows how they are to be read.
inline RowSelection selection_of(HeadDecoder& head, const std::vector<TensorView>& outputs, std::size_t unit) {
  for (int look = 0; look < 16 && !head.selection(); ++look) {
    std::vector<Detection> found;
    head.decode(outputs, unit, found);
  }
  const auto wanted = head.selection();
  REQUIRE(wanted);
  return *wanted;
}

// The GPU's masks, made on the host.
inline std::vector<float> masks_of(const MaskWishes& wishes, const TensorView& prototypes) {
  const cuda::MaskTasks all = cuda::mask_tasks(wishes);
  std::vector<float> coefficients, values(all.values, -1);
  for (const auto& wish : wishes.all)
    coefficients.insert(coefficients.end(), wish.coefficients, wish.coefficients + wishes.grid.count);
  const auto grid = cuda::mask_grid(
      wishes.grid, {reinterpret_cast<cuda::DevicePointer>(prototypes.data), prototypes.type, prototypes.shape});
  run_together({static_cast<unsigned>(all.tiles.size())}, {cuda::cells_across, cuda::threads_down},
               [&] { cuda::make_masks(grid, all.tasks.data(), all.tiles.data(), coefficients.data(), values.data()); });
  return values;
}

// Details of rows that came back are those of the whole.
inline void check_details(HeadDecoder& head, const std::vector<TensorView>& outputs, std::size_t unit,
                          const std::vector<Detection>& kept, const SelectedRows& rows, const RowSelection& wanted) {
  std::vector<Details> details, again;
  MaskWishes wishes;
  head.describe(outputs, unit, kept, details);
  head.describe_rows(rows, kept, again, wishes);
  CHECK(wishes.all.size() == (wanted.prototypes ? kept.size() : 0));
  if (wanted.prototypes) take_masks(masks_of(wishes, outputs[*wanted.prototypes]).data(), again);
  REQUIRE(again.size() == details.size());
  for (std::size_t i = 0; i < details.size(); ++i) {
    CHECK(again[i].mask.size == details[i].mask.size);
    REQUIRE(again[i].mask.values.size() == details[i].mask.values.size());
    for (std::size_t k = 0; k < details[i].mask.values.size(); ++k)
      CHECK(std::abs(again[i].mask.values[k] - details[i].mask.values[k]) < 1e-5F);
    REQUIRE(again[i].keypoints.size() == details[i].keypoints.size());
    for (std::size_t k = 0; k < details[i].keypoints.size(); ++k) {
      CHECK(again[i].keypoints[k].x == details[i].keypoints[k].x);
      CHECK(again[i].keypoints[k].y == details[i].keypoints[k].y);
      CHECK(again[i].keypoints[k].confidence == details[i].keypoints[k].confidence);
    }
  }
}

// Decoding of selected rows finds what decoding of all finds, in its order, and fewer rows are selected than there are.
inline void check_selection(HeadDecoder& head, const std::vector<TensorView>& outputs, std::size_t unit) {
  const RowSelection wanted = selection_of(head, outputs, unit);
  std::vector<Detection> found, again;
  head.decode(outputs, unit, found);
  CHECK(found.size() > 0);
  const Selected selected(outputs, wanted);
  CHECK(selected.count(unit) < static_cast<std::size_t>(wanted.rows()));
  head.decode_rows(selected.rows(unit), again);
  REQUIRE(again.size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(again[i].row == found[i].row);
    CHECK(again[i].class_id == found[i].class_id);
    CHECK(again[i].confidence == doctest::Approx(found[i].confidence).epsilon(1e-6));
    CHECK(again[i].box.left == found[i].box.left);
    CHECK(again[i].box.top == found[i].box.top);
    CHECK(again[i].box.width == found[i].box.width);
    CHECK(again[i].box.height == found[i].box.height);
  }
  if (head.has_details()) check_details(head, outputs, unit, found, selected.rows(unit), wanted);
}

}  // namespace testing
