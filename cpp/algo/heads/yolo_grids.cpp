// YOLOv3, v4, v5 and v7 without decoding in the graph: one output a stride, [N, A (5 + C), h, w] or [N, A, h, w, 5 +
// C], or with channels last [N, h, w, A (5 + C)], [N, h, w, A, 5 + C]. Numbers are x, y, w, h, objectness, classes, all
// but w and h of v3 and v4 before their sigmoid; score = objectness * class.
//   v3      centre = (sigmoid(xy) + cell) * stride              size = anchor * exp(wh)
//   v4      the same with sigmoid(xy) * s - (s - 1) / 2, s a little more than 1, by stride
//   v5, v7  centre = (2 sigmoid(xy) - 0.5 + cell) * stride      size = anchor * (2 sigmoid(wh))^2
// Sources: arxiv.org/abs/1804.02767 and the cfg files of github.com/AlexeyAB/darknet (masks, scale_x_y);
// github.com/ultralytics/yolov5 and github.com/WongKinYiu/yolov7 (models/yolo.py, cfg of each).
// Options: "version=3|3-tiny|4|4-tiny|5|5-p6|7|7-tiny"; "anchors=w,h,..." in pixels, those of the finest grid first;
// "values=auto|logits|probabilities": some exports have the sigmoid in the graph. Auto looks, as probabilities of
// objectness are never outside of 0..1.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "algo/heads/row_details.h"
#include "algo/heads/settled.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

constexpr int kLeastColumns = 6;
constexpr float kAll = 1;

struct Version {
  const char* word;
  bool is_squared;               // v5 and v7's formula
  std::vector<float> anchors;    // finest grid first, three pairs each
  std::vector<float> stretches;  // of xy, v4's s
};

const std::vector<Version>& versions() {
  static const std::vector<float> v3 = {10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326};
  static const std::vector<float> v4 = {12, 16, 19, 36, 40, 28, 36, 75, 76, 55, 72, 146, 142, 110, 192, 243, 459, 401};
  static const std::vector<float> p6 = {19,  27,  44,  40,  38,  94,  96,  68,  86,  152, 180, 137,
                                        140, 301, 303, 264, 238, 542, 436, 615, 739, 380, 925, 792};
  static const std::vector<Version> all = {
      {"3", false, v3, {1, 1, 1}},
      {"3-tiny", false, {10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319}, {1, 1}},
      {"4", false, v4, {1.2F, 1.1F, 1.05F}},
      {"4-tiny", false, {23, 27, 37, 58, 81, 82, 81, 82, 135, 169, 344, 319}, {1.05F, 1.05F}},
      {"5", true, v3, {}},
      {"5-p6", true, p6, {}},
      {"7", true, v4, {}},
      {"7-tiny", true, v3, {}},
  };
  return all;
}

const Version& version_of(const ModelSpec& spec) {
  const std::string word = option(spec, "version", "");
  std::string allowed;
  for (const auto& version : versions()) {
    if (word == version.word) return version;
    allowed += (allowed.empty() ? "" : ", ") + std::string(version.word);
  }
  throw std::invalid_argument("head yolo_grids: option version=" + word + "; allowed are " + allowed);
}

std::vector<float> anchors_of(const ModelSpec& spec, const Version& version, std::size_t grids) {
  const std::string text = option(spec, "anchors", "");
  if (text.empty()) return version.anchors;
  std::vector<float> numbers;
  for (const char* at = text.c_str(); *at != '\0';) {
    char* end = nullptr;
    const float number = std::strtof(at, &end);
    const bool is_good = end != at && number > 0 && number < 1e5F && (*end == ',' || *end == '\0');
    if (!is_good) {
      numbers.clear();
      break;
    }
    numbers.push_back(number);
    at = *end == ',' ? end + 1 : end;
  }
  if (!numbers.empty() && numbers.size() % (2 * grids) == 0) return numbers;
  throw std::invalid_argument("head yolo_grids: option anchors=" + text +
                              "; allowed are widths and heights in pixels, as " + "many for each of the " +
                              std::to_string(grids) + " outputs: 10,13,16,30,...");
}

// One output: where its numbers lie. A place is anchor * of_anchor + row * of_row + column * of_column + i * of_number.
struct Grid {
  std::size_t output = 0;
  Size cells;
  float stride = 0;
  float stretch = kAll;
  const float* anchors = nullptr;  // pairs
  Shape shape;                     // without the batch
  std::int64_t of_anchor = 0, of_row = 0, of_column = 0, of_number = 0;
};

class YoloGrids : public HeadDecoder {
 public:
  YoloGrids(const ModelSpec& spec, std::vector<Grid> grids, std::vector<float> anchors, int anchor_count, int columns,
            const HeadSettings& settings)
      : grids_(std::move(grids)),
        anchors_(std::move(anchors)),
        anchor_count_(anchor_count),
        columns_(columns),
        is_squared_(version_of(spec).is_squared),
        values_(option(spec, "values", "auto")),
        thresholds_(settings),
        readers_(grids_.size()),
        numbers_(grids_.size()) {
    for (std::size_t i = 0; i < grids_.size(); ++i)
      grids_[i].anchors = anchors_.data() + i * 2 * static_cast<std::size_t>(anchor_count_);
  }

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    for (std::size_t i = 0; i < grids_.size(); ++i)
      numbers_[i] = readers_[i].read(tensor_at(outputs, grids_[i].output), unit, grids_[i].shape);
    is_logits_ = values_ == "logits" || (values_ == "auto" && looks_logits());
    settled_.saw(is_logits_);
    row_ = 0;
    for (std::size_t i = 0; i < grids_.size(); ++i) decode(grids_[i], numbers_[i], out);
  }

  std::optional<RowSelection> selection() const override {
    if (!settled_.is_settled()) return std::nullopt;
    RowSelection wanted;
    for (const auto& grid : grids_) {
      RowField box = field_of(grid, 0, 4), objectness = field_of(grid, 4, 1), classes = field_of(grid, 5, columns_ - 5);
      classes.kind = RowField::greatest;
      objectness.least = classes.least = least_value();
      wanted.parts.push_back({anchor_count_, grid.cells.width * grid.cells.height, {box, objectness, classes}});
    }
    return wanted;
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    std::size_t first = 0;
    for (const auto& grid : grids_) {
      const int width = grid.cells.width;
      const std::size_t cells = static_cast<std::size_t>(width) * static_cast<std::size_t>(grid.cells.height);
      const SelectedRows own = rows_between(rows, first, first + cells * static_cast<std::size_t>(anchor_count_));
      for (std::size_t i = 0; i < own.count; ++i) {
        const auto within = static_cast<std::size_t>(own.numbers[i]) - first;
        const int cell = static_cast<int>(within % cells);
        const Place place{static_cast<int>(within / cells), cell % width, cell / width, own.numbers[i]};
        add(grid, {own.row(i), 1}, greatest_in(own.row(i) + 5), place, out);
      }
      first += cells * static_cast<std::size_t>(anchor_count_);
    }
  }

 private:
  struct Place {
    int anchor, x, y;
    std::int32_t row;
  };

  RowField field_of(const Grid& grid, int first, int count) const {
    RowField field;
    field.output = grid.output;
    field.columns = count;
    field.outer_step = grid.of_anchor;
    field.inner_step = grid.of_column;  // grids have no gaps: a row of them ends where the next begins
    field.column_step = grid.of_number;
    field.first = first * grid.of_number;
    return field;
  }

  template <typename Call>
  void each_cell(const Grid& grid, const float* numbers, Call call) const {
    for (int a = 0; a < anchor_count_; ++a)
      for (int y = 0; y < grid.cells.height; ++y)
        for (int x = 0; x < grid.cells.width; ++x)
          call(numbers + a * grid.of_anchor + y * grid.of_row + x * grid.of_column, a, x, y);
  }

  bool looks_logits() const {
    bool is_outside = false;
    for (std::size_t i = 0; i < grids_.size() && !is_outside; ++i) {
      each_cell(grids_[i], numbers_[i], [&](const float* cell, int, int, int) {
        const float objectness = cell[4 * grids_[i].of_number];
        is_outside = is_outside || objectness < 0 || objectness > 1;
      });
    }
    return is_outside;
  }

  float probability(float value) const { return is_logits_ ? sigmoid(value) : value; }

  // A sigmoid for each cell of three grids would take longer than all else here.
  float least_value() const { return is_logits_ ? least_logit(thresholds_.least()) : thresholds_.least(); }

  void decode(const Grid& grid, const float* numbers, std::vector<Detection>& out) {
    const float least = least_value();
    each_cell(grid, numbers, [&](const float* cell, int a, int x, int y) {
      const std::int32_t row = row_++;
      if (!(cell[4 * grid.of_number] >= least)) return;
      const RowView view{cell, static_cast<std::size_t>(grid.of_number)};
      add(grid, view, best_class(cell, grid.of_number), {a, x, y, row}, out);
    });
  }

  // `cell`: box and objectness.
  void add(const Grid& grid, RowView cell, const Best& best, const Place& place, std::vector<Detection>& out) const {
    const float score = probability(cell[4]) * probability(best.value);
    if (score >= thresholds_.of(best.index)) out.push_back({best.index, score, box_at(grid, cell, place), place.row});
  }

  Best best_class(const float* cell, std::int64_t step) const {
    Best best{0, cell[5 * step]};
    for (int c = 1; c < columns_ - 5; ++c)
      if (cell[(5 + c) * step] > best.value) best = {c, cell[(5 + c) * step]};
    return best;
  }

  Box box_at(const Grid& grid, RowView cell, const Place& place) const {
    const float stretch = is_squared_ ? 2 : grid.stretch;
    const auto centre = [&](int i, int at) {
      return (probability(cell[i]) * stretch - (stretch - 1) / 2 + static_cast<float>(at)) * grid.stride;
    };
    const auto length = [&](int i) {
      const float base = is_squared_ ? 2 * probability(cell[2 + i]) : 0;
      return grid.anchors[2 * place.anchor + i] * (is_squared_ ? base * base : std::exp(cell[2 + i]));
    };
    const float width = length(0);
    const float height = length(1);
    return {centre(0, place.x) - width / 2, centre(1, place.y) - height / 2, width, height};
  }

  std::vector<Grid> grids_;
  std::vector<float> anchors_;
  int anchor_count_, columns_;
  bool is_squared_;
  bool is_logits_ = true;
  std::string values_;
  Thresholds thresholds_;
  std::vector<FloatReader> readers_;
  std::vector<const float*> numbers_;
  std::int32_t row_ = 0;
  Settled<bool> settled_;
};

// Whether rows and columns of a grid stand from this place of a shape on.
bool is_grid_at(const Shape& shape, std::size_t rows, Size input, int& stride) {
  for (int s : {8, 16, 32, 64}) {
    if (shape[rows] != input.height / s || shape[rows + 1] != input.width / s) continue;
    stride = s;
    return true;
  }
  return false;
}

bool lay_out(const TensorInfo& output, Size input, int anchors, Grid& grid, std::int64_t& columns) {
  const Shape& s = output.shape;
  if (s.size() != 4 && s.size() != 5) return false;
  int stride = 0;
  const bool are_channels_first = is_grid_at(s, 2, input, stride);
  if (!are_channels_first && !is_grid_at(s, 1, input, stride)) return false;
  grid.stride = static_cast<float>(stride);
  grid.cells = {input.width / stride, input.height / stride};
  const std::int64_t w = grid.cells.width;
  const std::int64_t cells = w * grid.cells.height;
  const std::int64_t channels = are_channels_first ? s[1] : s[3];
  columns = s.size() == 5 ? s[4] : channels / anchors;
  if (columns < kLeastColumns || channels != (s.size() == 5 ? anchors : anchors * columns)) return false;
  grid.shape = Shape(s.begin() + 1, s.end());
  grid.shape[are_channels_first ? 1 : 0] = grid.cells.height;
  grid.shape[are_channels_first ? 2 : 1] = w;
  if (are_channels_first && s.size() == 4) {
    grid.of_anchor = columns * cells, grid.of_row = w, grid.of_column = 1, grid.of_number = cells;
  } else if (are_channels_first) {
    grid.of_anchor = columns * cells, grid.of_row = columns * w, grid.of_column = columns, grid.of_number = 1;
  } else {
    grid.of_anchor = columns, grid.of_row = anchors * columns * w, grid.of_column = anchors * columns;
    grid.of_number = 1;
  }
  return true;
}

}  // namespace

std::unique_ptr<HeadDecoder> make_yolo_grids(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                             const HeadSettings& settings) {
  const Version& version = version_of(spec);
  const std::size_t usual = version.anchors.size() / 6;
  if (outputs.empty()) refuse("yolo_grids", "one output a stride", outputs);
  const std::vector<float> anchors = anchors_of(spec, version, outputs.size());
  const int anchor_count = static_cast<int>(anchors.size() / 2 / outputs.size());
  const std::string needs = "an output for each stride, " + std::to_string(usual) + " of version " + version.word +
                            ": [N, " + std::to_string(anchor_count) + " * (5 + classes), rows, columns], [N, " +
                            std::to_string(anchor_count) + ", rows, columns, 5 + classes] or channels last";
  if (anchors.size() % (2 * outputs.size()) != 0 || (option(spec, "anchors", "").empty() && outputs.size() != usual))
    refuse("yolo_grids", needs, outputs);
  std::vector<Grid> grids(outputs.size());
  std::int64_t columns = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    std::int64_t own = 0;
    grids[i].output = i;
    if (!lay_out(outputs[i], spec.input.size, anchor_count, grids[i], own) || (i > 0 && own != columns))
      refuse("yolo_grids", needs, outputs);
    columns = own;
  }
  std::sort(grids.begin(), grids.end(), [](const Grid& a, const Grid& b) { return a.stride < b.stride; });
  for (std::size_t i = 0; i < grids.size() && i < version.stretches.size(); ++i)
    grids[i].stretch = version.stretches[i];
  return std::make_unique<YoloGrids>(spec, std::move(grids), anchors, anchor_count, static_cast<int>(columns),
                                     settings);
}

}  // namespace fluvial::heads
