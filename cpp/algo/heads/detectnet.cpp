// DetectNet_v2: coverage [N, C, gh, gw] and boxes [N, 4 C, gh, gw] over a coarse grid (an input of 960x544 has 60x34).
// A cell's centre is at (cell * stride + 0.5) pixels; its four values are distances to the left, top, right and bottom
// edge in units of 35 pixels. Many cells see one object, so clustering must follow.
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
    const std::int64_t rows = tensor.shape[2];
    const std::int64_t columns = tensor.shape[3];
    const float* boxes = box_reader_.read(tensor_at(outputs, 1 - coverage_), unit, {4 * class_count_, rows, columns});
    const std::int64_t cells = rows * columns;
    for (int c = 0; c < class_count_; ++c) {
      const float threshold = thresholds_.of(c);
      for (std::int64_t i = 0; i < cells; ++i) {
        const float confidence = coverage[c * cells + i];
        if (!(confidence >= threshold)) continue;
        out.push_back(
            {c, confidence, box_at(boxes + 4 * c * cells + i, cells, i % columns, i / columns, rows, columns)});
      }
    }
  }

 private:
  Box box_at(const float* b, std::int64_t cells, std::int64_t column, std::int64_t row, std::int64_t rows,
             std::int64_t columns) const {
    const float x = static_cast<float>(column * (input_.width / columns)) + kCentre;
    const float y = static_cast<float>(row * (input_.height / rows)) + kCentre;
    return {x - b[0] * kUnit, y - b[cells] * kUnit, (b[0] + b[2 * cells]) * kUnit, (b[cells] + b[3 * cells]) * kUnit};
  }

  Size input_;
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
