// Top-down pose by two vectors a joint: simcc_x [N, K, columns] and simcc_y [N, K, rows], as RTMPose gives them.
//
// A vector has a fixed number of bins a pixel of the input (two, mostly); its greatest is the coordinate. The lesser of
// both values is the confidence. Source: Li et al., "SimCC"; MMPose's get_simcc_maximum.
#include <algorithm>

#include "algo/heads/bodies.h"

namespace fluvial::heads {
namespace {

class Simcc final : public OneBody {
 public:
  Simcc(const ModelSpec& spec, std::size_t x, std::size_t y, const HeadSettings& settings)
      : OneBody(settings), input_(spec.input.size), x_(x), y_(y) {}

 private:
  void read_points(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Keypoint>& points) override {
    const TensorView &along_x = tensor_at(outputs, x_), &along_y = tensor_at(outputs, y_);
    const float* xs = x_reader_.read(along_x, unit, {-1, -1});
    const float* ys = y_reader_.read(along_y, unit, {along_x.shape[1], -1});
    const std::int64_t columns = along_x.shape[2], rows = along_y.shape[2];
    points.clear();
    if (columns <= 0 || rows <= 0) return;
    for (std::int64_t k = 0; k < along_x.shape[1]; ++k, xs += columns, ys += rows) {
      const Best x = best_of(xs, static_cast<int>(columns), 0), y = best_of(ys, static_cast<int>(rows), 0);
      points.push_back({place(x.index, input_.width, columns), place(y.index, input_.height, rows),
                        as_confidence(std::min(x.value, y.value))});
    }
  }

  static float place(int bin, int pixels, std::int64_t bins) {
    return static_cast<float>(bin) * static_cast<float>(pixels) / static_cast<float>(bins);
  }

  Size input_;
  std::size_t x_, y_;
  FloatReader x_reader_, y_reader_;
};

}  // namespace

// Names tell which is which; without them, the order does.
std::unique_ptr<HeadDecoder> make_simcc(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                        const HeadSettings& settings) {
  const auto is_vectors = [](const TensorInfo& o) { return o.shape.size() == 3; };
  if (outputs.size() != 2 || !std::all_of(outputs.begin(), outputs.end(), is_vectors) ||
      outputs[0].shape[1] != outputs[1].shape[1])
    refuse("simcc", "simcc_x [N, K, columns] and simcc_y [N, K, rows]", outputs);
  const bool is_swapped = outputs[0].name == "simcc_y";
  return std::make_unique<Simcc>(spec, is_swapped ? 1 : 0, is_swapped ? 0 : 1, settings);
}

}  // namespace fluvial::heads
