// Surfaces: formats and turns against slow plain versions, and who sees what is written.
#include "harness.h"
#include "leaks.h"
#include "pictures.h"
#include "surface/batch.h"

#include <cstring>
#include <thread>

using namespace fluvial;
using namespace testing;

namespace {

SurfacePtr painted(Allocator& allocator, const SurfaceFormat& format, unsigned seed = 1) {
  auto surface = allocator.allocate(format);
  paint(surface->view(), seed);
  return surface;
}

std::string name_of_pair(const SurfaceFormat& from, const SurfaceFormat& to) {
  const auto one = [](const SurfaceFormat& f) {
    return std::string(name_of(f.pixels)) + (f.colorimetry.is_bt709 ? " 709" : " 601") +
           (f.colorimetry.is_full_range ? " full" : "");
  };
  return one(from) + " to " + one(to) + ", " + std::to_string(from.size.width) + "x" + std::to_string(from.size.height);
}

// Where the pixel at (x, y) of the turned picture comes from.
std::pair<int, int> source_of(Flip flip, int x, int y, Size source) {
  const int right = source.width - 1, bottom = source.height - 1;
  switch (flip) {
    case Flip::ccw90: return {right - y, x};
    case Flip::rotate180: return {right - x, bottom - y};
    case Flip::cw90: return {y, bottom - x};
    case Flip::horizontal: return {right - x, y};
    case Flip::anti_diagonal: return {right - y, bottom - x};
    case Flip::vertical: return {x, bottom - y};
    case Flip::diagonal: return {y, x};
    default: return {x, y};
  }
}

guint8 first_byte(GstBuffer* buffer, std::size_t index = 0) { return *surface_at(buffer, index)->view().plane[0]; }

// What a drawing element does.
void write_first_byte(GstBuffer* buffer, guint8 value, std::size_t index = 0) {
  GstMapInfo map;
  REQUIRE(gst_buffer_map(buffer, &map, GST_MAP_READWRITE));
  auto* batch = reinterpret_cast<NvBufSurface*>(map.data);
  *static_cast<guint8*>(batch->surfaceList[index].dataPtr) = value;
  gst_buffer_unmap(buffer, &map);
}

}  // namespace

TEST_CASE("every pair of formats converts as the slow version does, within 2 grey levels") {
  auto allocator = make_system_allocator();
  for (const auto from : incoming_formats)
    for (const auto to : all_formats)
      for (const Size size : {Size{64, 48}, Size{67, 45}, Size{1, 1}, Size{2, 3}})
        for (int kind = 0; kind < 4; ++kind) {
          const Colorimetry colours{kind % 2 == 1, kind / 2 == 1};
          const SurfaceFormat source_format{from, size, colours}, target_format{to, size, colours};
          CAPTURE(name_of_pair(source_format, target_format));
          auto source = painted(*allocator, source_format);
          auto target = allocator->allocate(target_format), expected = allocator->allocate(target_format);
          allocator->transform(*source, *target, {});
          convert_slowly(source->view(), expected->view());
          CHECK(difference(target->view(), expected->view()) <= 2);
        }
}

TEST_CASE("YUV of one colorimetry becomes YUV of another, at the same size and scaled") {
  auto allocator = make_system_allocator();
  for (const auto from : {PixelFormat::i420, PixelFormat::nv12})
    for (const auto to : {PixelFormat::i420, PixelFormat::nv12})
      for (int kind = 0; kind < 16; ++kind) {
        const SurfaceFormat source_format{from, {16, 16}, {kind % 2 == 1, kind / 2 % 2 == 1}};
        const SurfaceFormat target_format{to, {16, 16}, {kind / 4 % 2 == 1, kind / 8 == 1}};
        CAPTURE(name_of_pair(source_format, target_format));
        auto source = painted(*allocator, source_format);
        auto target = allocator->allocate(target_format), expected = allocator->allocate(target_format);
        allocator->transform(*source, *target, {});
        convert_slowly(source->view(), expected->view());
        CHECK(difference(target->view(), expected->view()) <= 3);  // two roundings
        auto small = allocator->allocate({to, {8, 8}, target_format.colorimetry});
        Transform how;
        how.from = {0, 0, 2, 2};  // one colour
        allocator->transform(*source, *small, how);
        const Rgb a = read_pixel(small->view(), 3, 3), b = read_pixel(source->view(), 0, 0);
        CHECK(std::max({std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b)}) <= 6);
      }
}

TEST_CASE("the nearest filter halves the chroma of NV12 as it halves planes") {
  auto allocator = make_system_allocator();
  const auto source = painted(*allocator, {PixelFormat::nv12, {64, 48}, {}});
  const auto planes = allocator->allocate({PixelFormat::i420, {64, 48}, {}});
  allocator->transform(*source, *planes, {});
  const Transform how{{}, {}, Filter::nearest};
  auto half = allocator->allocate({PixelFormat::nv12, {32, 24}, {}});
  auto half_planes = allocator->allocate({PixelFormat::i420, {32, 24}, {}});
  auto expected = allocator->allocate({PixelFormat::nv12, {32, 24}, {}});
  allocator->transform(*source, *half, how);
  allocator->transform(*planes, *half_planes, how);
  allocator->transform(*half_planes, *expected, {});
  CHECK(difference(half->view(), expected->view()) == 0);
}

TEST_CASE("RGBA made from pixels without alpha is opaque") {
  auto allocator = make_system_allocator();
  for (const auto from : all_formats) {
    if (from == PixelFormat::rgba) continue;
    CAPTURE(name_of(from));
    auto source = painted(*allocator, {from, {8, 8}, {}});
    auto target = allocator->allocate({PixelFormat::rgba, {8, 8}, {}});
    allocator->transform(*source, *target, {});
    CHECK(target->view().plane[0][3] == 255);
  }
}

TEST_CASE("every turn of every format puts each pixel where it belongs") {
  auto allocator = make_system_allocator();
  for (const auto pixels : all_formats)
    for (int flip = 0; flip < 8; ++flip) {
      CAPTURE(name_of(pixels));
      CAPTURE(flip);
      const Size size = is_yuv(pixels) ? Size{12, 8} : Size{7, 5};
      auto source = painted(*allocator, {pixels, size, {}});
      const bool is_swapped = flip == 1 || flip == 3 || flip == 5 || flip == 7;
      const Size turned = is_swapped ? Size{size.height, size.width} : size;
      auto target = allocator->allocate({pixels, turned, {}});
      Transform how;
      how.flip = static_cast<Flip>(flip);
      allocator->transform(*source, *target, how);
      double worst = 0;
      for (int y = 0; y < turned.height; ++y)
        for (int x = 0; x < turned.width; ++x) {
          const auto [from_x, from_y] = source_of(how.flip, x, y, size);
          const Rgb a = read_pixel(target->view(), x, y), b = read_pixel(source->view(), from_x, from_y);
          worst = std::max({worst, std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b)});
        }
      CHECK(worst <= 1);
    }
}

TEST_CASE("a turn, a new size and a new format at once") {
  auto allocator = make_system_allocator();
  for (const auto from : all_formats)
    for (const auto to : all_formats) {
      CAPTURE(std::string(name_of(from)) + " to " + name_of(to));
      auto source = allocator->allocate({from, {40, 20}, {}});
      for (int y = 0; y < 20; ++y)
        for (int x = 0; x < 40; ++x) write_pixel(source->view(), x, y, {200, 200, 200}, 200 / 255.0);
      auto target = allocator->allocate({to, {33, 71}, {}});
      Transform how;
      how.flip = Flip::cw90;
      allocator->transform(*source, *target, how);
      const Rgb middle = read_pixel(target->view(), 16, 35), corner = read_pixel(target->view(), 32, 70);
      CHECK(std::abs(middle.g - 200) <= 3);
      CHECK(std::abs(corner.g - 200) <= 3);
    }
}

TEST_CASE("three-byte RGB scales as RGBA does") {
  auto allocator = make_system_allocator();
  auto rgb = painted(*allocator, {PixelFormat::rgb, {64, 48}, {}});
  auto rgba = painted(*allocator, {PixelFormat::rgba, {64, 48}, {}});
  for (const auto filter : {Filter::nearest, Filter::bilinear, Filter::box}) {
    auto small_rgb = allocator->allocate({PixelFormat::rgb, {31, 17}, {}});
    auto small_rgba = allocator->allocate({PixelFormat::rgba, {31, 17}, {}});
    Transform how;
    how.filter = filter;
    allocator->transform(*rgb, *small_rgb, how);
    allocator->transform(*rgba, *small_rgba, how);
    for (int x = 0; x < 31; ++x) CHECK(read_pixel(small_rgb->view(), x, 8).r == read_pixel(small_rgba->view(), x, 8).r);
  }
}

TEST_CASE("a cut takes its rectangle, and fills its rectangle, and no more") {
  auto allocator = make_system_allocator();
  for (const auto pixels : all_formats) {
    CAPTURE(name_of(pixels));
    auto source = painted(*allocator, {pixels, {32, 32}, {}});
    auto target = allocator->allocate({pixels, {32, 32}, {}});
    allocator->clear(*target);
    allocator->transform(*source, *target, {{4, 6, 8, 10}, {16, 2, 8, 10}});
    for (int i = 0; i < 8; ++i) {
      const Rgb a = read_pixel(target->view(), 16 + i, 2 + i), b = read_pixel(source->view(), 4 + i, 6 + i);
      CHECK(std::abs(a.g - b.g) <= 1);
    }
    CHECK(read_pixel(target->view(), 15, 2).g == 0);
    CHECK(read_pixel(target->view(), 24, 11).g == 0);
    CHECK(read_pixel(target->view(), 16, 12).g == 0);
  }
}

TEST_CASE("a cut that reaches over the border ends there") {
  auto allocator = make_system_allocator();
  for (const auto pixels : all_formats)
    for (const Size size : {Size{33, 21}, Size{1, 1}, Size{2, 1}}) {
      CAPTURE(name_of(pixels));
      CAPTURE(size.width);
      auto source = painted(*allocator, {pixels, size, {}});
      auto target = allocator->allocate({pixels, {16, 16}, {}});
      for (const Box& box : {Box{0, 0, 4000, 4000}, Box{30, 20, 10, 10}, Box{1000, 1000, 5, 5},
                             Box{0.4F, 0.4F, 0.2F, 0.2F}, Box{0, 0, 1e30F, 1e30F}})
        allocator->transform(*source, *target, {box, {}});
    }
}

TEST_CASE("cleared is black, and RGBA opaque") {
  auto allocator = make_system_allocator();
  for (const auto pixels : all_formats)
    for (const bool is_full : {false, true}) {
      auto surface = painted(*allocator, {pixels, {6, 4}, {false, is_full}});
      allocator->clear(*surface);
      const Rgb c = read_pixel(surface->view(), 5, 3);
      CHECK(c.r + c.g + c.b == 0);
      if (pixels == PixelFormat::rgba) CHECK(surface->view().plane[0][3] == 255);
    }
}

TEST_CASE("a surface given back is used again; the pool is bounded") {
  auto allocator = make_system_allocator();
  const SurfaceFormat format{PixelFormat::nv12, {64, 64}, {}};
  auto surface = allocator->allocate(format);
  const auto* pixels = surface->view().plane[0];
  surface.reset();
  surface = allocator->allocate(format);
  CHECK(surface->view().plane[0] == pixels);
  for (int i = 1; i < 1000; ++i) allocator->allocate({PixelFormat::gray8, {i, 1}, {}});
  surface.reset();
}

TEST_CASE("a surface may outlive its allocator") {
  SurfacePtr surface;
  {
    auto allocator = make_system_allocator();
    surface = allocator->allocate({PixelFormat::gray8, {4, 4}, {}});
  }
  surface->view().plane[0][0] = 1;
}

TEST_CASE("a format without a size is refused") {
  auto allocator = make_system_allocator();
  CHECK_THROWS_AS(allocator->allocate({PixelFormat::rgba, {0, 4}, {}}), std::runtime_error);
  CHECK_THROWS_AS(allocator->allocate({PixelFormat::unknown, {4, 4}, {}}), std::runtime_error);
}

TEST_CASE("a batch is described as NvBufSurface") {
  auto allocator = make_system_allocator();
  auto* buffer = new_batch_buffer({allocator->allocate({PixelFormat::nv12, {70, 50}, {true, false}}),
                                   allocator->allocate({PixelFormat::rgba, {16, 8}, {}})});
  auto* batch = nvbuf_surface_of(buffer);
  REQUIRE(batch);
  CHECK(batch->batchSize == 2);
  CHECK(batch->numFilled == 2);
  CHECK(batch->memType == NVBUF_MEM_SYSTEM);
  const auto& first = batch->surfaceList[0];
  CHECK(first.width == 70);
  CHECK(first.height == 50);
  CHECK(first.colorFormat == NVBUF_COLOR_FORMAT_NV12_709);
  CHECK(first.planeParams.num_planes == 2);
  CHECK(first.planeParams.width[1] == 35);
  CHECK(first.planeParams.height[1] == 25);
  CHECK(first.pitch >= 70);
  CHECK(static_cast<guint8*>(first.dataPtr) + first.planeParams.offset[1] == first.mappedAddr.addr[1]);
  CHECK(batch->surfaceList[1].colorFormat == NVBUF_COLOR_FORMAT_RGBA);
  CHECK(batch->surfaceList[1].planeParams.bytesPerPix[0] == 4);
  CHECK(gst_buffer_get_size(buffer) == sizeof(NvBufSurface));
  gst_buffer_unref(buffer);
}

TEST_CASE("asking for a frame that is not there says how many there are") {
  auto allocator = make_system_allocator();
  auto* buffer = new_batch_buffer({allocator->allocate({PixelFormat::gray8, {4, 4}, {}})});
  CHECK_THROWS_WITH(surface_at(buffer, 1), "batch_id 1: the buffer holds 1 surface(s)");
  gst_buffer_unref(buffer);
  buffer = gst_buffer_new_allocate(nullptr, 8, nullptr);
  CHECK_THROWS_WITH(surface_at(buffer, 0),
                    "batch_id 0: the buffer holds 0 surface(s); its caps are not video/x-raw(memory:NVMM)");
  CHECK(nvbuf_surface_of(buffer) == nullptr);
  gst_buffer_unref(buffer);
}

TEST_CASE("writing into one branch of a tee is not seen on the other") {
  auto allocator = make_system_allocator();
  auto surface = allocator->allocate({PixelFormat::rgba, {4, 4}, {}});
  allocator->clear(*surface);
  auto* left = new_batch_buffer({std::move(surface)});
  auto* right = gst_buffer_ref(left);
  left = gst_buffer_make_writable(left);
  CHECK(left != right);
  CHECK(surface_at(left, 0)->view().plane[0] == surface_at(right, 0)->view().plane[0]);  // shared until written
  write_first_byte(left, 77);
  CHECK(first_byte(left) == 77);
  CHECK(first_byte(right) == 0);
  CHECK(*static_cast<guint8*>(nvbuf_surface_of(left)->surfaceList[0].dataPtr) == 77);
  gst_buffer_unref(right);
  write_first_byte(left, 78);  // alone now: no further copy
  CHECK(first_byte(left) == 78);
  gst_buffer_unref(left);
}

TEST_CASE("a picture that only its buffer holds is written where it lies") {
  auto allocator = make_system_allocator();
  auto* buffer = new_batch_buffer({allocator->allocate({PixelFormat::rgba, {4, 4}, {}})});
  const auto* before = surface_at(buffer, 0)->view().plane[0];
  write_first_byte(buffer, 5);
  CHECK(surface_at(buffer, 0)->view().plane[0] == before);
  CHECK(writable_surface_at(buffer, 0)->view().plane[0] == before);
  gst_buffer_unref(buffer);
}

TEST_CASE("a surface in two buffers is copied by the one that writes") {
  auto allocator = make_system_allocator();
  auto surface = allocator->allocate({PixelFormat::gray8, {4, 4}, {}});
  allocator->clear(*surface);
  auto* a = new_batch_buffer({surface});
  auto* b = new_batch_buffer({surface, surface});
  surface.reset();
  writable_surface_at(b, 1)->view().plane[0][0] = 9;
  CHECK(first_byte(a) == 0);
  CHECK(first_byte(b, 0) == 0);
  CHECK(first_byte(b, 1) == 9);
  gst_buffer_unref(a);
  gst_buffer_unref(b);
}

TEST_CASE("a decoder's frame is used where it lies, and never written") {
  auto* frame = new_frame(GST_VIDEO_FORMAT_I420, 18, 10, 0, 33);
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 18, 10);
  auto* buffer = new_batch_buffer({wrap_video_buffer(frame, info)});
  GstMapInfo map;
  REQUIRE(gst_buffer_map(frame, &map, GST_MAP_READ));
  CHECK(surface_at(buffer, 0)->view().plane[0] == map.data);
  CHECK(surface_at(buffer, 0)->source() == frame);
  write_first_byte(buffer, 99);
  CHECK(map.data[0] == 33);
  CHECK(first_byte(buffer) == 99);
  CHECK(surface_at(buffer, 0)->view().plane[1][0] == 33);  // the rest of the picture came along
  gst_buffer_unmap(frame, &map);
  gst_buffer_unref(buffer);
  CHECK(GST_MINI_OBJECT_REFCOUNT_VALUE(frame) == 1);
  gst_buffer_unref(frame);
}

TEST_CASE("a buffer too small for its caps is refused, not read") {
  auto* buffer = gst_buffer_new_allocate(nullptr, 100, nullptr);
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGBA, 64, 64);
  CHECK_THROWS_WITH(wrap_video_buffer(buffer, info), "a buffer of 100 bytes cannot be read as a frame of its caps");
  gst_buffer_unref(buffer);
}

TEST_CASE("caps say what a surface's format is, there and back") {
  for (const auto pixels : all_formats)
    for (int kind = 0; kind < 4; ++kind) {
      SurfaceFormat format{pixels, {320, 240}, {}}, read;
      if (is_yuv(pixels)) format.colorimetry = {kind % 2 == 1, kind / 2 == 1};
      auto* caps = surface_caps(format, 25, 1, 4);
      CHECK(has_surface_feature(caps));
      CHECK(surface_format_from_caps(caps, read));
      CHECK(read == format);
      gst_caps_unref(caps);
    }
}

TEST_CASE("16 threads share one allocator and one source picture") {
  auto allocator = make_system_allocator();
  auto source = painted(*allocator, {PixelFormat::i420, {64, 48}, {}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        auto* buffer = new_batch_buffer({source});
        auto* copy = gst_buffer_copy(buffer);
        writable_surface_at(copy, 0)->view().plane[0][0] = 1;
        auto small = allocator->allocate({PixelFormat::rgba, {32, 24}, {}});
        allocator->transform(*surface_at(buffer, 0), *small, {});
        gst_buffer_unref(buffer);
        gst_buffer_unref(copy);
      }
    });
  for (auto& thread : threads) thread.join();
  auto again = painted(*allocator, source->format());
  CHECK(difference(source->view(), again->view()) == 0);
}
