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
    for (auto& level : levels_) {
      for (Field* field : {&level.cls, &level.obj, &level.box, &level.landmarks})
        field->open(outputs, unit, level.grid.cells());
      for (std::size_t cell = 0; cell < level.grid.cells(); ++cell) add(level, cell, cell, out);
    }
    has_seen_whole_ = true;
  }

  std::optional<RowSelection> selection() const override {
    if (!has_seen_whole_) return std::nullopt;
    const float enough = least_product() - 1e-6F;  // of either, as the other is 1 at most
    RowSelection wanted;
    for (const auto& level : levels_)
      wanted.parts.push_back(
          {1,
           static_cast<int>(level.grid.cells()),
           {level.cls.row_field(0, 1, RowField::values, enough), level.obj.row_field(0, 1, RowField::values, enough),
            level.box.row_field(0, 4), level.landmarks.row_field(0, level.landmarks.channels())}});
    return wanted;
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    for (auto& level : levels_) {
      const SelectedRows own = open(level, rows);
      for (std::size_t i = 0; i < own.count; ++i)
        add(level, i, static_cast<std::size_t>(own.numbers[i]) - level.grid.first, out);
    }
  }

  void describe_rows(const SelectedRows& rows, const std::vector<Detection>& kept, std::vector<Details>& out,
                     MaskWishes&) override {
    out.clear();
    for (const auto& face : kept) {
      Level& level = level_of(face);
      const SelectedRows own = open(level, rows);
      const auto i = static_cast<std::size_t>(row_numbered(own, face.row) - own.values) / own.width;
      out.push_back({landmarks_of(level, i, face), {}});
    }
  }

  bool has_details() const override { return true; }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    for (auto& level : levels_) level.landmarks.open(outputs, unit, level.grid.cells());
    out.clear();
    for (const auto& face : kept) {
      const Level& level = level_of(face);
      out.push_back({landmarks_of(level, static_cast<std::size_t>(face.row) - level.grid.first, face), {}});
    }
  }

 private:
  static float x_of(const Level& level, std::size_t cell) {
    return static_cast<float>(cell % static_cast<std::size_t>(level.grid.width));
  }
  static float y_of(const Level& level, std::size_t cell) {
    return static_cast<float>(cell / static_cast<std::size_t>(level.grid.width));
  }

  float least_product() const { return thresholds_.of(0) * thresholds_.of(0); }

  static SelectedRows open(Level& level, const SelectedRows& rows) {
    const SelectedRows own = rows_between(rows, level.grid.first, level.grid.first + level.grid.cells());
    level.cls.open(own, 0, RowField::values);
    level.obj.open(own, 1, RowField::values);
    level.box.open(own, 2, RowField::values);
    level.landmarks.open(own, 6, RowField::values);
    return own;
  }

  // `i`: where its numbers stand.
  void add(const Level& level, std::size_t i, std::size_t cell, std::vector<Detection>& out) const {
    const float product = clamped(level.cls.at(i)) * clamped(level.obj.at(i));
    if (!(product >= least_product())) return;
    const auto row = static_cast<std::int32_t>(level.grid.first + cell);
    out.push_back({0, std::sqrt(product), box_at(level, i, cell), row});
  }

  static Box box_at(const Level& level, std::size_t i, std::size_t cell) {
    const auto stride = static_cast<float>(level.grid.stride);
    const float width = std::exp(level.box.at(i, 2)) * stride;
    const float height = std::exp(level.box.at(i, 3)) * stride;
    return {(x_of(level, cell) + level.box.at(i, 0)) * stride - width / 2,
            (y_of(level, cell) + level.box.at(i, 1)) * stride - height / 2, width, height};
  }

  Level& level_of(const Detection& face) {
    const auto row = static_cast<std::size_t>(face.row);
    const auto is_after = [row](const Level& level) { return level.grid.first > row; };
    return *std::prev(std::find_if(levels_.begin() + 1, levels_.end(), is_after));
  }

  // They have no confidence of their own: the face's.
  static std::vector<Keypoint> landmarks_of(const Level& level, std::size_t i, const Detection& face) {
    const std::size_t cell = static_cast<std::size_t>(face.row) - level.grid.first;
    const auto stride = static_cast<float>(level.grid.stride);
    std::vector<Keypoint> points;
    for (int c = 0; c < level.landmarks.channels(); c += 2)
      points.push_back({(x_of(level, cell) + level.landmarks.at(i, c)) * stride,
                        (y_of(level, cell) + level.landmarks.at(i, c + 1)) * stride, face.confidence});
    return points;
  }

  std::vector<Level> levels_;
  bool has_seen_whole_ = false;
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
