// MoveNet: y, x and confidence of each joint, as shares of the network's input.
//
// Of one body [N, 1, K, 3] (Lightning, Thunder); of several [N, P, 3 K + 5] (MultiPose, [N, 6, 56]), each row its
// joints and then top, left, bottom, right and confidence of the body. Source: the models' cards on TF Hub.
#include <stdexcept>

#include "algo/heads/bodies.h"

namespace fluvial::heads {
namespace {

struct Scale {
  float x, y;
};

Scale scale_of(const ModelSpec& spec) {
  return {static_cast<float>(spec.input.size.width), static_cast<float>(spec.input.size.height)};
}

void read_joints(const float* numbers, std::size_t count, Scale scale, std::vector<Keypoint>& points) {
  points.clear();
  for (std::size_t k = 0; k < count; ++k, numbers += 3)
    points.push_back({numbers[1] * scale.x, numbers[0] * scale.y, as_confidence(numbers[2])});
}

class SinglePose final : public OneBody {
 public:
  SinglePose(const ModelSpec& spec, const HeadSettings& settings) : OneBody(settings), scale_(scale_of(spec)) {}

 private:
  void read_points(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Keypoint>& points) override {
    const TensorView& tensor = tensor_at(outputs, 0);
    const float* numbers = reader_.read(tensor, unit, {1, -1, 3});
    read_joints(numbers, static_cast<std::size_t>(tensor.shape[2]), scale_, points);
  }

  Scale scale_;
  FloatReader reader_;
};

class MultiPose final : public HeadDecoder {
 public:
  MultiPose(const ModelSpec& spec, std::int64_t columns, const HeadSettings& settings)
      : scale_(scale_of(spec)), columns_(static_cast<std::size_t>(columns)), thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const float* rows = read(outputs, unit);
    const auto count = static_cast<std::int32_t>(tensor_at(outputs, 0).shape[1]);
    for (std::int32_t i = 0; i < count; ++i, rows += columns_) {
      const float* box = rows + columns_ - 5;
      if (!(box[4] >= thresholds_.of(0))) continue;
      out.push_back({0,
                     as_confidence(box[4]),
                     {box[1] * scale_.x, box[0] * scale_.y, (box[3] - box[1]) * scale_.x, (box[2] - box[0]) * scale_.y},
                     i});
    }
  }

  bool has_details() const override { return true; }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    const float* rows = read(outputs, unit);
    for (const auto& body : kept) {
      out.emplace_back();
      read_joints(rows + static_cast<std::size_t>(body.row) * columns_, (columns_ - 5) / 3, scale_,
                  out.back().keypoints);
    }
  }

 private:
  const float* read(const std::vector<TensorView>& outputs, std::size_t unit) {
    return reader_.read(tensor_at(outputs, 0), unit, {-1, static_cast<std::int64_t>(columns_)});
  }

  Scale scale_;
  std::size_t columns_;
  Thresholds thresholds_;
  FloatReader reader_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_movenet(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                          const HeadSettings& settings) {
  const Shape shape = outputs.size() == 1 ? outputs[0].shape : Shape{};
  if (shape.size() == 4 && shape[1] == 1 && shape[3] == 3) return std::make_unique<SinglePose>(spec, settings);
  if (shape.size() == 3 && shape[2] > 5 && (shape[2] - 5) % 3 == 0)
    return std::make_unique<MultiPose>(spec, shape[2], settings);
  refuse("movenet", "one [N, 1, K, 3] or [N, P, 3 K + 5]", outputs);
}

}  // namespace fluvial::heads
