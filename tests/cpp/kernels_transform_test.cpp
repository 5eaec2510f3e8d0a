// The GPU's scaling, turning and conversion, run on the host and compared with the CPU's allocator.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "kernels_on_host.h"
#include "pictures.h"
#include "surface/cuda/compiler.h"
#include "surface/cuda/move_launches.h"

#include "surface/cuda/kernels/transform_pixels.cu"
#include "surface/cuda/kernels/transform_planes.cu"

using namespace fluvial;
using namespace testing;

namespace {

// As surface/cuda/transformer.cpp launches them; gives the names of the kernels.
std::vector<std::string> run_moves(const std::vector<cuda::PlacedMove>& moves) {
  std::vector<std::string> names;
  for (const auto& launch : cuda::launches_of(moves)) {
    const std::string name = launch.kernel;
    CHECK(std::count(std::begin(cuda::kernel_names), std::end(cuda::kernel_names), name) == 1);  // a device finds it
    const bool waits =  // threads for each other
        launch.plane_move == cuda::PlaneMove::turned || name == "transform_nv12_lined";
    const auto run = [&](auto kernel) {
      const dim3 grid{launch.across, launch.down, launch.pictures}, block{launch.columns, launch.rows, 1};
      const auto body = [&] { kernel(launch.batch); };
      waits ? run_together(grid, block, body) : run_kernel(grid, block, body);
    };
#define FLUVIAL_RUN(from, sampling) \
  if (name == "transform_" #from "_" #sampling) run(cuda::transform_##from##_##sampling);
    FLUVIAL_TRANSFORMS(FLUVIAL_RUN)
#undef FLUVIAL_RUN
#define FLUVIAL_RUN(kind) \
  if (name == "transform_planes_" #kind) run(cuda::transform_planes_##kind);
    FLUVIAL_PLANE_MOVES(FLUVIAL_RUN)
#undef FLUVIAL_RUN
    names.push_back(name);
  }
  return names;
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

// A picture whose rows begin anywhere and are any number of bytes apart, all of them multiples of `unit`; between its
// rows lies what nobody may write.
struct Askew {
  static constexpr std::uint8_t untouched = 0x5A;
  Askew(PixelFormat format, Size size, int unit, std::mt19937& random) : memory(1 << 18, untouched) {
    view.format = format;
    view.width = size.width;
    view.height = size.height;
    std::uint8_t* next = memory.data() + 64;
    for (int p = 0; p < plane_count(format); ++p) {
      view.plane[p] = next + unit * static_cast<int>(random() % 7);
      view.stride[p] =
          (row_bytes(format, p, size.width) + unit - 1) / unit * unit + unit * static_cast<int>(random() % 5);
      next = view.plane[p] + view.stride[p] * plane_rows(format, p, size.height) + 64;
    }
  }
  // No byte beside the rows was written.
  bool is_whole() const {
    std::vector<bool> is_pixel(memory.size());
    for (int p = 0; p < plane_count(view.format); ++p)
      for (int row = 0; row < plane_rows(view.format, p, view.height); ++row) {
        const auto at = view.plane[p] + view.stride[p] * row - memory.data();
        std::fill_n(is_pixel.begin() + at, row_bytes(view.format, p, view.width), true);
      }
    for (std::size_t i = 0; i < memory.size(); ++i)
      if (!is_pixel[i] && memory[i] != untouched) return false;
    return true;
  }

  std::vector<std::uint8_t> memory;
  ImageView view;
};

void copy(const ImageView& from, const ImageView& to) {
  for (int p = 0; p < plane_count(from.format); ++p)
    for (int row = 0; row < plane_rows(from.format, p, from.height); ++row)
      std::memcpy(to.plane[p] + to.stride[p] * row, from.plane[p] + from.stride[p] * row,
                  static_cast<std::size_t>(row_bytes(from.format, p, from.width)));
}

constexpr Colorimetry colorimetries[] = {{false, false}, {false, true}, {true, false}, {true, true}};

}  // namespace

TEST_CASE("every pair of formats and colorimetries is converted as the CPU converts it") {
  auto allocator = make_system_allocator();
  int most = 0;
  for (const auto from : all_formats)
    for (const auto to : all_formats)
      for (const Size size : {Size{64, 48}, Size{67, 45}, Size{1, 1}, Size{2, 3}, Size{144, 34}, Size{300, 21}})
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
  std::vector<cuda::PlacedMove> moves;
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

TEST_CASE("pictures that differ in their places alone go together, and each way of reading has its kernel") {
  auto allocator = make_system_allocator();
  auto canvas = allocator->allocate({PixelFormat::rgba, {640, 480}, {}});
  auto small = allocator->allocate({PixelFormat::nv12, {64, 48}, {}});
  const auto moved = [&](const Box& where, Filter filter = Filter::bilinear, Flip flip = Flip::none) {
    return cuda::move_of(small->view(), canvas->view(), {{}, where, filter, flip});
  };
  std::vector<cuda::PlacedMove> moves;
  for (int i = 0; i < 70; ++i) moves.push_back(moved({float(i % 10 * 64), float(i / 10 * 48), 64, 48}));
  moves.push_back(moved({0, 0, 100, 80}));
  moves.push_back(moved({0, 0, 16, 12}, Filter::box));
  moves.push_back(moved({0, 0, 48, 64}, Filter::bilinear, Flip::cw90));
  const auto launches = cuda::launches_of(moves);
  REQUIRE(launches.size() == 5);
  CHECK(launches[0].kernel == std::string("transform_nv12_same"));
  CHECK(launches[0].pictures == 64);
  CHECK(launches[1].pictures == 6);
  CHECK(launches[2].kernel == std::string("transform_nv12_blended"));
  CHECK(launches[3].kernel == std::string("transform_nv12_any"));
  CHECK(launches[4].kernel == std::string("transform_nv12_mixed"));
  CHECK(launches[4].rows == 32);  // reads down
  auto triples = allocator->allocate({PixelFormat::rgb, {64, 48}, {}});
  const auto lined = cuda::launches_of({cuda::move_of(small->view(), triples->view(), {})});
  CHECK(lined[0].kernel == std::string("transform_nv12_lined"));
}

TEST_CASE("planes of a format that stays are copied, picked, enlarged, blended, averaged or turned, each for itself") {
  auto allocator = make_system_allocator();
  struct Way {
    Size size;
    Filter filter;
    const char* kernel;
    int most;
  };
  const Way ways[] = {{{390, 204}, Filter::bilinear, "transform_planes_copied", 0},
                      {{130, 68}, Filter::bilinear, "transform_planes_picked", 0},  // a third
                      {{204, 390}, Filter::nearest, "transform_planes_picked", 0},
                      {{585, 301}, Filter::bilinear, "transform_planes_enlarged", 3},
                      {{781, 213}, Filter::bilinear, "transform_planes_enlarged", 3},
                      {{391, 1001}, Filter::bilinear, "transform_planes_enlarged", 3},
                      {{585, 170}, Filter::bilinear, "transform_planes_blended", 3},  // close
                      {{260, 134}, Filter::bilinear, "transform_planes_blended", 3},  // near
                      {{160, 85}, Filter::bilinear, "transform_planes_blended", 3},   // far
                      {{301, 585}, Filter::bilinear, "transform_planes_blended", 3},
                      {{130, 68}, Filter::box, "transform_planes_averaged", 3},
                      {{111, 66}, Filter::box, "transform_planes_averaged", 3},
                      {{98, 42}, Filter::box, "transform_planes_averaged", 3}};
  for (const auto format : {PixelFormat::nv12, PixelFormat::i420, PixelFormat::gray8})
    for (const Way& way : ways) {
      const auto source = allocator->allocate({format, {390, 204}, {}});
      paint_scene(source->view());
      const Transform how{{}, {}, way.filter, Flip::none};
      const Pair pair = both(*allocator, *source, {format, way.size, {}}, how);
      CAPTURE(std::string(name_of(format)));
      CAPTURE(way.size.width);
      CHECK(difference(pair.got->view(), pair.expected->view()) <= way.most);
      CHECK(run_moves({cuda::move_of(source->view(), pair.got->view(), how)}) == std::vector<std::string>{way.kernel});
    }
}

TEST_CASE("planes are turned in tiles, whole and at their edges, as the CPU turns them") {
  auto allocator = make_system_allocator();
  for (const auto format : {PixelFormat::nv12, PixelFormat::i420, PixelFormat::gray8})
    for (const Size size : {Size{256, 192}, Size{131, 77}, Size{70, 300}, Size{6, 2}})
      for (const Flip flip : {Flip::cw90, Flip::ccw90, Flip::diagonal, Flip::anti_diagonal}) {
        const auto source = allocator->allocate({format, size, {}});
        paint_scene(source->view());
        const Transform how{{}, {}, Filter::bilinear, flip};
        const Pair pair = both(*allocator, *source, {format, {size.height, size.width}, {}}, how);
        CAPTURE(std::string(name_of(format)));
        CAPTURE(size.width);
        CAPTURE(static_cast<int>(flip));
        CHECK(difference(pair.got->view(), pair.expected->view()) == 0);
        CHECK(run_moves({cuda::move_of(source->view(), pair.got->view(), how)}) ==
              std::vector<std::string>{"transform_planes_turned"});
      }
}

TEST_CASE("rows that begin anywhere, of any pitch, are read and written as those that lie well") {
  std::mt19937 random(3);
  auto allocator = make_system_allocator();
  for (const auto from : all_formats)
    for (const auto to : all_formats)
      for (int round = 0; round < 12; ++round) {
        const auto any = [&random](int low, int high) { return low + int(random() % unsigned(high - low + 1)); };
        const bool has_words = from == PixelFormat::rgba || from == PixelFormat::bgrx || to == PixelFormat::rgba ||
                               to == PixelFormat::bgrx;
        Askew source(from, {any(1, 150), any(1, 40)}, has_words ? 4 : 1, random);
        const Size size = any(0, 1) ? Size{source.view.width, source.view.height} : Size{any(1, 150), any(1, 40)};
        Askew got(to, size, has_words ? 4 : 1, random);
        paint(source.view, static_cast<unsigned>(round));
        auto straight = allocator->allocate({from, {source.view.width, source.view.height}, {}});
        copy(source.view, straight->view());
        auto expected = allocator->allocate({to, size, {}});
        run_moves({cuda::move_of(straight->view(), expected->view(), {})});
        run_moves({cuda::move_of(source.view, got.view, {})});
        CAPTURE(std::string(name_of(from)));
        CAPTURE(std::string(name_of(to)));
        CHECK(difference(got.view, expected->view()) == 0);
        CHECK(got.is_whole());
      }
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
