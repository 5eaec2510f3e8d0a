// What the heads of one body share: its points make its box and its confidence. For heads/*.cpp only.
#pragma once

#include <vector>

#include "algo/heads/tensors.h"

namespace fluvial::heads {

// A head that finds one body in each picture, or none that reaches the threshold: its confidence is the mean of its
// points', and its box bounds those that reach the threshold.
class OneBody : public HeadDecoder {
 public:
  explicit OneBody(const HeadSettings& settings) : thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) final;
  bool has_details() const final { return true; }
  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) final;

 protected:
  // Replaces what `points` held; pixels of the network's input.
  virtual void read_points(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Keypoint>& points) = 0;

 private:
  Thresholds thresholds_;
  std::vector<Keypoint> points_;
};

// Confidences of 0..1, whatever the network says.
float as_confidence(float value);

}  // namespace fluvial::heads
