#include "algo/resample.h"

#include <algorithm>
#include <cmath>

namespace fluvial {

void Axis::lay(double start, double length, int available, int count) {
  first.resize(static_cast<std::size_t>(count));
  weight.resize(static_cast<std::size_t>(count));
  // The edge of a crop counts as an edge: its neighbours' pixels do not bleed in. The tolerance is for boxes that went
  // through float arithmetic.
  begin = std::clamp(static_cast<int>(std::floor(start + 1e-3)), 0, available - 1);
  end = std::clamp(static_cast<int>(std::ceil(start + length - 1e-3)), begin + 1, available);
  const double step = length / count;
  for (int i = 0; i < count; ++i) {
    const double place = std::clamp(start + (i + 0.5) * step - 0.5, double(begin), double(end - 1)) - begin;
    const int whole = static_cast<int>(place);
    const long share = std::lround((place - whole) * 32768);
    first[static_cast<std::size_t>(i)] = whole;
    weight[static_cast<std::size_t>(i)] = static_cast<Weight>(std::min(share, 32767L));
  }
}

void PlaneSampler::aim(const Plane& plane, const Axis& across, const Axis& down) {
  plane_ = plane;
  across_ = &across;
  down_ = &down;
  const std::size_t count = across.first.size();
  pairs_.resize(count);
  for (int c = 0; c < plane.channel_count(); ++c) {
    wide_[c].resize(static_cast<std::size_t>(across.end - across.begin) + 1);
    out_[c].resize(count);
    kept_[0][c].resize(count);
    kept_[1][c].resize(count);
  }
  kept_row_[0] = kept_row_[1] = -1;
}

void PlaneSampler::row(int y, const Q7* channels[3]) {
  if (down_->is_enlarging()) {
    enlarge_row(y, channels);
  } else {
    shrink_row(y, channels);
  }
}

void PlaneSampler::shrink_row(int y, const Q7* channels[3]) {
  const auto i = static_cast<std::size_t>(y);
  sample(source(down_->first[i]), source(lower(y)), down_->weight[i], out_);
  for (int c = 0; c < plane_.channel_count(); ++c) channels[c] = out_[c].data();
}

void PlaneSampler::enlarge_row(int y, const Q7* channels[3]) {
  const auto i = static_cast<std::size_t>(y);
  const std::vector<Q7>* above = sampled(down_->first[i]);
  const std::vector<Q7>* below = sampled(lower(y));
  const int count = static_cast<int>(across_->first.size());
  for (int c = 0; c < plane_.channel_count(); ++c) {
    rows::blend(above[c].data(), below[c].data(), down_->weight[i], count, out_[c].data());
    channels[c] = out_[c].data();
  }
}

// Neighbouring rows have different parity, so that the two in use never share a place.
const std::vector<Q7>* PlaneSampler::sampled(int source_row) {
  const int place = source_row % 2;
  if (kept_row_[place] != source_row) {
    sample(source(source_row), source(source_row), 0, kept_[place]);
    kept_row_[place] = source_row;
  }
  return kept_[place];
}

void PlaneSampler::sample(const std::uint8_t* upper, const std::uint8_t* lower, Weight weight, std::vector<Q7> out[3]) {
  Q7* const wide[3] = {wide_[0].data(), wide_[1].data(), wide_[2].data()};
  rows::blend_pixels(upper, lower, plane_.step, weight, across_->end - across_->begin, wide);
  for (int c = 0; c < plane_.channel_count(); ++c) {
    rows::resample(wide[c], across_->first.data(), across_->weight.data(), static_cast<int>(pairs_.size()),
                   pairs_.data(), out[c].data());
  }
}

const std::uint8_t* PlaneSampler::source(int source_row) const {
  return plane_.pixels + static_cast<std::ptrdiff_t>(down_->begin + source_row) * plane_.stride +
         static_cast<std::ptrdiff_t>(across_->begin) * plane_.step;
}

int PlaneSampler::lower(int y) const {
  return std::min(down_->first[static_cast<std::size_t>(y)] + 1, down_->end - down_->begin - 1);
}

}  // namespace fluvial
