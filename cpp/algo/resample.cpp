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

void ChannelSampler::aim(const Channel& channel, const Axis& across, const Axis& down) {
  channel_ = channel;
  across_ = &across;
  down_ = &down;
  const std::size_t count = across.first.size();
  wide_.resize(static_cast<std::size_t>(across.end - across.begin) + 1);
  pairs_.resize(count);
  out_.resize(count);
  for (auto& row : kept_) row.resize(count);
  kept_row_[0] = kept_row_[1] = -1;
}

const Q7* ChannelSampler::row(int y) { return down_->is_enlarging() ? enlarged_row(y) : shrunk_row(y); }

const Q7* ChannelSampler::shrunk_row(int y) {
  const auto i = static_cast<std::size_t>(y);
  rows::blend_samples(source(down_->first[i]), source(lower(y)), channel_.step, down_->weight[i],
                      across_->end - across_->begin, wide_.data());
  rows::resample(wide_.data(), across_->first.data(), across_->weight.data(), static_cast<int>(out_.size()),
                 pairs_.data(), out_.data());
  return out_.data();
}

const Q7* ChannelSampler::enlarged_row(int y) {
  const auto i = static_cast<std::size_t>(y);
  const Q7* above = sampled(down_->first[i]);
  if (down_->weight[i] == 0) return above;
  rows::blend(above, sampled(lower(y)), down_->weight[i], static_cast<int>(out_.size()), out_.data());
  return out_.data();
}

// Neighbouring rows have different parity, so that the two in use never share a place.
const Q7* ChannelSampler::sampled(int source_row) {
  auto& kept = kept_[source_row % 2];
  if (kept_row_[source_row % 2] != source_row) {
    const std::uint8_t* pixels = source(source_row);
    rows::blend_samples(pixels, pixels, channel_.step, 0, across_->end - across_->begin, wide_.data());
    rows::resample(wide_.data(), across_->first.data(), across_->weight.data(), static_cast<int>(kept.size()),
                   pairs_.data(), kept.data());
    kept_row_[source_row % 2] = source_row;
  }
  return kept.data();
}

const std::uint8_t* ChannelSampler::source(int source_row) const {
  return channel_.pixels + static_cast<std::ptrdiff_t>(down_->begin + source_row) * channel_.stride +
         static_cast<std::ptrdiff_t>(across_->begin) * channel_.step;
}

int ChannelSampler::lower(int y) const {
  return std::min(down_->first[static_cast<std::size_t>(y)] + 1, down_->end - down_->begin - 1);
}

}  // namespace fluvial
