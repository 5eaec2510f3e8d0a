// The GPU's kernel that picks rows of a model's outputs, run on the host. That heads find in them what they find in the
// whole is for the tests of heads (selected_rows.h).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <stdexcept>
#include <vector>

#include "algo/half.h"
#include "selected_rows.h"
#include "tensors.h"

using namespace fluvial;
using namespace testing;

namespace {

RowField field_of(std::size_t output, int first, int columns, std::int64_t step) {
  RowField field;
  field.output = output;
  field.first = first;
  field.columns = columns;
  field.inner_step = step;
  return field;
}

std::vector<cuda::DeviceTensor> placed(const std::vector<TensorView>& outputs) {
  std::vector<cuda::DeviceTensor> there;
  for (const auto& output : outputs)
    there.push_back({reinterpret_cast<cuda::DevicePointer>(output.data), output.type, output.shape});
  return there;
}

}  // namespace

TEST_CASE("rows that pass come back with their columns, whichever way the output lies") {
  std::mt19937 random(5);
  constexpr int rows = 300, columns = 24;
  for (const bool is_transposed : {false, true}) {
    Floats output = floats("output", is_transposed ? Shape{2, columns, rows} : Shape{2, rows, columns});
    fill(output, random, 0, 1);
    const auto at = [&](std::size_t row, int column) {
      const auto r = static_cast<int>(row);
      return output
          .data[static_cast<std::size_t>(rows * columns + (is_transposed ? column * rows + r : r * columns + column))];
    };
    RowField box = field_of(0, 0, 4, columns), best = field_of(0, 4, 20, columns);
    best.kind = RowField::greatest;
    best.least = 0.97F;
    for (RowField* field : {&box, &best}) {
      if (!is_transposed) continue;
      field->inner_step = 1;
      field->column_step = rows;
      field->first *= rows;
    }
    const Selected selected({output.view()}, {{{1, rows, {box, best}}}, {}});
    std::size_t i = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      int greatest = 4;
      for (int c = 5; c < columns; ++c)
        if (at(row, c) > at(row, greatest)) greatest = c;
      if (at(row, greatest) < 0.97F) continue;
      REQUIRE(i < selected.count(1));
      const float* found = selected.rows(1).row(i);
      CHECK(selected.rows(1).numbers[i++] == static_cast<int>(row));
      for (int c = 0; c < 4; ++c) CHECK(found[c] == at(row, c));
      CHECK(found[4] == at(row, greatest));
      CHECK(found[5] == static_cast<float>(greatest - 4));
    }
    CHECK(i == selected.count(1));
    CHECK(i > 50);
    CHECK(i < 250);
  }
}

TEST_CASE("of equals the first is the greatest, and one column may not count") {
  for (const int columns : {5, 70}) {  // read by a thread alone, and by a warp
    Floats scores = floats("scores", {1, 3, columns});
    for (std::size_t row = 0; row < 3; ++row) scores.data[row * static_cast<std::size_t>(columns) + 3] = 0.5F;
    scores.data[4] = 0.5F;
    scores.data[static_cast<std::size_t>(columns)] = 0.9F;
    RowField best = field_of(0, 0, columns, columns);
    best.kind = RowField::greatest;
    best.skipped = 0;
    best.least = 0.5F;
    const Selected selected({scores.view()}, {{{1, 3, {best}}}, {}});
    REQUIRE(selected.count(0) == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(selected.rows(0).row(i)[0] == 0.5F);
      CHECK(selected.rows(0).row(i)[1] == 3.0F);
    }
  }
}

TEST_CASE("a share is that of a softmax, of logits however large") {
  Floats logits = floats("logits", {1, 2, 3});
  logits.data = {300, 301, 299, -5, 2, 40};
  RowField share = field_of(0, 0, 3, 3);
  share.kind = RowField::share;
  share.skipped = 2;  // counts in the sum alone
  share.least = 0.1F;
  const Selected selected({logits.view()}, {{{1, 2, {share}}}, {}});
  REQUIRE(selected.count(0) == 1);
  CHECK(selected.rows(0).row(0)[0] == doctest::Approx(1 / (std::exp(-1.0) + 1 + std::exp(-2.0))));
  CHECK(selected.rows(0).row(0)[1] == 1.0F);
}

TEST_CASE("halves are read as the floats that they are, by a thread alone and by eight") {
  std::mt19937 random(8);
  for (const int columns : {3, 30}) {
    Tensor<std::uint16_t> halves("halves", ElementType::f16, {2, 50, columns});
    Floats floats_of("floats", ElementType::f32, {2, 50, columns});
    for (std::size_t i = 0; i < halves.data.size(); ++i) {
      halves.data[i] = static_cast<std::uint16_t>(random() % 0x3C00);  // 0..1, the smallest among them
      floats_of.data[i] = half_to_float(halves.data[i]);
    }
    RowField best = field_of(0, 0, columns, columns), all = field_of(0, 0, columns, columns);
    best.kind = RowField::greatest;
    best.least = 0.3F;
    const RowSelection wanted{{{1, 50, {best, all}}}, {}};
    const Selected by_halves({halves.view()}, wanted), by_floats({floats_of.view()}, wanted);
    REQUIRE(by_halves.count(1) == by_floats.count(1));
    CHECK(by_halves.count(1) > 0);
    for (std::size_t i = 0; i < by_halves.count(1); ++i)
      for (int c = 0; c < columns + 2; ++c) CHECK(by_halves.rows(1).row(i)[c] == by_floats.rows(1).row(i)[c]);
  }
}

TEST_CASE("rows whose numbers can be read several at once are found as others are") {
  std::mt19937 random(11);
  constexpr int units = 2, columns = 28, classes = 24;  // of 4 or 3 more: read together, or not
  for (const int rows : {80, 77})
    for (const bool is_transposed : {false, true})
      for (const int left : {4, 3}) {
        const Shape shape = is_transposed ? Shape{units, columns, rows} : Shape{units, rows, columns};
        Tensor<std::uint16_t> halves("halves", ElementType::f16, shape);
        Floats floats_of("floats", ElementType::f32, shape);
        for (std::size_t i = 0; i < halves.data.size(); ++i) {
          const auto size = static_cast<std::uint16_t>(random() % 0x3B00);
          halves.data[i] = i % 13 == 0 ? 0x7E00 : i % 3 == 0 ? size | 0x8000 : size;  // some are no numbers
          floats_of.data[i] = half_to_float(halves.data[i]);
        }
        RowField box = field_of(0, 0, left, columns), best = field_of(0, left, classes, columns);
        best.kind = RowField::greatest;
        best.least = 0.7F;
        for (RowField* field : {&box, &best}) {
          if (!is_transposed) continue;
          field->inner_step = 1;
          field->column_step = rows;
          field->first *= rows;
        }
        RowField apart = best;  // of columns that are not read together
        apart.skipped = 1000;
        for (const TensorView& output : {halves.view(), floats_of.view()}) {
          const Selected selected({output}, {{{1, rows, {box, best}}}, {}}),
              wanted({output}, {{{1, rows, {box, apart}}}, {}});
          for (std::size_t unit = 0; unit < units; ++unit) {
            REQUIRE(selected.count(unit) == wanted.count(unit));
            CHECK(selected.count(unit) > 0);
            CHECK(selected.count(unit) < rows);
            for (std::size_t i = 0; i < selected.count(unit); ++i) {
              CHECK(selected.rows(unit).numbers[i] == wanted.rows(unit).numbers[i]);
              CHECK(selected.rows(unit).row(i)[left] == wanted.rows(unit).row(i)[left]);
              CHECK(selected.rows(unit).row(i)[left + 1] == wanted.rows(unit).row(i)[left + 1]);
            }
          }
        }
      }
}

TEST_CASE("numbers are read together where they begin at such places, and there alone") {
  const auto lying = [](ElementType type, Shape shape, int inner, RowField field, cuda::DevicePointer address = 4096) {
    field.kind = RowField::greatest;
    return cuda::row_task({{{1, inner, {field}}}, {}}, {{address, type, std::move(shape)}}, 9).parts[0].fields[0].lying;
  };
  const auto of_rows = [](int first, int columns, int row) {
    RowField field = field_of(0, first, columns, row);
    field.least = 0.5F;
    return field;
  };
  const auto of_columns = [](int first, int columns, int rows) {
    RowField field = field_of(0, first * rows, columns, 1);
    field.column_step = rows;
    field.least = 0.5F;
    return field;
  };
  using R = cuda::RowSource;
  constexpr auto half = ElementType::f16, whole = ElementType::f32;
  CHECK(lying(half, {2, 80, 84}, 80, of_rows(4, 80, 84)) == R::columns_together);
  CHECK(lying(whole, {2, 80, 84}, 80, of_rows(4, 80, 84)) == R::columns_together);
  CHECK(lying(whole, {2, 80, 85}, 80, of_rows(5, 80, 85)) == R::apart);
  CHECK(lying(whole, {2, 80, 84}, 80, of_rows(3, 80, 84)) == R::apart);
  CHECK(lying(whole, {2, 80, 84}, 80, of_rows(4, 78, 84)) == R::apart);
  CHECK(lying(whole, {2, 80, 8}, 80, of_rows(4, 4, 8)) == R::apart);
  CHECK(lying(whole, {2, 80, 84}, 80, of_rows(4, 80, 84), 4104) == R::apart);
  CHECK(lying(half, {2, 80, 84}, 80, of_rows(4, 80, 84), 4104) == R::columns_together);
  CHECK(lying(half, {2, 84, 80}, 80, of_columns(4, 80, 80)) == R::rows_together);
  CHECK(lying(half, {2, 84, 80}, 80, of_columns(4, 80, 80), 4104) == R::apart);
  CHECK(lying(half, {2, 84, 84}, 84, of_columns(4, 80, 84)) == R::apart);
  CHECK(lying(whole, {2, 84, 80}, 80, of_columns(4, 80, 80)) == R::apart);
  RowField share = of_rows(4, 80, 84);
  share.skipped = 0;
  CHECK(lying(whole, {2, 80, 84}, 80, share) == R::apart);
  RowField any = of_rows(4, 80, 84);
  any.least = any_value;
  CHECK(lying(whole, {2, 80, 84}, 80, any) == R::apart);
}

TEST_CASE("a share of many columns that lie side by side is that of a softmax, and not of rows that nobody asks for") {
  std::mt19937 random(9);
  constexpr int rows = 77, columns = 21;
  Floats logits = floats("logits", {1, rows, columns});
  fill(logits, random, -6, 6);
  RowField first = field_of(0, 0, 1, columns), share = field_of(0, 1, columns - 1, columns);
  first.least = 0;
  share.kind = RowField::share;
  share.skipped = columns - 2;
  const Selected selected({logits.view()}, {{{1, rows, {first, share}}}, {}});
  std::size_t i = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const float* numbers = logits.data.data() + row * columns;
    if (numbers[0] < 0) continue;
    const float* greatest = std::max_element(numbers + 1, numbers + columns - 1);
    double sum = 0;
    for (int c = 1; c < columns; ++c) sum += std::exp(double{numbers[c]} - *greatest);
    REQUIRE(i < selected.count(0));
    CHECK(selected.rows(0).numbers[i] == static_cast<int>(row));
    CHECK(selected.rows(0).row(i)[1] == doctest::Approx(1 / sum));
    CHECK(selected.rows(0).row(i++)[2] == static_cast<float>(greatest - numbers - 1));
  }
  CHECK(i == selected.count(0));
}

TEST_CASE("every test must be passed; numbers that are none pass none; whole numbers are read as well") {
  Floats a = floats("a", {1, 4, 1}), b = floats("b", {1, 4, 1});
  Tensor<std::int64_t> label("label", ElementType::i64, {1, 4});
  a.data = {0.9F, 0.9F, NAN, 0.1F};
  b.data = {0.1F, 0.9F, 0.9F, 0.9F};
  label.data = {1, 70000, 3, 4};
  RowField of_a = field_of(0, 0, 1, 1), of_b = field_of(1, 0, 1, 1);
  of_a.least = of_b.least = 0.5F;
  const Selected selected({a.view(), b.view(), label.view()}, {{{1, 4, {of_a, of_b, field_of(2, 0, 1, 1)}}}, {}});
  REQUIRE(selected.count(0) == 1);
  CHECK(selected.rows(0).numbers[0] == 1);
  CHECK(selected.rows(0).row(0)[2] == 70000.0F);
}

TEST_CASE("what is past the room is counted and not written") {
  Floats scores = floats("scores", {2, 1000, 1});
  for (std::size_t i = 1000; i < 2000; ++i) scores.data[i] = 1;
  RowField field = field_of(0, 0, 1, 1);
  field.least = 0.5F;
  const auto task = cuda::row_task({{{1, 1000, {field}}}, {}}, placed({scores.view()}), 160);
  std::vector<int> counts(2), numbers(320, -1);
  std::vector<float> values(320, -1);
  run_together({4, 2, 1}, {256}, [&] { cuda::select_rows(task, counts.data(), numbers.data(), values.data()); });
  CHECK(counts == std::vector<int>{0, 1000});
  CHECK(std::count(numbers.begin(), numbers.end(), -1) == 160);
  CHECK(std::count(values.begin(), values.end(), 1.0F) == 160);
}

TEST_CASE("outputs that are smaller than the selection, or other than it reads, are not touched") {
  Floats boxes = floats("boxes", {2, 10, 4}), scores = floats("scores", {2, 10, 3});
  const RowSelection wanted{{{1, 10, {field_of(0, 0, 4, 4), field_of(1, 0, 3, 3)}}}, {}};
  CHECK(cuda::units_with(wanted, placed({boxes.view(), scores.view()})) == 2);
  CHECK(cuda::units_with(wanted, placed({boxes.view()})) == 0);
  auto shorter = scores.view();
  shorter.shape = {2, 9, 3};
  CHECK(cuda::units_with(wanted, placed({boxes.view(), shorter})) == 0);
  auto fewer = scores.view();
  fewer.shape = {1, 10, 3};
  CHECK(cuda::units_with(wanted, placed({boxes.view(), fewer})) == 0);
  auto too_many = placed({boxes.view(), scores.view()});
  too_many[1].shape = {2, 1 << 30, 3};  // more than a kernel counts
  CHECK(cuda::units_with(wanted, too_many) == 0);
  const RowSelection many{std::vector<RowPart>(9, wanted.parts[0]), {}};
  CHECK_THROWS_WITH_AS(cuda::row_task(many, placed({boxes.view(), scores.view()}), 9),
                       "a selection of 9 parts with 2 fields; at most 8 with 4 are possible", std::logic_error);
}

namespace {

// Of the place that is `share` of the box's length behind its edge: between the two cells around it.
double between(const MaskWish& wish, const PrototypeGrid& grid, double x, double y,
               const std::function<double(int, int)>& cell) {
  const auto along = [](double pixel, double scale, int begin, int end) {
    return std::clamp(pixel / scale - 0.5, static_cast<double>(begin), static_cast<double>(end - 1));
  };
  const double across = along(x, grid.scale_x, wish.left, wish.right),
               down = along(y, grid.scale_y, wish.top, wish.bottom);
  const int left = static_cast<int>(across), top = static_cast<int>(down);
  const int right = std::min(left + 1, wish.right - 1), bottom = std::min(top + 1, wish.bottom - 1);
  const double upper = cell(left, top) + (cell(right, top) - cell(left, top)) * (across - left);
  const double lower = cell(left, bottom) + (cell(right, bottom) - cell(left, bottom)) * (across - left);
  return upper + (lower - upper) * (down - top);
}

// The farthest that a value is from what doubles give.
double farthest_of(const MaskWishes& wishes, const Floats& prototypes, const std::vector<float>& values) {
  const PrototypeGrid& grid = wishes.grid;
  const float* value = values.data();
  double farthest = 0;
  for (const MaskWish& wish : wishes.all) {
    const auto cell = [&](int x, int y) {
      double sum = 0;
      for (int k = 0; k < grid.count; ++k) {
        const int row = (static_cast<int>(wish.unit) * grid.count + k) * grid.grid.height + y;
        sum += static_cast<double>(wish.coefficients[k]) *
               prototypes.data[static_cast<std::size_t>(row * grid.grid.width + x)];
      }
      return sum;
    };
    for (int i = 0; i < wish.size.width * wish.size.height; ++i) {
      const double x = wish.box.left + wish.box.width * (i % wish.size.width + 0.5) / wish.size.width;
      const double y = wish.box.top + wish.box.height * (i / wish.size.width + 0.5) / wish.size.height;
      farthest = std::max(farthest, std::abs(*value++ - 1 / (1 + std::exp(-between(wish, grid, x, y, cell)))));
    }
  }
  return farthest;
}

std::vector<float> random_weights(std::mt19937& random, int count) {
  std::vector<float> weights(static_cast<std::size_t>(count));
  for (auto& weight : weights) weight = static_cast<float>(random() % 100) / 400 - 0.125F;
  return weights;
}

}  // namespace

TEST_CASE(
    "masks smaller and larger than a block's tile, with fewer and more places than cells, of few and many prototypes") {
  std::mt19937 random(3);
  for (const int count : {1, 31, 32, 33, 530}) {
    Floats prototypes = floats("prototypes", {2, count, 40, 70});
    fill(prototypes, random, -0.5, 0.5);
    const std::vector<float> weights = random_weights(random, 3 * count);
    const MaskWishes wishes = {
        {count, {70, 40}, 4, 3},
        {{1, weights.data(), {3.5F, 2.25F, 271, 113}, {68, 38}, 0, 0, 70, 40},  // several tiles
         {0, weights.data() + count, {40, 20, 17, 9}, {4, 3}, 9, 6, 15, 11},
         {1, weights.data() + 2 * count, {0, 0, 280, 120}, {9, 90}, 0, 0, 70, 40},
         {1, weights.data(), {0, 0, 0, 0}, {0, 0}, 0, 0, 0, 0},
         {0, weights.data(), {120, 80, 8, 8}, {150, 200}, 30, 26, 33, 30},  // many places, and few cells of two tiles
         {1, weights.data() + count, {20, 30, 200, 80}, {50, 27}, 30, 13, 31, 14},  // places beyond one cell
         {0, weights.data(), {61, 32, 2, 1}, {1, 1}, 14, 9, 17, 12},
         {0, weights.data(), {0, 0, 124, 21}, {33, 9}, 0, 0, 33, 9},           // a place more than a tile has cells
         {1, weights.data(), {0, 0, 124, 21}, {32, 8}, 0, 0, 33, 9},           // a place a cell of a tile
         {0, weights.data(), {150, 60, 130, 60}, {33, 20}, 36, 19, 70, 40}}};  // to the grid's last cells
    CAPTURE(count);
    CHECK(farthest_of(wishes, prototypes, masks_of(wishes, prototypes.view())) < 1e-5);
  }
}

TEST_CASE("blocks of several masks, of which some are enlarged, make each as if it were alone") {
  std::mt19937 random(5);
  constexpr int count = 32, masks = 600;
  Floats prototypes = floats("prototypes", {2, count, 23, 50});
  fill(prototypes, random, -0.5, 0.5);
  const std::vector<float> weights = random_weights(random, masks * count);
  MaskWishes wishes{{count, {50, 23}, 1, 1}, {}};
  for (int i = 0; i < masks; ++i) {
    const int left = static_cast<int>(random() % 20), top = static_cast<int>(random() % 12);
    const int width = 1 + static_cast<int>(random() % 30), height = 1 + static_cast<int>(random() % 11);
    const bool is_enlarged = i % 100 == 7;
    wishes.all.push_back(
        {static_cast<std::size_t>(i % 2),
         weights.data() + i * count,
         {static_cast<float>(left), static_cast<float>(top), static_cast<float>(width), static_cast<float>(height)},
         is_enlarged ? Size{100, 30} : Size{width, height},
         std::max(left - 1, 0),
         std::max(top - 1, 0),
         std::min(left + width + 2, 50),
         std::min(top + height + 2, 23)});
  }
  const auto tiles = cuda::mask_tasks(wishes).tiles;
  CHECK(std::any_of(tiles.begin(), tiles.end(), [](const auto& tile) { return tile.count > 2; }));
  CHECK(farthest_of(wishes, prototypes, masks_of(wishes, prototypes.view())) < 1e-5);
}

TEST_CASE("masks of one tile are shared out among as many blocks as a GPU wants, and among more where they are many") {
  Floats prototypes = floats("prototypes", {2, 1, 7, 31});
  std::mt19937 random(4);
  fill(prototypes, random, -1, 1);
  const float weight = 1;
  MaskWishes wishes{{1, {31, 7}, 1, 1}, {}};
  for (const std::size_t count : {40U, 20000U}) {
    wishes.all.assign(count, {1, &weight, {2, 2, 3, 3}, {3, 3}, 1, 1, 6, 6});
    wishes.all.front().unit = 0;
    const cuda::MaskTasks all = cuda::mask_tasks(wishes);
    CHECK(all.values == 9 * count);
    CHECK(all.tiles.size() == (count == 40 ? 40 : 1 + (count + 14) / 16));
    int next = 0;
    for (const auto& tile : all.tiles) {
      CHECK((tile.unit == (next > 0 ? 1 : 0) && tile.left == 0 && tile.top == 0));
      for (int i = 0; i < cuda::most_masks_of_block; ++i) REQUIRE(tile.masks[i] == next + std::min(i, tile.count - 1));
      next += tile.count;
    }
    CHECK(next == static_cast<int>(count));
  }
  const auto values = masks_of({wishes.grid, {wishes.all[0], wishes.all[1]}}, prototypes.view());
  CHECK(values[4] == doctest::Approx(1 / (1 + std::exp(-prototypes.data[3 * 31 + 3]))));
  CHECK(values[13] == doctest::Approx(1 / (1 + std::exp(-prototypes.data[217 + 3 * 31 + 3]))));
}

TEST_CASE("a row that did not come back is told by its number") {
  Floats tensor = floats("output0", {1, 5, 8});
  ModelSpec spec = spec_of(Head::yolo, {64, 64});
  spec.options["keypoints"] = "1x2";
  spec.options["layout"] = "columns,cells";
  tensor.shape = {1, 7, 8};
  tensor.data.resize(56);
  const auto head = make_head(spec, {tensor.info()});
  std::vector<Details> details;
  MaskWishes masks;
  CHECK_THROWS_WITH_AS(head->describe_rows({}, {{0, 0.5F, {}, 17}}, details, masks),
                       "row 17 is not among the 0 that came back", std::runtime_error);
}
