// YuNet, faces with five landmarks: for each of the strides 8, 16 and 32 two scores, a box and landmarks of each cell,
// [N, cells, 1], [N, cells, 1], [N, cells, 4] and [N, cells, 10] (cls_8, obj_8, bbox_8, kps_8, ...).
// score = sqrt(cls * obj), both clamped to 0..1; centre = (cell + offset) * stride; size = exp(s) * stride; landmark =
// (cell + offset) * stride. Source: libfacedetection.train, and FaceDetectorYN of OpenCV.
#include <algorithm>
#include <cmath>

#include "algo/grids.h"
#include "algo/heads/field.h"

namespace fluvial::heads {
namespace {

struct Level {
  Grid grid;
  Field cls, obj, box, landmarks;
};

float clamped(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

class Yunet : public HeadDecoder {
 public:
  Yunet(std::vector<Level> levels, const HeadSettings& settings) : levels_(std::move(levels)), thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const float threshold = thresholds_.of(0);
    for (auto& level : levels_) {
      for (Field* field : {&level.cls, &level.obj, &level.box}) field->open(outputs, unit, level.grid.cells());
      for (std::size_t cell = 0; cell < level.grid.cells(); ++cell) {
        const float product = clamped(level.cls.at(cell)) * clamped(level.obj.at(cell));
        if (!(product >= threshold * threshold)) continue;
        out.push_back({0, std::sqrt(product), box_at(level, cell), static_cast<std::int32_t>(level.grid.first + cell)});
      }
    }
  }

  bool has_details() const override { return true; }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    for (auto& level : levels_) level.landmarks.open(outputs, unit, level.grid.cells());
    out.clear();
    for (const auto& face : kept) out.push_back({landmarks_of(face), {}});
  }

 private:
  static float x_of(const Level& level, std::size_t cell) {
    return static_cast<float>(cell % static_cast<std::size_t>(level.grid.width));
  }
  static float y_of(const Level& level, std::size_t cell) {
    return static_cast<float>(cell / static_cast<std::size_t>(level.grid.width));
  }

  static Box box_at(const Level& level, std::size_t cell) {
    const auto stride = static_cast<float>(level.grid.stride);
    const float width = std::exp(level.box.at(cell, 2)) * stride;
    const float height = std::exp(level.box.at(cell, 3)) * stride;
    return {(x_of(level, cell) + level.box.at(cell, 0)) * stride - width / 2,
            (y_of(level, cell) + level.box.at(cell, 1)) * stride - height / 2, width, height};
  }

  // They have no confidence of their own: the face's.
  std::vector<Keypoint> landmarks_of(const Detection& face) const {
    const auto row = static_cast<std::size_t>(face.row);
    const auto is_after = [row](const Level& level) { return level.grid.first > row; };
    const Level& level = *std::prev(std::find_if(levels_.begin() + 1, levels_.end(), is_after));
    const std::size_t cell = row - level.grid.first;
    const auto stride = static_cast<float>(level.grid.stride);
    std::vector<Keypoint> points;
    for (int i = 0; i < level.landmarks.channels(); i += 2)
      points.push_back({(x_of(level, cell) + level.landmarks.at(cell, i)) * stride,
                        (y_of(level, cell) + level.landmarks.at(cell, i + 1)) * stride, face.confidence});
    return points;
  }

  std::vector<Level> levels_;
  Thresholds thresholds_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_yunet(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                        const HeadSettings& settings) {
  const std::string needs =
      "for each of the strides 8, 16 and 32 two scores [N, cells, 1], boxes [N, cells, 4] and landmarks [N, cells, "
      "10], "
      "12 outputs; the input's width and height are multiples of 32";
  const auto grids = grids_of(spec.input.size, {8, 16, 32});
  auto scores = outputs_by_grid(outputs, 1);
  const auto boxes = outputs_by_grid(outputs, 4);
  const auto landmarks = outputs_by_grid(outputs, 10);
  if (outputs.size() != 12 || scores.size() != 6 || !may_lie_on(grids, outputs, boxes) ||
      !may_lie_on(grids, outputs, landmarks))
    refuse("yunet", needs, outputs);
  // Sorted by grid they come in pairs; without anything to sort by, all cls come before all obj. Which of a pair is
  // which does not matter: they are multiplied.
  const bool are_sorted = are_of_one_grid(outputs[scores[0]], outputs[scores[1]]);
  std::vector<Level> levels;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t a = are_sorted ? 2 * i : i;
    const std::size_t b = are_sorted ? 2 * i + 1 : i + 3;
    levels.push_back({grids[i], Field(scores[a], 1), Field(scores[b], 1), Field(boxes[i], 4), Field(landmarks[i], 10)});
  }
  return std::make_unique<Yunet>(std::move(levels), settings);
}

}  // namespace fluvial::heads
