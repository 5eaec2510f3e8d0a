// The GPU's scaling, turning and conversion, run on the host and compared with the CPU's allocator.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cmath>

#include "kernels_on_host.h"
#include "pictures.h"
#include "surface/cuda/moves.h"

#include "surface/cuda/kernels/transform_pixels.cu"

using namespace fluvial;
using namespace testing;

namespace {

void run_moves(const std::vector<cuda::Move>& moves) {
  int width = 1, height = 1;
  for (const auto& move : moves) {
    width = std::max(width, move.width);
    height = std::max(height, move.height);
  }
  const auto blocks = [](int pixels, int of) { return static_cast<unsigned>((pixels + 2 * of - 1) / (2 * of)); };
  run_kernel({blocks(width, 32), blocks(height, 8), static_cast<unsigned>(moves.size())}, {32, 8, 1},
             [&] { cuda::transform_pixels(moves.data()); });
}

// As a camera sees: colours that change slowly, and edges.
void paint_scene(const ImageView& view) {
  for (int y = 0; y < view.height; ++y)
    for (int x = 0; x < view.width; ++x) {
      const bool is_object = (x / 24 + y / 20) % 2 == 0;
      const Rgb c{128 + 100 * std::sin(x / 17.0), 128 + 90 * std::cos(y / 13.0 + x / 40.0),
                  is_object ? 200.0 : 60.0 + 40 * std::sin((x + y) / 23.0)};
      write_pixel(view, x, y, c, to_yuv(c, false).y);
    }
}

// libyuv repeats rows of NV12's chroma when it doubles it; planes of I420 are interpolated, as the kernel does.
void scale_by_planes(Allocator& allocator, const Surface& source, Surface& target, const Transform& how) {
  auto planes = allocator.allocate({PixelFormat::i420, source.format().size, {}});
  auto scaled = allocator.allocate({PixelFormat::i420, target.format().size, {}});
  allocator.transform(source, *planes, {});
  allocator.transform(*planes, *scaled, how);
  allocator.transform(*scaled, target, {});
}

bool is_doubled_chroma(const Surface& source, const SurfaceFormat& to) {
  const auto doubles = [](int from, int size) { return ((size + 1) / 2 + 1) / 2 == (from + 1) / 2; };
  const Size from = source.format().size;
  return to.pixels == PixelFormat::nv12 && doubles(from.width, to.size.width) && doubles(from.height, to.size.height);
}

struct Pair {
  SurfacePtr expected, got;
};

// The same transform by both.
Pair both(Allocator& allocator, const Surface& source, const SurfaceFormat& format, const Transform& how) {
  Pair pair{allocator.allocate(format), allocator.allocate(format)};
  allocator.clear(*pair.expected);
  allocator.clear(*pair.got);
  if (is_doubled_chroma(source, format) && how.filter != Filter::nearest)
    scale_by_planes(allocator, source, *pair.expected, how);
  else
    allocator.transform(source, *pair.expected, how);
  run_moves({cuda::move_of(source.view(), pair.got->view(), how)});
  return pair;
}

constexpr Colorimetry colorimetries[] = {{false, false}, {false, true}, {true, false}, {true, true}};

}  // namespace

TEST_CASE("every pair of formats and colorimetries is converted as the CPU converts it") {
  auto allocator = make_system_allocator();
  int most = 0;
  for (const auto from : all_formats)
    for (const auto to : all_formats)
      for (const Size size : {Size{64, 48}, Size{67, 45}, Size{1, 1}, Size{2, 3}})
        for (const Colorimetry& in : colorimetries)
          for (const Colorimetry& out : colorimetries) {
            const auto source = allocator->allocate({from, size, in});
            paint(source->view(), 3);
            const Pair pair = both(*allocator, *source, {to, size, out}, {});
            const int off = difference(pair.got->view(), pair.expected->view());
            CAPTURE(std::string(name_of(from)));
            CAPTURE(std::string(name_of(to)));
            CAPTURE(size.width);
            CHECK(off <= (is_yuv(from) && is_yuv(to) ? 3 : 2));
            most = std::max(most, off);
          }
  MESSAGE("at most ", most, " grey levels");
}

TEST_CASE("every format is scaled as the CPU scales it, by every filter") {
  auto allocator = make_system_allocator();
  const Size sizes[] = {{96, 64},   {64, 48},   {97, 63}, {48, 32},  {32, 24}, {24, 16}, {72, 48}, {36, 24},
                        {192, 128}, {193, 127}, {20, 48}, {200, 20}, {96, 32}, {32, 21}, {1, 1},   {96, 128}};
  for (const Filter filter : {Filter::nearest, Filter::bilinear, Filter::box}) {
    int most = 0;
    double sum = 0;
    int count = 0;
    for (const auto format : all_formats)
      for (const Size from : {Size{96, 64}, Size{97, 63}})
        for (const Size to : sizes) {
          const auto source = allocator->allocate({format, from, {}});
          paint_scene(source->view());
          const Pair pair = both(*allocator, *source, {format, to, {}}, {{}, {}, filter});
          const int off = difference(pair.got->view(), pair.expected->view());
          CAPTURE(std::string(name_of(format)));
          CAPTURE(static_cast<int>(filter));
          CAPTURE(from.width);
          CAPTURE(to.width);
          CAPTURE(to.height);
          CHECK(off <= 3);
          most = std::max(most, off);
          sum += off;
          ++count;
        }
    MESSAGE("filter ", static_cast<int>(filter), ": at most ", most, " grey levels, ", sum / count,
            " in the mean of pictures");
  }
}

TEST_CASE("crops, turns, scaling and conversion at once, from anywhere to anywhere") {
  auto allocator = make_system_allocator();
  std::mt19937 random(11);
  const auto any = [&random](int low, int high) { return low + static_cast<int>(random() % unsigned(high - low + 1)); };
  int most = 0;
  for (int round = 0; round < 600; ++round) {
    const SurfaceFormat in{all_formats[any(0, 5)], {any(20, 120), any(20, 90)}, colorimetries[any(0, 3)]};
    const SurfaceFormat out{all_formats[any(0, 5)], {any(20, 120), any(20, 90)}, colorimetries[any(0, 3)]};
    Transform how;
    how.filter = static_cast<Filter>(any(0, 2));
    how.flip = static_cast<Flip>(any(0, 7));
    if (any(0, 1)) how.from = {float(any(0, 15)), float(any(0, 15)), float(any(8, 90)), float(any(8, 70))};
    if (any(0, 1)) how.to = {float(any(0, 15)), float(any(0, 15)), float(any(8, 90)), float(any(8, 70))};
    const auto source = allocator->allocate(in);
    paint_scene(source->view());
    const Pair pair = both(*allocator, *source, out, how);
    const int off = difference(pair.got->view(), pair.expected->view());
    CAPTURE(round);
    CAPTURE(std::string(name_of(in.pixels)));
    CAPTURE(std::string(name_of(out.pixels)));
    CAPTURE(static_cast<int>(how.filter));
    CAPTURE(static_cast<int>(how.flip));
    CHECK(off <= 8);  // libyuv's weights of chroma add up to 127 of 128, and conversion doubles what chroma is off
    most = std::max(most, off);
  }
  MESSAGE("at most ", most, " grey levels");
}

TEST_CASE("a mosaic of full-HD pictures is made in one go, gaps black") {
  auto allocator = make_system_allocator();
  const SurfaceFormat format{PixelFormat::nv12, {480, 272}, {}};
  auto expected = allocator->allocate(format), got = allocator->allocate(format);
  paint(got->view());
  allocator->clear(*expected);
  std::vector<SurfacePtr> sources;
  std::vector<cuda::Move> moves;
  for (int i = 0; i < 4; ++i) {
    sources.push_back(allocator->allocate({PixelFormat::nv12, {480, 270}, {}}));
    paint_scene(sources.back()->view());
    const Box cell{float(i % 2 * 240), float(i / 2 * 136), 240, 134};
    const Transform how{{}, cell, Filter::box};
    allocator->transform(*sources.back(), *expected, how);
    moves.push_back(cuda::move_of(sources.back()->view(), got->view(), how));
    moves.push_back(cuda::black_of(got->view(), {cell.left, cell.top + 134, 240, 2}));
  }
  run_moves(moves);
  CHECK(difference(got->view(), expected->view()) <= 3);
}

TEST_CASE("black is what the CPU clears to, in every format") {
  auto allocator = make_system_allocator();
  for (const auto format : all_formats)
    for (const Colorimetry& colours : colorimetries) {
      auto expected = allocator->allocate({format, {37, 21}, colours}),
           got = allocator->allocate({format, {37, 21}, colours});
      paint(got->view());
      allocator->clear(*expected);
      run_moves({cuda::black_of(got->view(), {})});
      CHECK(difference(got->view(), expected->view()) == 0);
    }
}

TEST_CASE("pixels of four bytes that lie askew are refused with their pitch") {
  alignas(4) std::uint8_t memory[4 * 16 * 2] = {};
  ImageView view;
  view.format = PixelFormat::rgba;
  view.width = 4;
  view.height = 4;
  view.plane[0] = memory;
  view.stride[0] = 18;
  CHECK_THROWS_WITH_AS(cuda::black_of(view, {}),
                       "pixels of RGBA on a GPU must begin at a multiple of 4 bytes; the rows of this surface are 18 "
                       "bytes apart",
                       std::runtime_error);
  view.stride[0] = 16;
  CHECK_THROWS_WITH_AS(cuda::move_of({}, view, {}), "a surface without pixels cannot be converted", std::runtime_error);
}
