// Bilinear sampling of one channel of a picture, a row of the result at a time.
//
// The grid is that of OpenCV's INTER_LINEAR: centres of pixels lie at halves, and what lies past the edge repeats it.
// When rows are dropped (shrinking), two source rows are blended first and the taps taken once. When rows repeat
// (enlarging), each source row is sampled once, kept, and blended as often as needed.
#pragma once

#include <cstdint>
#include <vector>

#include "algo/pixel_rows.h"

namespace fluvial {

// Where the samples of one direction come from.
struct Axis {
  int begin = 0;  // first source sample touched
  int end = 0;    // past the last
  std::vector<std::int32_t> first;  // by output sample, counted from begin; the second is the next one
  std::vector<Weight> weight;       // of the second

  // `count` samples over [start, start + length) of a source of `available` samples, which is never left.
  void lay(double start, double length, int available, int count);
  bool is_enlarging() const { return static_cast<int>(first.size()) >= end - begin; }
};

// One channel of a picture in memory.
struct Channel {
  const std::uint8_t* pixels = nullptr;
  int stride = 0;  // bytes from row to row
  int step = 1;    // bytes from sample to sample
};

// Belongs to one stream of work; not thread-safe. Does not own the axes, which must stay as they are from aim() to row().
class ChannelSampler {
 public:
  void aim(const Channel& channel, const Axis& across, const Axis& down);

  // The row `y` of the result; valid until the next call. One more sample than `across` has may be read.
  const Q7* row(int y);

 private:
  const Q7* shrunk_row(int y);
  const Q7* enlarged_row(int y);
  const Q7* sampled(int source_row);
  const std::uint8_t* source(int source_row) const;
  int lower(int y) const;  // the second source row of row y, counted from begin

  Channel channel_;
  const Axis* across_ = nullptr;
  const Axis* down_ = nullptr;
  std::vector<Q7> wide_;               // a row of the source, with one sample more, as pairs are fetched
  std::vector<std::uint32_t> pairs_;
  std::vector<Q7> out_;
  std::vector<Q7> kept_[2];            // source rows already sampled: row r is in kept_[r % 2]
  int kept_row_[2] = {-1, -1};
};

}  // namespace fluvial
