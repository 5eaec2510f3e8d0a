// The GPU's kernel that feeds a network, run on the host and compared with what the CPU's path gives.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "algo/half.h"
#include "algo/preprocess.h"
#include "elements/infer/gpu/pictures.cpp"  // NOLINT: a part of the plugin, which exports nothing
#include "kernels_on_host.h"
#include "noise.h"

// All kernels, as NVRTC gets them: names that clash do so here.
#include "surface/cuda/kernels/paint.h"
#include "surface/cuda/kernels/row_task.h"
#include "surface/cuda/kernels/transform.h"

#include "surface/cuda/kernels/crops_to_tensor.cu"
#include "surface/cuda/kernels/paint_tiles.cu"
#include "surface/cuda/kernels/pictures_to_tensor.cu"
#include "surface/cuda/kernels/select_rows.cu"
#include "surface/cuda/kernels/transform_pixels.cu"
#include "surface/cuda/kernels/transform_planes.cu"

using namespace fluvial;
using namespace testing;

namespace {

double value(const void* tensor, ElementType type, std::size_t i) {
  switch (type) {
    case ElementType::f16: return half_to_float(static_cast<const std::uint16_t*>(tensor)[i]);
    case ElementType::u8: return static_cast<const std::uint8_t*>(tensor)[i];
    case ElementType::i32: return static_cast<const std::int32_t*>(tensor)[i];
    default: return static_cast<const float*>(tensor)[i];
  }
}

template <typename Batch>
void run_on_host(void (*entry)(Batch, cuda::Input), const std::vector<cuda::Picture>& pictures,
                 const cuda::Input& input, unsigned rows = cuda::rows_of_pictures) {
  const auto blocks = [](int pixels, unsigned of) { return (static_cast<unsigned>(pixels) + of - 1) / of; };
  auto batch = std::make_unique<Batch>();
  REQUIRE(pictures.size() <= Batch::most);
  std::copy(pictures.begin(), pictures.end(), batch->pictures);
  const dim3 grid{blocks(input.width, 32 * cuda::pixels_of_thread),
                  blocks(input.height, rows * static_cast<unsigned>(input.rows_of_thread)),
                  static_cast<unsigned>(pictures.size())};
  const auto kernel = [&] { entry(*batch, input); };
  // Where no thread waits for another, fibres would only take their time.
  input.is_nhwc ? run_together(grid, {32, rows, 1}, kernel) : run_kernel(grid, {32, rows, 1}, kernel);
}

// Those that lie close by the kernel of crops, as TensorWriter launches them: with a few rows for each thread.
void run_on_host(const std::vector<cuda::Picture>& pictures, cuda::Input input) {
  std::vector<cuda::Picture> crops, others;
  for (const auto& picture : pictures) (is_close(picture, input) ? crops : others).push_back(picture);
  if (!others.empty()) run_on_host(cuda::pictures_to_tensor, others, input);
  input.rows_of_thread = 3;
  if (!crops.empty()) run_on_host(cuda::crops_to_tensor, crops, input, cuda::rows_of_crops);
}

// How far the kernel's tensor is from the CPU's, in grey levels.
double greatest_difference(const Noise& frame, const Box& crop, const InputSpec& spec) {
  Preprocessor preprocessor(spec);
  const std::size_t bytes = preprocessor.unit_bytes();
  std::vector<std::uint8_t> expected(bytes), got(bytes + 64, 0xA5);
  const Letterbox box = preprocessor.run(frame.view, crop, expected.data());
  cuda::Picture picture = cuda::picture_of(frame.view.format, {frame.view.width, frame.view.height}, box);
  cuda::place_planes(frame.view, picture);
  picture.out = got.data();
  run_on_host({picture}, cuda::input_of(spec));
  for (std::size_t i = bytes; i < got.size(); ++i) REQUIRE(got[i] == 0xA5);
  double greatest = 0;
  for (std::size_t i = 0; i < bytes / bytes_of(spec.type); ++i)
    greatest = std::max(greatest, std::abs(value(got.data(), spec.type, i) - value(expected.data(), spec.type, i)) /
                                      static_cast<double>(spec.scale[0]));
  return greatest;
}

// Grey levels. The CPU keeps 1/128 of a level between its steps, the kernel all of a float.
constexpr double limit = 0.06;

}  // namespace

TEST_CASE("pictures_to_tensor: every format, shrunk and enlarged, odd and even, as the CPU writes it") {
  double greatest = 0;
  for (PixelFormat format : formats)
    for (Size frame : {Size{64, 48}, Size{63, 47}, Size{1, 1}, Size{131, 7}, Size{17, 95}})
      for (Size size : {Size{32, 32}, Size{33, 17}, Size{97, 101}, Size{1, 1}, Size{63, 47}}) {
        const Noise noise(format, frame.width, frame.height);
        greatest = std::max(greatest, greatest_difference(noise, all_of(noise.view), input(size)));
      }
  MESSAGE("at most ", greatest, " grey levels");
  CHECK(greatest < limit);
}

TEST_CASE("pictures_to_tensor: crops anywhere, with and without a letterbox") {
  const Box crops[] = {{10, 8, 20, 16},    {11, 9, 21, 15},    {3.25F, 4.75F, 30.5F, 21.125F}, {0.5F, 0.5F, 1, 1},
                       {-10, -10, 30, 25}, {50, 30, 100, 100}, {12.3F, 7.9F, 0.2F, 30},        {200, 200, 5, 5}};
  double greatest = 0;
  for (PixelFormat format : formats)
    for (const Box& crop : crops)
      for (const bool keeps : {false, true}) {
        InputSpec spec = input({40, 24});
        spec.keeps_aspect = keeps;
        spec.is_padding_centred = crop.left > 5;
        greatest = std::max(greatest, greatest_difference(Noise(format, 67, 45), crop, spec));
      }
  MESSAGE("at most ", greatest, " grey levels");
  CHECK(greatest < limit);
}

TEST_CASE("pictures_to_tensor: every colorimetry and order of colours") {
  double greatest = 0;
  for (PixelFormat format : formats)
    for (const bool is_bt709 : {false, true})
      for (const bool is_full_range : {false, true})
        for (ColorOrder color : {ColorOrder::rgb, ColorOrder::bgr, ColorOrder::gray}) {
          const Noise noise(format, 61, 43, 7, 3, {is_bt709, is_full_range});
          InputSpec spec = input({50, 60});
          spec.color = color;
          greatest = std::max(greatest, greatest_difference(noise, all_of(noise.view), spec));
        }
  MESSAGE("at most ", greatest, " grey levels");
  CHECK(greatest < limit);
}

TEST_CASE("pictures_to_tensor: every type and layout, normalised") {
  for (ElementType type : {ElementType::f32, ElementType::f16, ElementType::u8, ElementType::i32}) {
    double greatest = 0;
    const bool is_float = type == ElementType::f32 || type == ElementType::f16;
    for (PixelFormat format : formats)
      for (Layout layout : {Layout::nchw, Layout::nhwc})
        for (ColorOrder color : {ColorOrder::rgb, ColorOrder::gray}) {
          const Noise noise(format, 59, 41);
          InputSpec spec = input({37, 29}, type, layout);
          spec.color = color;
          spec.keeps_aspect = true;
          for (int c = 0; c < 3 && is_float; ++c) {
            spec.offset[c] = 100.0F + 11.0F * static_cast<float>(c);
            spec.scale[c] = 1 / 50.0F;
          }
          greatest = std::max(greatest, greatest_difference(noise, all_of(noise.view), spec));
        }
    CAPTURE(static_cast<int>(type));
    MESSAGE("at most ", greatest, " grey levels in type ", static_cast<int>(type));
    // Halves of up to 4 have steps of 1/512, times a scale of 1/50; integers may round to either side.
    CHECK(greatest < (type == ElementType::f32 ? limit : is_float ? 0.16 : 1.01));
  }
}

TEST_CASE("pictures_to_tensor: pixels whose colours lie side by side, of rows shorter and longer than a warp's") {
  for (const Size size : {Size{4, 3}, Size{128, 9}, Size{132, 2}, Size{260, 5}, Size{131, 4}}) {
    const Noise noise(PixelFormat::nv12, 90, 70);
    for (ElementType type : {ElementType::f32, ElementType::f16, ElementType::u8}) {
      InputSpec spec = input(size, type, Layout::nhwc);
      spec.keeps_aspect = true;
      CAPTURE(size.width);
      CHECK(greatest_difference(noise, all_of(noise.view), spec) < (type == ElementType::f32 ? limit : 1.01));
    }
  }
}

TEST_CASE("pictures_to_tensor: rows that begin anywhere, of any pitch, as those that lie well") {
  for (PixelFormat format : formats)
    for (const int pitch : {1, 2, 3, 5}) {
      Noise noise(format, 61, 43);
      std::vector<std::uint8_t> memory(1 << 16);
      std::uint8_t* next = memory.data() + 1;
      ImageView askew = noise.view;
      for (int p = 0; p < plane_count(format); ++p) {
        const int rows = plane_rows(format, p, noise.view.height), bytes = row_bytes(format, p, noise.view.width);
        askew.plane[p] = next;
        askew.stride[p] = noise.view.stride[p] + pitch;
        for (int row = 0; row < rows; ++row, next += askew.stride[p])
          std::copy_n(noise.view.plane[p] + row * noise.view.stride[p], bytes, next);
      }
      const InputSpec spec = input({40, 30});
      std::vector<float> straight(3 * 40 * 30), got(straight.size());
      const Letterbox box = make_letterbox(spec, all_of(noise.view), {61, 43});
      cuda::Picture picture = cuda::picture_of(format, {61, 43}, box);
      for (const auto& [view, out] : {std::pair{noise.view, &straight}, std::pair{askew, &got}}) {
        cuda::Picture placed = picture;
        cuda::place_planes(view, placed);
        placed.out = out->data();
        run_on_host({placed}, cuda::input_of(spec));
      }
      double apart = 0;  // NV12 that lies askew is mixed by other instructions
      for (std::size_t i = 0; i < got.size(); ++i) apart = std::max(apart, std::abs(double{got[i]} - straight[i]));
      CHECK(apart <= (format == PixelFormat::nv12 ? 0.03 : 0.0));
    }
}

TEST_CASE("pictures_to_tensor: each picture of a batch goes to its own place") {
  const InputSpec spec = input({20, 20});
  std::vector<float> tensor(3 * 20 * 20 * 3);
  std::vector<cuda::Picture> pictures;
  const Noise noise(PixelFormat::nv12, 40, 40);
  for (int i = 0; i < 3; ++i) {
    const Box crop{static_cast<float>(10 * i), 0, 20, 20};
    pictures.push_back(cuda::picture_of(PixelFormat::nv12, {40, 40}, make_letterbox(spec, crop, {40, 40})));
    cuda::place_planes(noise.view, pictures.back());
    pictures.back().out = tensor.data() + i * 20 * 20 * 3;
  }
  run_on_host(pictures, cuda::input_of(spec));
  Preprocessor preprocessor(spec);
  std::vector<float> expected(20 * 20 * 3);
  for (std::size_t i = 0; i < 3; ++i) {
    preprocessor.run(noise.view, {static_cast<float>(10 * i), 0, 20, 20}, expected.data());
    for (std::size_t k = 0; k < expected.size(); ++k)
      REQUIRE(std::abs(tensor[i * expected.size() + k] - expected[k]) < limit);
  }
}

TEST_CASE("pictures_to_tensor: as many small pictures as one launch takes, as few at once give them") {
  for (const Layout layout : {Layout::nchw, Layout::nhwc}) {
    const InputSpec spec = input({12, 20}, ElementType::f32, layout);
    constexpr std::size_t unit = 3 * 12 * 20, count = cuda::ManyPictures::most;
    const Noise noise(PixelFormat::nv12, 60, 50);
    const auto tensor_of = [&](std::size_t at_once, auto entry) {
      std::vector<float> tensor(unit * count);
      for (std::size_t first = 0; first < count; first += at_once) {
        std::vector<cuda::Picture> pictures;
        for (std::size_t i = first; i < first + at_once; ++i) {
          const Box crop{static_cast<float>(i % 40), static_cast<float>(i / 10), 20, 30};
          pictures.push_back(cuda::picture_of(PixelFormat::nv12, {60, 50}, make_letterbox(spec, crop, {60, 50})));
          cuda::place_planes(noise.view, pictures.back());
          pictures.back().out = tensor.data() + i * unit;
        }
        run_on_host(entry, pictures, cuda::input_of(spec));
      }
      return tensor;
    };
    CHECK(tensor_of(count, cuda::pictures_to_tensor_many) == tensor_of(24, cuda::pictures_to_tensor));
  }
}

// Of one picture by each of the kernels that can make it.
std::pair<std::vector<std::uint8_t>, std::vector<std::uint8_t>> by_both(const Noise& noise, const Box& crop,
                                                                        const InputSpec& spec, int rows_of_thread) {
  const Size size{noise.view.width, noise.view.height};
  cuda::Input input = cuda::input_of(spec);
  std::vector<std::uint8_t> by_words(Preprocessor(spec).unit_bytes()), by_samples(by_words.size());
  cuda::Picture picture = cuda::picture_of(noise.view.format, size, make_letterbox(spec, crop, size));
  cuda::place_planes(noise.view, picture);
  picture.out = by_samples.data();
  run_on_host(cuda::pictures_to_tensor, {picture}, input);
  picture.out = by_words.data();
  REQUIRE(is_close(picture, input));
  input.rows_of_thread = rows_of_thread;
  run_on_host(cuda::crops_to_tensor, {picture}, input, cuda::rows_of_crops);
  return {by_words, by_samples};
}

double greatest_apart(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b, ElementType type) {
  double greatest = 0;
  for (std::size_t i = 0; i < a.size() / bytes_of(type); ++i)
    greatest = std::max(greatest, std::abs(value(a.data(), type, i) - value(b.data(), type, i)));
  return greatest;
}

TEST_CASE("crops_to_tensor: what pictures_to_tensor gives, of crops anywhere, with any number of rows for a thread") {
  const Noise noise(PixelFormat::nv12, 92, 70, 3, 4);
  double greatest = 0;
  for (const Box& crop : {Box{0, 0, 92, 70}, Box{84, 62, 8, 8}, Box{83.5F, 0.25F, 8.5F, 69.75F}, Box{91, 69, 1, 1},
                          Box{7, 3, 1, 60}, Box{30.3F, 20.7F, 11.9F, 13.1F}, Box{1, 69, 90, 1}})
    for (const Size size : {Size{72, 54}, Size{4, 5}, Size{132, 9}, Size{260, 31}, Size{48, 3}})
      for (const int rows : {1, 2, 3, 7}) {
        InputSpec spec = input(size);
        spec.keeps_aspect = rows > 1;
        spec.is_padding_centred = rows > 2;
        if (make_letterbox(spec, crop, {92, 70}).width * 2 < crop.width) continue;
        const auto [by_words, by_samples] = by_both(noise, crop, spec, rows);
        greatest = std::max(greatest, greatest_apart(by_words, by_samples, spec.type));
      }
  MESSAGE("at most ", greatest, " grey levels");
  CHECK(greatest < 0.03);  // those that pictures_to_tensor reads as planes are mixed by other instructions
}

TEST_CASE("crops_to_tensor: every type, layout and order of colours") {
  const Noise noise(PixelFormat::nv12, 64, 48, 5, 8, {true, true});
  for (ElementType type : {ElementType::f32, ElementType::f16, ElementType::u8, ElementType::i32})
    for (Layout layout : {Layout::nchw, Layout::nhwc})
      for (ColorOrder color : {ColorOrder::rgb, ColorOrder::bgr}) {
        InputSpec spec = input({136, 20}, type, layout);
        spec.color = color;
        spec.keeps_aspect = spec.is_padding_centred = true;
        const auto [by_words, by_samples] = by_both(noise, {5, 7, 25.5F, 18}, spec, 2);
        CAPTURE(static_cast<int>(type));
        CHECK(greatest_apart(by_words, by_samples, type) < (type == ElementType::f16 ? 0.13 : 0.001));
      }
}

TEST_CASE("crops_to_tensor: is not for pictures that are shrunk much, or lie askew, here or there") {
  const InputSpec spec = input({40, 30});
  const auto is_close_of = [&](const Noise& noise, const Box& crop, const InputSpec& spec, std::size_t past = 0) {
    const Size size{noise.view.width, noise.view.height};
    cuda::Picture picture = cuda::picture_of(noise.view.format, size, make_letterbox(spec, crop, size));
    cuda::place_planes(noise.view, picture);
    std::vector<float> out(8 + 3 * 40 * 30);
    picture.out = reinterpret_cast<std::uint8_t*>(out.data()) + past;
    return is_close(picture, cuda::input_of(spec));
  };
  const Noise noise(PixelFormat::nv12, 92, 70, 3, 4), askew(PixelFormat::nv12, 92, 70, 3, 2);
  const Box crop{10, 10, 50, 50};
  CHECK(is_close_of(noise, crop, spec));
  CHECK_FALSE(is_close_of(askew, crop, spec));
  CHECK_FALSE(is_close_of(noise, crop, spec, 4));
  CHECK(is_close_of(noise, {10, 10, 80, 50}, spec));
  CHECK_FALSE(is_close_of(noise, {10, 10, 80.5F, 50}, spec));
  CHECK(is_close_of(noise, {10, 10, 3, 60}, input({40, 4})));  // lines may be any number
  CHECK_FALSE(is_close_of(noise, crop, input({41, 30})));
  CHECK_FALSE(is_close_of(Noise(PixelFormat::nv12, 4, 70, 3, 4), {0, 0, 4, 70}, spec));
  CHECK_FALSE(is_close_of(Noise(PixelFormat::i420, 92, 70, 3, 4), crop, spec));
  InputSpec grey = spec;
  grey.color = ColorOrder::gray;
  CHECK_FALSE(is_close_of(noise, crop, grey));
}

TEST_CASE("halves are rounded to nearest, ties to even, of every magnitude") {
  for (int bits = 0; bits < 0x7C00; ++bits) {
    const float exact = half_to_float(static_cast<std::uint16_t>(bits));
    REQUIRE(half_bits_on_host(exact) == bits);
    REQUIRE(half_bits_on_host(-exact) == (bits | 0x8000));
    const float next = bits + 1 < 0x7C00 ? half_to_float(static_cast<std::uint16_t>(bits + 1)) : 65536.0F;
    const int even = bits % 2 == 0 ? bits : bits + 1;
    REQUIRE(half_bits_on_host(exact + (next - exact) / 2) == even);
  }
}

// --- the means of these tests ----------------------------------------------------------------------------------------

namespace {

// As kernels sum: each warp by exchange, then the block through its shared memory.
void sum_of_block(const int* numbers, int* sums) {
  __shared__ int of_warp[8];
  int sum = numbers[blockIdx.x * blockDim.x + threadIdx.x];
  for (int by = 16; by > 0; by /= 2) sum += __shfl_down_sync(~0U, sum, static_cast<unsigned>(by));
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (unsigned i = 1; i < blockDim.x / 32; ++i) sum += of_warp[i];
  sums[blockIdx.x] = sum;
}

}  // namespace

TEST_CASE("threads of a block wait for each other and exchange what they have") {
  std::vector<int> numbers(256);
  std::iota(numbers.begin(), numbers.end(), 0);
  int sums[2] = {};
  run_together({2, 1, 1}, {128, 1, 1}, [&] { sum_of_block(numbers.data(), sums); });
  CHECK(sums[0] == 127 * 128 / 2);
  CHECK(sums[1] == 127 * 128 / 2 + 128 * 128);
  unsigned votes = 0;
  run_together({1, 1, 1}, {32, 1, 1}, [&] { votes = __ballot_sync(~0U, threadIdx.x % 3 == 0); });
  CHECK(votes == 0x49249249);
}

TEST_CASE("a kernel that waits where nobody can come is told so") {
  CHECK_THROWS_WITH_AS(run_kernel({1, 1, 1}, {32, 1, 1}, [] { __syncthreads(); }),
                       "a kernel whose threads wait for each other needs run_together()", std::logic_error);
  const auto waits_crosswise = [] { threadIdx.x == 0 ? __syncthreads() : __syncwarp(); };
  CHECK_THROWS_WITH_AS(run_together({1, 1, 1}, {32, 1, 1}, waits_crosswise),
                       "threads of a block wait for each other for ever", std::logic_error);
}
