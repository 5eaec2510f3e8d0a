// Every format, size, crop, border, layout and element type against a plain reference in double precision.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/preprocess.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>
#include <stdexcept>

#include "algo/half.h"
#include "noise.h"

using namespace fluvial;
using namespace testing;

namespace {

std::size_t allocation_count = 0;

}  // namespace

// Not inlined: GCC would see malloc() without the delete, or free() without the new, and warn.
__attribute__((noinline)) void* operator new(std::size_t size) {
  ++allocation_count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

double clamp(double value, double low, double high) { return std::min(std::max(value, low), high); }

// One channel of the picture at a whole place.
double sample(const ImageView& v, int plane, int offset, int step, int x, int y) {
  return v.plane[plane][y * v.stride[plane] + x * step + offset];
}

// Bilinear at output pixel (x, y) of `out` pixels over [start, start + length) of a plane of `size`.
double bilinear(const ImageView& v, int plane, int offset, int step, const double start[2], const double length[2],
                const int size[2], const int out[2], int x, int y) {
  double share[2];
  int first[2];
  int second[2];
  const int at[2] = {x, y};
  for (int d = 0; d < 2; ++d) {
    const int begin = std::max(0, static_cast<int>(std::floor(start[d] + 1e-3)));
    const int end = std::max(begin + 1, std::min(size[d], static_cast<int>(std::ceil(start[d] + length[d] - 1e-3))));
    const double place = clamp(start[d] + (at[d] + 0.5) * length[d] / out[d] - 0.5, begin, end - 1);
    first[d] = static_cast<int>(place);
    second[d] = std::min(first[d] + 1, end - 1);
    share[d] = place - first[d];
  }
  const auto s = [&](int px, int py) { return sample(v, plane, offset, step, px, py); };
  const double top = s(first[0], first[1]) * (1 - share[0]) + s(second[0], first[1]) * share[0];
  const double bottom = s(first[0], second[1]) * (1 - share[0]) + s(second[0], second[1]) * share[0];
  return top * (1 - share[1]) + bottom * share[1];
}

struct Plane {
  int plane, offset, step;
  bool is_half;
};

std::vector<Plane> planes_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::i420: return {{0, 0, 1, false}, {1, 0, 1, true}, {2, 0, 1, true}};
    case PixelFormat::nv12: return {{0, 0, 1, false}, {1, 0, 2, true}, {1, 1, 2, true}};
    case PixelFormat::rgba: return {{0, 0, 4, false}, {0, 1, 4, false}, {0, 2, 4, false}};
    case PixelFormat::bgrx: return {{0, 2, 4, false}, {0, 1, 4, false}, {0, 0, 4, false}};
    case PixelFormat::rgb: return {{0, 0, 3, false}, {0, 1, 3, false}, {0, 2, 3, false}};
    default: return {{0, 0, 1, false}};
  }
}

std::array<double, 3> yuv_to_rgb(const std::array<double, 3>& yuv, const Colorimetry& c) {
  const double kr = c.is_bt709 ? 0.2126 : 0.299;
  const double kb = c.is_bt709 ? 0.0722 : 0.114;
  const double kg = 1 - kr - kb;
  const double y = c.is_full_range ? yuv[0] : (yuv[0] - 16) * 255 / 219;
  const double pb = (yuv[1] - 128) / (c.is_full_range ? 255 : 224);
  const double pr = (yuv[2] - 128) / (c.is_full_range ? 255 : 224);
  const double r = y + 255 * 2 * (1 - kr) * pr;
  const double b = y + 255 * 2 * (1 - kb) * pb;
  // Green from the definition of luma: y = kr r + kg g + kb b.
  return {r, (y - kr * r - kb * b) / kg, b};
}

// The colour of an output pixel in the order red, green, blue (or grey thrice), 0..255.
std::array<double, 3> reference_rgb(const ImageView& v, const Letterbox& box, int x, int y, bool is_grey) {
  const auto planes = planes_of(v.format);
  std::array<double, 3> c{};
  for (std::size_t i = 0; i < planes.size(); ++i) {
    const double unit = planes[i].is_half ? 2 : 1;
    const double start[2] = {box.crop.left / unit, box.crop.top / unit};
    const double length[2] = {box.crop.width / unit, box.crop.height / unit};
    const int size[2] = {planes[i].is_half ? (v.width + 1) / 2 : v.width,
                         planes[i].is_half ? (v.height + 1) / 2 : v.height};
    const int out[2] = {box.width, box.height};
    c[i] = bilinear(v, planes[i].plane, planes[i].offset, planes[i].step, start, length, size, out, x, y);
  }
  if (planes.size() == 1) return {c[0], c[0], c[0]};
  if (v.format == PixelFormat::i420 || v.format == PixelFormat::nv12) {
    if (is_grey) c[1] = c[2] = 128;
    c = yuv_to_rgb(c, v.colorimetry);
  } else if (is_grey) {
    c[0] = c[1] = c[2] = 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
  }
  for (double& value : c) value = clamp(value, 0, 255);
  return c;
}

double read(const void* out, ElementType type, std::size_t i) {
  switch (type) {
    case ElementType::f16: return half_to_float(static_cast<const std::uint16_t*>(out)[i]);
    case ElementType::u8: return static_cast<const std::uint8_t*>(out)[i];
    case ElementType::i32: return static_cast<const std::int32_t*>(out)[i];
    default: return static_cast<const float*>(out)[i];
  }
}

struct Difference {
  double greatest = 0;  // grey levels
  double mean = 0;
};

Difference difference(const ImageView& frame, const Box& crop, const InputSpec& spec, const void* out) {
  const Letterbox box = make_letterbox(spec, crop, {frame.width, frame.height});
  const int channels = spec.color == ColorOrder::gray ? 1 : 3;
  Difference d;
  for (int y = 0; y < spec.size.height; ++y) {
    for (int x = 0; x < spec.size.width; ++x) {
      const bool is_inside = x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height;
      std::array<double, 3> rgb = {spec.pad_value, spec.pad_value, spec.pad_value};
      if (is_inside) rgb = reference_rgb(frame, box, x - box.left, y - box.top, channels == 1);
      if (spec.color == ColorOrder::bgr) std::swap(rgb[0], rgb[2]);
      for (int c = 0; c < channels; ++c) {
        const int i = spec.layout == Layout::nchw ? (c * spec.size.height + y) * spec.size.width + x
                                                  : (y * spec.size.width + x) * channels + c;
        const double level = read(out, spec.type, static_cast<std::size_t>(i)) / spec.scale[c] + spec.offset[c];
        const double off = std::abs(level - rgb[static_cast<std::size_t>(c)]);
        d.greatest = std::max(d.greatest, off);
        d.mean += off / (spec.size.width * spec.size.height * channels);
      }
    }
  }
  return d;
}

Difference run(const ImageView& frame, const Box& crop, const InputSpec& spec) {
  Preprocessor preprocessor(spec);
  std::vector<std::uint8_t> out(preprocessor.unit_bytes() + 64, 0xA5);
  preprocessor.run(frame, crop, out.data());
  for (std::size_t i = preprocessor.unit_bytes(); i < out.size(); ++i) REQUIRE(out[i] == 0xA5);
  return difference(frame, crop, spec, out.data());
}

constexpr double kFloatLimit = 0.06;  // grey levels: far inside of the one that is promised

}  // namespace

TEST_CASE("every format, shrunk and enlarged, odd and even, is within a small part of a level of exact arithmetic") {
  const Size frames[] = {{64, 48}, {63, 47}, {1, 1}, {2, 3}, {131, 7}, {17, 95}};
  const Size inputs[] = {{32, 32}, {33, 17}, {97, 101}, {1, 1}, {63, 47}};
  for (PixelFormat format : formats) {
    for (Size frame : frames) {
      const Noise picture(format, frame.width, frame.height);
      for (Size size : inputs) {
        CAPTURE(static_cast<int>(format));
        CAPTURE(frame.width);
        CAPTURE(size.width);
        CHECK(run(picture.view, all_of(picture.view), input(size)).greatest < kFloatLimit);
      }
    }
  }
}

TEST_CASE("crops start and end anywhere, also between pixels and over the edge") {
  const Box crops[] = {{10, 8, 20, 16},    {11, 9, 21, 15},    {3.25F, 4.75F, 30.5F, 21.125F}, {0.5F, 0.5F, 1, 1},
                       {-10, -10, 30, 25}, {50, 30, 100, 100}, {12.3F, 7.9F, 0.2F, 30}};
  for (PixelFormat format : formats) {
    const Noise picture(format, 67, 45);
    for (const Box& crop : crops) {
      for (bool keeps : {false, true}) {
        InputSpec spec = input({40, 24});
        spec.keeps_aspect = keeps;
        spec.is_padding_centred = crop.left > 5;
        CAPTURE(static_cast<int>(format));
        CAPTURE(crop.left);
        CHECK(run(picture.view, crop, spec).greatest < kFloatLimit);
      }
    }
  }
}

TEST_CASE("every colorimetry") {
  for (PixelFormat format : {PixelFormat::nv12, PixelFormat::i420}) {
    for (bool is_bt709 : {false, true}) {
      for (bool is_full_range : {false, true}) {
        Noise picture(format, 61, 43);
        picture.view.colorimetry = {is_bt709, is_full_range};
        for (ColorOrder color : {ColorOrder::rgb, ColorOrder::bgr, ColorOrder::gray}) {
          InputSpec spec = input({50, 60});
          spec.color = color;
          CHECK(run(picture.view, all_of(picture.view), spec).greatest < kFloatLimit);
        }
      }
    }
  }
}

TEST_CASE("every element type, layout, colour order and normalisation by channel") {
  for (PixelFormat format : formats) {
    const Noise picture(format, 59, 41);
    for (ElementType type : {ElementType::f32, ElementType::f16, ElementType::u8, ElementType::i32}) {
      for (Layout layout : {Layout::nchw, Layout::nhwc}) {
        for (ColorOrder color : {ColorOrder::rgb, ColorOrder::bgr, ColorOrder::gray}) {
          InputSpec spec = input({37, 29}, type, layout);
          spec.color = color;
          spec.keeps_aspect = true;
          const bool is_float = type == ElementType::f32 || type == ElementType::f16;
          for (int c = 0; c < 3 && is_float; ++c) {
            spec.offset[c] = 100.0F + 11.0F * static_cast<float>(c);
            spec.scale[c] = 1 / (50.0F + 7.0F * static_cast<float>(c));
          }
          CAPTURE(static_cast<int>(format));
          CAPTURE(static_cast<int>(type));
          // Halves of up to 3 have steps of 1/512, times a scale of 1/50; integers round to half a level.
          const double limit = type == ElementType::f32 ? kFloatLimit : (is_float ? 0.15 : 0.56);
          CHECK(run(picture.view, all_of(picture.view), spec).greatest < limit);
        }
      }
    }
  }
}

TEST_CASE("integers saturate and signs survive") {
  const Noise picture(PixelFormat::gray8, 16, 16);
  InputSpec spec = input({16, 16}, ElementType::i32);
  spec.color = ColorOrder::gray;
  spec.offset[0] = 128;
  Preprocessor centred(spec);
  std::vector<std::int32_t> integers(256);
  centred.run(picture.view, integers.data());
  for (std::size_t i = 0; i < 256; ++i) {
    CHECK(integers[i] ==
          picture.view.plane[0][i / 16 * static_cast<std::size_t>(picture.view.stride[0]) + i % 16] - 128);
  }
  spec.type = ElementType::u8;
  Preprocessor bytes(spec);
  std::vector<std::uint8_t> out(256);
  bytes.run(picture.view, out.data());
  for (std::size_t i = 0; i < 256; ++i) CHECK(out[i] == std::max(0, integers[i]));
}

TEST_CASE("one object serves one geometry after another") {
  Preprocessor preprocessor(input({48, 32}));
  std::vector<float> out(48 * 32 * 3);
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    const Noise picture(formats[random() % 6], 1 + static_cast<int>(random() % 90), 1 + static_cast<int>(random() % 90),
                        random());
    const Box crop{static_cast<float>(random() % 30), static_cast<float>(random() % 30),
                   static_cast<float>(1 + random() % 60), static_cast<float>(1 + random() % 60)};
    preprocessor.run(picture.view, crop, out.data());
    CHECK(difference(picture.view, crop, preprocessor.input(), out.data()).greatest < kFloatLimit);
  }
}

TEST_CASE("a second frame of one geometry is not the first one again") {
  Preprocessor preprocessor(input({90, 80}));
  std::vector<float> out(90 * 80 * 3);
  for (unsigned seed = 1; seed < 4; ++seed) {
    const Noise picture(PixelFormat::nv12, 30, 20, seed);
    preprocessor.run(picture.view, out.data());
    CHECK(difference(picture.view, all_of(picture.view), preprocessor.input(), out.data()).greatest < kFloatLimit);
  }
}

TEST_CASE("nothing is allocated once the largest geometry has come") {
  for (PixelFormat format : formats) {
    const Noise picture(format, 90, 70);
    Preprocessor preprocessor(input({64, 64}, ElementType::u8, Layout::nhwc));
    std::vector<std::uint8_t> out(preprocessor.unit_bytes());
    preprocessor.run(picture.view, out.data());
    const std::size_t before = allocation_count;
    for (int i = 0; i < 1000; ++i) {
      const auto at = static_cast<float>(i % 40);
      preprocessor.run(picture.view, {at, at, 20 + at / 3, 30}, out.data());
    }
    CHECK(allocation_count == before);
  }
}

TEST_CASE("a crop outside of the frame gives border alone") {
  const Noise picture(PixelFormat::nv12, 32, 32);
  Preprocessor preprocessor(input({8, 8}));
  std::vector<float> out(8 * 8 * 3, -1.0F);
  CHECK(preprocessor.run(picture.view, {100, 100, 10, 10}, out.data()).is_empty());
  CHECK(std::all_of(out.begin(), out.end(), [](float x) { return x == 114; }));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(preprocessor.run(picture.view, {nan, nan, nan, nan}, out.data()).is_empty());
}

TEST_CASE("what cannot be read or written is refused with its reason") {
  CHECK_THROWS_AS(Preprocessor(input({0, 32})), std::invalid_argument);
  CHECK_THROWS_AS(Preprocessor(input({32, 32}, ElementType::i64)), std::invalid_argument);
  Preprocessor preprocessor(input({8, 8}));
  std::vector<float> out(8 * 8 * 3);
  CHECK_THROWS_AS(preprocessor.run(ImageView{}, out.data()), std::invalid_argument);
  Noise picture(PixelFormat::i420, 8, 8);
  picture.view.plane[2] = nullptr;
  CHECK_THROWS_AS(preprocessor.run(picture.view, out.data()), std::invalid_argument);
}

TEST_CASE("halves are those of IEEE 754, at every magnitude") {
  // As floats of every exponent and mantissas around ties, through a tensor of one grey channel whose scale makes them.
  const Noise picture(PixelFormat::gray8, 256, 1, 9);
  for (int exponent = -60; exponent < 30; ++exponent) {
    InputSpec spec = input({256, 1}, ElementType::f16);
    spec.color = ColorOrder::gray;
    spec.scale[0] = std::ldexp(1.001953F, exponent);
    Preprocessor preprocessor(spec);
    std::vector<std::uint16_t> out(256);
    preprocessor.run(picture.view, out.data());
    for (std::size_t i = 0; i < 256; ++i) {
      const double exact = static_cast<double>(picture.view.plane[0][i]) * spec.scale[0];
      const double got = half_to_float(out[i]);
      if (exact >= 65520) {
        CHECK(std::isinf(got));
      } else {
        CHECK(std::abs(got - exact) <= std::max(std::ldexp(1.0, -25), exact / 2048) * 1.001);
      }
    }
  }
}
