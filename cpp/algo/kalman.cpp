#include "algo/kalman.h"

#include <algorithm>

namespace fluvial {
namespace {

constexpr int kWidth = 2;
constexpr int kHeight = 3;
constexpr float kSmallest = 1;  // pixel: a smaller box overlaps nothing and has no noise

float square(float x) { return x * x; }

}  // namespace

void BoxFilter::Spread::grow(float frames, float drift, float push) {
  value += frames * (2 * cross + frames * speed + square(drift));
  cross += frames * speed;
  speed += frames * square(push);
}

BoxFilter::Gain BoxFilter::Spread::shrink(float observation) {
  const float total = value + square(observation);
  const Gain gain{value / total, cross / total};
  speed -= gain.speed * cross;
  cross -= gain.value * cross;
  value -= gain.value * value;
  return gain;
}

BoxFilter::BoxFilter(const Box& first, const KalmanNoise& noise)
    : value_{first.left + first.width / 2, first.top + first.height / 2, first.width, first.height} {
  const float height = std::max(first.height, kSmallest);
  place_.value = size_.value = square(noise.observation * height);
  // Nothing is known of the speed yet: ten times what one frame may change, as DeepSORT starts.
  place_.speed = square(10 * noise.place_push * height);
  size_.speed = square(10 * noise.size_push * height);
}

void BoxFilter::predict(float frames, const KalmanNoise& noise) {
  for (int i = 0; i < 4; ++i) value_[i] += frames * speed_[i];
  value_[kWidth] = std::max(value_[kWidth], kSmallest);
  value_[kHeight] = std::max(value_[kHeight], kSmallest);
  const float height = value_[kHeight];
  place_.grow(frames, noise.place_drift * height, noise.place_push * height);
  size_.grow(frames, noise.size_drift * height, noise.size_push * height);
}

void BoxFilter::update(const Box& observed, const KalmanNoise& noise) {
  const float seen[4] = {observed.left + observed.width / 2, observed.top + observed.height / 2, observed.width,
                         observed.height};
  const float deviation = noise.observation * value_[kHeight];
  const Gain place = place_.shrink(deviation);
  const Gain size = size_.shrink(deviation);
  const Gain gains[4] = {place, place, size, size};
  for (int i = 0; i < 4; ++i) {
    const float surprise = seen[i] - value_[i];
    value_[i] += gains[i].value * surprise;
    speed_[i] += gains[i].speed * surprise;
  }
}

void BoxFilter::stop_resizing() { speed_[kWidth] = speed_[kHeight] = 0; }

Box BoxFilter::box() const {
  return {value_[0] - value_[kWidth] / 2, value_[1] - value_[kHeight] / 2, value_[kWidth], value_[kHeight]};
}

}  // namespace fluvial
