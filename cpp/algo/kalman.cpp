#include "algo/kalman.h"

#include <algorithm>

namespace fluvial {
namespace {

constexpr int kWidth = 2;
constexpr int kHeight = 3;
constexpr float kSmallest = 1;  // pixel: a filtered size below it would have no overlap with anything

float square(float x) { return x * x; }

}  // namespace

BoxFilter::BoxFilter(const Box& first, const KalmanNoise& noise)
    : place_{first.left + first.width / 2, first.top + first.height / 2, first.width, first.height},
      // Twice and ten times the usual noise, as DeepSORT starts: the speed is unknown yet.
      variance_place_(square(2 * noise.place * first.height)),
      variance_speed_(square(10 * noise.speed * first.height)) {}

void BoxFilter::predict(float frames, const KalmanNoise& noise) {
  for (int i = 0; i < 4; ++i) place_[i] += frames * speed_[i];
  place_[kWidth] = std::max(place_[kWidth], kSmallest);
  place_[kHeight] = std::max(place_[kHeight], kSmallest);
  const float height = place_[kHeight];
  variance_place_ += frames * (2 * covariance_ + frames * variance_speed_ + square(noise.place * height));
  covariance_ += frames * variance_speed_;
  variance_speed_ += frames * square(noise.speed * height);
}

void BoxFilter::update(const Box& observed, const KalmanNoise& noise, float noise_factor) {
  const float seen[4] = {observed.left + observed.width / 2, observed.top + observed.height / 2, observed.width,
                         observed.height};
  const float total = variance_place_ + square(noise_factor * noise.place * place_[kHeight]);
  const float gain_place = variance_place_ / total;
  const float gain_speed = covariance_ / total;
  for (int i = 0; i < 4; ++i) {
    const float surprise = seen[i] - place_[i];
    place_[i] += gain_place * surprise;
    speed_[i] += gain_speed * surprise;
  }
  variance_speed_ -= gain_speed * covariance_;
  covariance_ -= gain_place * covariance_;
  variance_place_ -= gain_place * variance_place_;
}

void BoxFilter::stop_resizing() { speed_[kWidth] = speed_[kHeight] = 0; }

Box BoxFilter::box() const {
  return {place_[0] - place_[kWidth] / 2, place_[1] - place_[kHeight] / 2, place_[kWidth], place_[kHeight]};
}

}  // namespace fluvial
