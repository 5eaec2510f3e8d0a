// Top-down pose by heat maps: [N, K, h, w], one map a joint, as HRNet and SimpleBaseline give them.
//
// The greatest cell is the joint and its value the confidence. Cells are coarse, so the place is refined by the
// neighbours ("refine=quarter|parabola|none"): a quarter of a cell towards the greater one (Xiao et al., "Simple
// Baselines", the default), or to the top of the parabola through the three.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/bodies.h"

namespace fluvial::heads {
namespace {

enum class Refine { none, quarter, parabola };

float towards_greater(float before, float after) { return after > before ? 0.25F : after < before ? -0.25F : 0.0F; }

float top_of_parabola(float before, float at, float after) {
  const float bend = before - 2 * at + after;
  return bend < 0 ? std::clamp((before - after) / (2 * bend), -0.5F, 0.5F) : 0.0F;
}

class Heatmaps final : public OneBody {
 public:
  Heatmaps(const ModelSpec& spec, Refine refine, const HeadSettings& settings)
      : OneBody(settings), input_(spec.input.size), refine_(refine) {}

 private:
  void read_points(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Keypoint>& points) override {
    const TensorView& tensor = tensor_at(outputs, 0);
    const float* map = reader_.read(tensor, unit, {-1, -1, -1});
    const auto height = static_cast<int>(tensor.shape[2]), width = static_cast<int>(tensor.shape[3]);
    points.clear();
    if (width <= 0 || height <= 0) return;
    for (std::int64_t k = 0; k < tensor.shape[1]; ++k, map += std::ptrdiff_t{width} * height)
      points.push_back(point_in(map, width, height));
  }

  Keypoint point_in(const float* map, int width, int height) const {
    const Best best = best_of(map, width * height, 0);
    const int x = best.index % width, y = best.index / width;
    const float column = static_cast<float>(x) + shift(map + best.index, x, width, 1);
    const float row = static_cast<float>(y) + shift(map + best.index, y, height, width);
    return {column * static_cast<float>(input_.width) / static_cast<float>(width),
            row * static_cast<float>(input_.height) / static_cast<float>(height), as_confidence(best.value)};
  }

  // At an edge there is nothing to compare with.
  float shift(const float* at, int place, int count, std::ptrdiff_t step) const {
    if (refine_ == Refine::none || place <= 0 || place + 1 >= count) return 0;
    return refine_ == Refine::quarter ? towards_greater(at[-step], at[step])
                                      : top_of_parabola(at[-step], *at, at[step]);
  }

  Size input_;
  Refine refine_;
  FloatReader reader_;
};

Refine refine_of(const ModelSpec& spec) {
  const std::string word = option(spec, "refine", "quarter");
  if (word == "quarter") return Refine::quarter;
  if (word == "parabola") return Refine::parabola;
  if (word == "none") return Refine::none;
  throw std::invalid_argument("head heatmaps: option refine=" + word + "; allowed are quarter, parabola, none");
}

}  // namespace

std::unique_ptr<HeadDecoder> make_heatmaps(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                           const HeadSettings& settings) {
  if (outputs.empty() || outputs[0].shape.size() != 4) refuse("heatmaps", "a first output [N, K, h, w]", outputs);
  return std::make_unique<Heatmaps>(spec, refine_of(spec), settings);
}

}  // namespace fluvial::heads
