// Where a box will be next, from where it was.
#pragma once

#include "types/geometry.h"

namespace fluvial {

// Standard deviations as a part of the box's height, so that near and far objects are treated alike.
struct KalmanNoise {
  float place = 0.05F;     // of one observation, and of one frame's unmodelled movement
  float speed = 0.00625F;  // change of speed in one frame
};

// Constant-velocity filter of centre, width and height, of the SORT lineage (Bewley et al. 2016; the noise model is
// DeepSORT's, Wojke et al. 2017).
//
// All four values have the same noise model and never mix, so the 8x8 covariance of the papers falls apart into four
// equal 2x2 blocks: one block is kept and one gain serves all four. That is the same estimate, without a matrix.
class BoxFilter {
 public:
  BoxFilter() = default;
  BoxFilter(const Box& first, const KalmanNoise& noise);

  void predict(float frames, const KalmanNoise& noise);

  // noise_factor scales the observation's standard deviation: 1 for a sure detection, more for a doubtful one.
  void update(const Box& observed, const KalmanNoise& noise, float noise_factor = 1);

  // The size of something unseen is better kept than extrapolated: a shrinking box would vanish.
  void stop_resizing();

  Box box() const;
  float speed_x() const { return speed_[0]; }  // pixels a frame, of the centre
  float speed_y() const { return speed_[1]; }

 private:
  float place_[4] = {};  // centre x, centre y, width, height
  float speed_[4] = {};  // the same, per frame
  float variance_place_ = 0;
  float covariance_ = 0;
  float variance_speed_ = 0;
};

}  // namespace fluvial
