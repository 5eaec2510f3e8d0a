// Bilinear sampling of one plane of a picture, a row of the result at a time.
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
  int begin = 0;                    // first source sample touched
  int end = 0;                      // past the last
  std::vector<std::int32_t> first;  // by output sample, counted from begin; the second is the next one
  std::vector<Weight> weight;       // of the second

  // `count` samples over [start, start + length) of a source of `available` samples, which is never left.
  void lay(double start, double length, int available, int count);
  bool is_enlarging() const { return static_cast<int>(first.size()) >= end - begin; }
};

// One plane of a picture in memory, of one channel (a pixel has 1 byte), two (2 bytes) or three (3 or 4 bytes).
struct Plane {
  const std::uint8_t* pixels = nullptr;
  int stride = 0;  // bytes from row to row
  int step = 1;    // bytes from pixel to pixel

  int channel_count() const { return step < 3 ? step : 3; }
};

// Belongs to one stream of work; not thread-safe. Does not own the axes, which must stay as they are from aim() to
// row().
class PlaneSampler {
 public:
  void aim(const Plane& plane, const Axis& across, const Axis& down);

  // The row `y` of the result, by channel; valid until the next call.
  void row(int y, const Q7* channels[3]);

 private:
  void shrink_row(int y, const Q7* channels[3]);
  void enlarge_row(int y, const Q7* channels[3]);
  const std::vector<Q7>* sampled(int source_row);
  void sample(const std::uint8_t* upper, const std::uint8_t* lower, Weight weight, std::vector<Q7> out[3]);
  const std::uint8_t* source(int source_row) const;
  int lower(int y) const;  // the second source row of row y, counted from begin

  Plane plane_;
  const Axis* across_ = nullptr;
  const Axis* down_ = nullptr;
  std::vector<Q7> wide_[3];  // a row of the source, with one sample more, as pairs are fetched
  std::vector<std::uint32_t> pairs_;
  std::vector<Q7> out_[3];
  std::vector<Q7> kept_[2][3];  // source rows already sampled: row r is in kept_[r % 2]
  int kept_row_[2] = {-1, -1};
};

}  // namespace fluvial
