// DetectNet_v2: coverage [N, C, gh, gw] and boxes [N, 4 C, gh, gw] over a coarse grid (an input of 960x544 has 60x34).
// A cell's centre is at (cell * stride + 0.5) pixels; its four values are distances to the left, top, right and bottom
// edge in units of 35 pixels. Many cells see one object, so clustering must follow.
#include "algo/heads/row_details.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

constexpr float kUnit = 35.0F;
constexpr float kCentre = 0.5F;

class DetectNet : public HeadDecoder {
 public:
  DetectNet(Size input, std::size_t coverage, int class_count, const HeadSettings& settings)
      : input_(input), coverage_(coverage), class_count_(class_count), thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const TensorView& tensor = tensor_at(outputs, coverage_);
    const float* coverage = coverage_reader_.read(tensor, unit, {class_count_, -1, -1});
    map_ = {static_cast<int>(tensor.shape[3]), static_cast<int>(tensor.shape[2])};
    const float* boxes =
        box_reader_.read(tensor_at(outputs, 1 - coverage_), unit, {4 * class_count_, map_.height, map_.width});
    const std::size_t cells = cells_of_map();
    for (int c = 0; c < class_count_; ++c) {
      const std::size_t first = static_cast<std::size_t>(c) * cells;
      for (std::size_t i = 0; i < cells; ++i)
        add(coverage[first + i], {boxes + 4 * first + i, cells}, c, static_cast<int>(i), out);
    }
  }

  // A row is a cell of a class.
  std::optional<RowSelection> selection() const override {
    const auto cells = static_cast<std::int64_t>(cells_of_map());
    if (cells == 0) return std::nullopt;
    RowField coverage, box;
    coverage.output = coverage_;
    coverage.outer_step = cells;
    coverage.inner_step = 1;
    coverage.least = thresholds_.least();
    box.output = 1 - coverage_;
    box.columns = 4;
    box.outer_step = 4 * cells;
    box.inner_step = 1;
    box.column_step = cells;
    return RowSelection{{{class_count_, static_cast<int>(cells), {coverage, box}}}, {}};
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    const int cells = static_cast<int>(cells_of_map());
    for (std::size_t i = 0; i < rows.count; ++i)
      add(rows.row(i)[0], {rows.row(i) + 1, 1}, rows.numbers[i] / cells, rows.numbers[i] % cells, out);
  }

 private:
  std::size_t cells_of_map() const {
    return static_cast<std::size_t>(map_.width) * static_cast<std::size_t>(map_.height);
  }

  void add(float confidence, RowView b, int c, int cell, std::vector<Detection>& out) const {
    if (!(confidence >= thresholds_.of(c))) return;
    const float x = static_cast<float>(cell % map_.width * (input_.width / map_.width)) + kCentre;
    const float y = static_cast<float>(cell / map_.width * (input_.height / map_.height)) + kCentre;
    out.push_back({c, confidence, {x - b[0] * kUnit, y - b[1] * kUnit, (b[0] + b[2]) * kUnit, (b[1] + b[3]) * kUnit}});
  }

  Size input_;
  Size map_;  // of the last whole output
  std::size_t coverage_;
  int class_count_;
  Thresholds thresholds_;
  FloatReader coverage_reader_, box_reader_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_detectnet(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                            const HeadSettings& settings) {
  const std::string needs = "coverage [N, classes, rows, columns] and boxes [N, 4 * classes, rows, columns]";
  if (outputs.size() != 2 || outputs[0].shape.size() != 4 || outputs[1].shape.size() != 4) {
    refuse("detectnet", needs, outputs);
  }
  const std::size_t coverage = outputs[0].shape[1] < outputs[1].shape[1] ? 0 : 1;
  const std::int64_t classes = outputs[coverage].shape[1];
  if (classes < 1 || outputs[1 - coverage].shape[1] != 4 * classes) refuse("detectnet", needs, outputs);
  return std::make_unique<DetectNet>(spec.input.size, coverage, static_cast<int>(classes), settings);
}

}  // namespace fluvial::heads
