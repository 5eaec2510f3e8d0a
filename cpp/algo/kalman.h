// Where a box will be next, from where it was.
#pragma once

#include "types/geometry.h"

namespace fluvial {

// Standard deviations as parts of the box's height, so that near and far objects are treated alike.
//
// ByteTrack and DeepSORT let the place wander by 1/20 of the height in each frame beside the speed; that makes the
// filter follow every jitter of the detector. Far less of it, and a little more change of speed, keeps clearly more
// identities.
struct KalmanNoise {
  float observation = 0.05F;   // of one detection
  float place_drift = 0.01F;   // of the centre in one frame, beyond its speed
  float place_push = 0.0085F;  // change of the centre's speed in one frame
  float size_drift = 0.02F;    // the same for width and height, which change slowly
  float size_push = 0.0017F;
};

// Constant-velocity filter of centre, width and height, in the line of SORT (Bewley et al. 2016, which has area and
// aspect ratio instead) with DeepSORT's idea of noise relative to height (Wojke et al. 2017).
//
// The four values never mix, and both of a pair (x and y, width and height) have the same noise. So the papers' 8x8
// covariance falls apart into two different 2x2 blocks: the same estimate, without a matrix and without a branch.
class BoxFilter {
 public:
  BoxFilter() = default;
  BoxFilter(const Box& first, const KalmanNoise& noise);

  void predict(float frames, const KalmanNoise& noise);
  void update(const Box& observed, const KalmanNoise& noise);

  // The size of something unseen is better kept than extrapolated: it would shrink to nothing or fill the frame.
  void stop_resizing();

  Box box() const;
  float speed_x() const { return speed_[0]; }  // pixels a frame, of the centre
  float speed_y() const { return speed_[1]; }

 private:
  struct Gain {
    float value;
    float speed;
  };
  // Covariance of a value and its speed.
  struct Spread {
    float value = 0;
    float cross = 0;
    float speed = 0;

    void grow(float frames, float drift, float push);
    Gain shrink(float observation);
  };

  float value_[4] = {};  // centre x, centre y, width, height
  float speed_[4] = {};  // the same, per frame
  Spread place_;         // of each of the first two
  Spread size_;          // of each of the last two
};

}  // namespace fluvial
