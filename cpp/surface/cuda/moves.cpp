#include "surface/cuda/moves.h"

#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "surface/format.h"
#include "surface/system/convert.h"

namespace fluvial::cuda {
namespace {

int format_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::nv12: return Move::nv12;
    case PixelFormat::i420: return Move::i420;
    case PixelFormat::rgba: return Move::rgba;
    case PixelFormat::bgrx: return Move::bgrx;
    case PixelFormat::rgb: return Move::rgb;
    case PixelFormat::gray8: return Move::gray8;
    default: throw std::runtime_error("a surface without pixels cannot be converted");
  }
}

// --- where libyuv samples --------------------------------------------------------------------------------------------

enum class Taps { nearest, linear, bilinear, box };

// As ScaleFilterReduce has it: linear is so across alone.
Taps reduced(Size from, Size to, Filter filter) {
  Taps taps = filter == Filter::nearest ? Taps::nearest : filter == Filter::box ? Taps::box : Taps::bilinear;
  if (taps == Taps::box && (to.width * 2 >= from.width || to.height * 2 >= from.height)) taps = Taps::bilinear;
  if (taps == Taps::bilinear && (from.height == 1 || to.height == from.height || to.height * 3 == from.height))
    taps = Taps::linear;
  if ((taps == Taps::bilinear || taps == Taps::linear) && from.width == 1) taps = Taps::nearest;
  if (taps == Taps::linear && (to.width == from.width || to.width * 3 == from.width)) taps = Taps::nearest;
  return taps;
}

constexpr int half = 32768, whole = 65536, no_edge = std::numeric_limits<int>::max();

int step_of(int from, int to) { return static_cast<int>((static_cast<std::int64_t>(from) << 16) / to); }

Samples nearest_samples(int from, int to) {
  const int step = step_of(from, to);
  return {Samples::nearest, step / 2, step, from - 1, no_edge};
}

// Shrinking, the middles of both grids coincide; enlarging, their first and last samples do.
Samples linear_samples(int from, int to) {
  if (to <= from) {
    const int step = step_of(from, to);
    return {Samples::linear, step / 2 - half, step, from - 1, no_edge};
  }
  const int step =
      from > 1 && to > 1 ? static_cast<int>(((static_cast<std::int64_t>(from) << 16) - whole - 1) / (to - 1)) : 0;
  return {Samples::linear, 0, step, from - 1, no_edge};
}

// Twice as large: the middles coincide here too.
Samples doubled_samples(int from, int to) {
  return {Samples::linear, -whole / 4, half, from - 1, to % 2 == 1 ? to - 1 : no_edge};
}

bool is_part(Size from, Size to, int of, int parts) {
  return of * to.width == parts * from.width && of * to.height == parts * from.height;
}

bool is_doubled(int from, int to) { return (to + 1) / 2 == from; }

struct Sampling {
  Samples columns, rows;
};

Sampling by(Taps taps, Size from, Size to, bool knows_double = true) {
  Sampling s;
  s.columns = taps == Taps::nearest ? nearest_samples(from.width, to.width) : linear_samples(from.width, to.width);
  s.rows = taps == Taps::bilinear ? linear_samples(from.height, to.height) : nearest_samples(from.height, to.height);
  if (!knows_double) return s;
  if (taps == Taps::linear && is_doubled(from.width, to.width)) s.columns = doubled_samples(from.width, to.width);
  if (taps == Taps::bilinear && is_doubled(from.width, to.width) && is_doubled(from.height, to.height))
    s = {doubled_samples(from.width, to.width), doubled_samples(from.height, to.height)};
  return s;
}

Sampling means(Size from, Size to) {
  return {{Samples::mean, 0, step_of(from.width, to.width), from.width - 1, no_edge},
          {Samples::mean, 0, step_of(from.height, to.height), from.height - 1, no_edge}};
}

Sampling by_thirds(Samples::Kind kind, Size from, Taps taps) {
  const int step = taps == Taps::nearest ? 1 : 0;
  return {{kind, 0, step, from.width - 1, no_edge}, {kind, 0, step, from.height - 1, no_edge}};
}

// ScalePlane: one byte a sample.
Sampling of_plane(Size from, Size to, Filter filter) {
  const Taps taps = reduced(from, to, filter);
  if (to.width == from.width && taps != Taps::box) {
    Sampling s = by(Taps::nearest, from, to);
    s.rows = linear_samples(from.height, to.height);
    if (taps != Taps::bilinear) s.rows.kind = Samples::nearest;
    if (to.height == from.height) s.rows = nearest_samples(from.height, to.height);
    return s;
  }
  if (is_part(from, to, 4, 3)) return by_thirds(Samples::three_of_four, from, taps);
  if (is_part(from, to, 8, 3)) return by_thirds(Samples::three_of_eight, from, taps);
  if (taps == Taps::box) return means(from, to);
  return by(taps, from, to);
}

// ScaleUV and ScaleARGB: several bytes a sample. Their box is two samples wide, whatever the step, but for quarters.
Sampling of_packed(Size from, Size to, Filter filter, bool is_chroma) {
  const Taps taps = reduced(from, to, filter);
  if (taps != Taps::box) return by(taps, from, to, is_chroma);
  if (is_part(from, to, 4, 1)) return means(from, to);
  Sampling s = by(Taps::bilinear, from, to);
  const bool is_even = s.columns.step % (2 * whole) == 0 && s.rows.step % (2 * whole) == 0;
  s.columns.start = s.rows.start = is_even ? half : 0;
  return s;
}

// --- planes ----------------------------------------------------------------------------------------------------------

int bytes_of_sample(PixelFormat format, int plane) {
  switch (format) {
    case PixelFormat::nv12: return plane == 0 ? 1 : 2;
    case PixelFormat::rgba:
    case PixelFormat::bgrx: return 4;
    case PixelFormat::rgb: return 3;
    default: return 1;
  }
}

// The plane as its turned picture has it: a mirrored turn is a rotation and then a mirror from left to right. Gives
// where its first sample lies.
const std::uint8_t* turn(const ImageView& view, int p, Flip flip, Size size, SourcePlane& plane) {
  const int bytes = bytes_of_sample(view.format, p);
  const std::ptrdiff_t stride = view.stride[p];
  const std::uint8_t* first = view.plane[p];
  const std::uint8_t* right = first + static_cast<std::ptrdiff_t>(size.width - 1) * bytes;
  const std::ptrdiff_t down = static_cast<std::ptrdiff_t>(size.height - 1) * stride;
  const auto lies = [&plane](const std::uint8_t* at, std::ptrdiff_t across, std::ptrdiff_t below) {
    plane.across = static_cast<int>(across);
    plane.down = static_cast<int>(below);
    return at;
  };
  switch (flip) {
    case Flip::ccw90: return lies(right, stride, -bytes);
    case Flip::rotate180: return lies(right + down, -bytes, -stride);
    case Flip::cw90: return lies(first + down, -stride, bytes);
    case Flip::horizontal: return lies(right, -bytes, stride);
    case Flip::anti_diagonal: return lies(right + down, -stride, -bytes);
    case Flip::vertical: return lies(first + down, bytes, -stride);
    case Flip::diagonal: return lies(first, stride, bytes);
    default: return lies(first, bytes, stride);
  }
}

Size plane_size(const ImageView& view, int p) {
  const bool is_chroma = p > 0 && is_yuv(view.format);
  return is_chroma ? Size{(view.width + 1) / 2, (view.height + 1) / 2} : Size{view.width, view.height};
}

void set_source(const ImageView& from, const ImageView& to, const Transform& how, PlacedMove& placed) {
  Move& move = placed.move;
  for (int p = 0; p < plane_count(from.format); ++p) {
    const Size size = plane_size(from, p);
    SourcePlane& plane = move.from[p];
    placed.places.from[p] = turn(from, p, how.flip, size, plane);
    const Size seen = swaps_sides(how.flip) ? Size{size.height, size.width} : size;
    const Size wanted = p > 0 ? Size{(to.width + 1) / 2, (to.height + 1) / 2} : Size{to.width, to.height};
    // Turning takes NV12 apart into planes, which then are scaled as such; the nearest chroma is picked from a plane
    // too.
    const bool is_plane =
        bytes_of_sample(from.format, p) == 1 || (p > 0 && (how.flip != Flip::none || how.filter == Filter::nearest));
    const Sampling s = is_plane ? of_plane(seen, wanted, how.filter) : of_packed(seen, wanted, how.filter, p > 0);
    plane.columns = s.columns;
    plane.rows = s.rows;
  }
  // Quarters are rounded, other means are cut, by libyuv.
  move.rounds_mean = move.from[0].columns.step == 4 * whole && move.from[0].rows.step == 4 * whole;
}

// Pairs of chroma at odd addresses are read as two planes.
void take_chroma_apart(PlacedMove& placed) {
  Move& move = placed.move;
  const auto lies_askew = [](std::intptr_t n) { return n % 2 != 0; };
  const SourcePlane& chroma = move.from[1];
  const auto at = reinterpret_cast<std::intptr_t>(placed.places.from[1]);
  if (move.from_format != Move::nv12 || !(lies_askew(at) || lies_askew(chroma.across) || lies_askew(chroma.down)))
    return;
  move.from_format = Move::i420;
  move.from[2] = chroma;
  placed.places.from[2] = placed.places.from[1] + 1;
}

void set_target(const ImageView& to, PlacedMove& placed) {
  Move& move = placed.move;
  move.to_format = format_of(to.format);
  move.width = to.width;
  move.height = to.height;
  for (int p = 0; p < plane_count(to.format); ++p) {
    placed.places.to[p] = to.plane[p];
    move.stride[p] = to.stride[p];
  }
}

// --- colours ---------------------------------------------------------------------------------------------------------

float luma_range(const ImageView& view) { return is_yuv(view.format) && !view.colorimetry.is_full_range ? 219 : 255; }
float luma_of_black(const ImageView& view) { return is_yuv(view.format) && !view.colorimetry.is_full_range ? 16 : 0; }

// Shares of red, green and blue in luma.
struct Shares {
  float red, green, blue;
};

Shares shares_of(bool is_bt709) {
  const float red = is_bt709 ? 0.2126F : 0.299F, blue = is_bt709 ? 0.0722F : 0.114F;
  return {red, 1 - red - blue, blue};
}

void set_colours_from(const ImageView& from, Move& move) {
  const Colorimetry& c = from.colorimetry;
  const Shares shares = shares_of(c.is_bt709);
  const float chroma = (c.is_full_range ? 1 : 255.0F / 224) / 255, luma = 1 / luma_range(from);
  move.luma = luma;
  move.black = -luma_of_black(from) * luma;
  move.red_v = 2 * (1 - shares.red) * chroma;
  move.blue_u = 2 * (1 - shares.blue) * chroma;
  move.green_u = -2 * (1 - shares.blue) * shares.blue / shares.green * chroma;
  move.green_v = -2 * (1 - shares.red) * shares.red / shares.green * chroma;
}

void set_weights(float (&weights)[4], const Shares& shares, float gain, float bias) {
  weights[0] = shares.red * gain / 255;
  weights[1] = shares.green * gain / 255;
  weights[2] = shares.blue * gain / 255;
  weights[3] = bias / 255;
}

void set_colours_to(const ImageView& to, Move& move) {
  const Shares shares = shares_of(is_yuv(to.format) && to.colorimetry.is_bt709);  // grey is the luma of BT.601
  set_weights(move.to_luma, shares, luma_range(to) / 255, luma_of_black(to));
  // Of blue, or red, less luma; of four pixels.
  const float gain = (is_yuv(to.format) && !to.colorimetry.is_full_range ? 224.0F / 255 : 1) * 0.5F / 4;
  set_weights(move.to_u, {-shares.red, -shares.green, 1 - shares.blue}, gain / (1 - shares.blue), 128);
  set_weights(move.to_v, {1 - shares.red, -shares.green, -shares.blue}, gain / (1 - shares.red), 128);
}

void set_colours(const ImageView& from, const ImageView& to, Move& move) {
  set_colours_from(from, move);
  set_colours_to(to, move);
  const float gain = luma_range(to) / luma_range(from);
  move.keeps_grey = gain == 1;
  move.grey_gain = gain / 255;
  move.grey_bias = (luma_of_black(to) - luma_of_black(from) * gain) / 255;
  move.keeps_chroma = means_the_same(from, to);
}

void check_alignment(const ImageView& view) {
  if (bytes_of_sample(view.format, 0) != 4) return;
  if (reinterpret_cast<std::uintptr_t>(view.plane[0]) % 4 == 0 && view.stride[0] % 4 == 0) return;
  throw std::runtime_error(std::string("pixels of ") + name_of(view.format) +
                           " on a GPU must begin at a multiple of 4 bytes; the rows of this surface are " +
                           std::to_string(view.stride[0]) + " bytes apart");
}

}  // namespace

PlacedMove move_of(const ImageView& all_from, const ImageView& all_to, const Transform& how) {
  check_alignment(all_from);
  check_alignment(all_to);
  const ImageView from = crop(all_from, how.from), to = crop(all_to, how.to);
  PlacedMove placed{};
  placed.move.from_format = format_of(from.format);
  set_target(to, placed);
  set_source(from, to, how, placed);
  set_colours(from, to, placed.move);
  take_chroma_apart(placed);
  return placed;
}

PlacedMove black_of(const ImageView& all, const Box& where) {
  check_alignment(all);
  PlacedMove placed{};
  const ImageView to = crop(all, where);
  set_target(to, placed);
  set_colours_to(to, placed.move);
  placed.move.from_format = Move::rgba;
  placed.move.is_black = 1;
  return placed;
}

}  // namespace fluvial::cuda
