// Microseconds to make one network input of one frame, on one core; pixels are warm in no cache but the last.
//   g++ -std=c++17 -O3 -Icpp bench/bench_preprocess.cpp cpp/algo/{letterbox,pixel_rows,resample,preprocess}.cpp
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "algo/preprocess.h"

using namespace fluvial;

namespace {

struct Picture {
  std::vector<std::uint8_t> memory;
  ImageView view;
};

Picture make(PixelFormat format, int width, int height) {
  Picture picture;
  picture.view.format = format;
  picture.view.width = width;
  picture.view.height = height;
  std::size_t offset[3] = {};
  std::size_t size = 0;
  for (int p = 0; p < plane_count(format); ++p) {
    picture.view.stride[p] = row_bytes(format, p, width);
    offset[p] = size;
    size += static_cast<std::size_t>(picture.view.stride[p]) * static_cast<std::size_t>(plane_rows(format, p, height));
  }
  picture.memory.resize(size);
  for (std::size_t i = 0; i < size; ++i) picture.memory[i] = static_cast<std::uint8_t>(i * 2654435761U >> 13);
  for (int p = 0; p < plane_count(format); ++p) picture.view.plane[p] = picture.memory.data() + offset[p];
  return picture;
}

// Best and median of many, after a warm-up.
void measure(const char* name, const ImageView& frame, const Box& crop, const InputSpec& input) {
  Preprocessor preprocessor(input);
  std::vector<std::uint8_t> out(preprocessor.unit_bytes());
  std::vector<double> us;
  for (int i = 0; i < 320; ++i) {
    const auto start = std::chrono::steady_clock::now();
    preprocessor.run(frame, crop, out.data());
    us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  us.erase(us.begin(), us.begin() + 20);
  std::sort(us.begin(), us.end());
  std::printf("%-46s best %7.1f us  median %7.1f us\n", name, us.front(), us[us.size() / 2]);
}

InputSpec input(int width, int height, ElementType type = ElementType::f32, Layout layout = Layout::nchw) {
  InputSpec spec;
  spec.size = {width, height};
  spec.type = type;
  spec.layout = layout;
  for (float& scale : spec.scale) scale = type == ElementType::f32 ? 1 / 255.0F : 1.0F;
  return spec;
}

}  // namespace

int main() {
  const struct {
    PixelFormat format;
    const char* name;
  } formats[] = {{PixelFormat::i420, "i420"}, {PixelFormat::nv12, "nv12"}, {PixelFormat::rgba, "rgba"},
                 {PixelFormat::rgb, "rgb"},   {PixelFormat::bgrx, "bgrx"}, {PixelFormat::gray8, "gray8"}};
  char name[128];
  for (const auto& [format, word] : formats) {
    for (const Size size : {Size{1920, 1080}, Size{768, 576}}) {
      const Picture picture = make(format, size.width, size.height);
      const Box all{0, 0, static_cast<float>(size.width), static_cast<float>(size.height)};
      std::snprintf(name, sizeof name, "%s %dx%d -> 416x416 f32 nchw", word, size.width, size.height);
      measure(name, picture.view, all, input(416, 416));
    }
  }
  const Picture hd = make(PixelFormat::nv12, 1920, 1080);
  const Box all{0, 0, 1920, 1080};
  measure("nv12 1920x1080 -> 416x416 f16 nchw", hd.view, all, input(416, 416, ElementType::f16));
  measure("nv12 1920x1080 -> 224x224 u8 nhwc", hd.view, all, input(224, 224, ElementType::u8, Layout::nhwc));
  measure("nv12 1920x1080 -> 640x640 f32 nchw", hd.view, all, input(640, 640));
  measure("nv12 crop 61.3x122.7 -> 80x160 f32 nchw", hd.view, {333.3F, 217.6F, 61.3F, 122.7F}, input(80, 160));
  measure("nv12 crop 40x40 -> 416x416 f32 nchw", hd.view, {333, 217, 40, 40}, input(416, 416));
  const Picture uhd = make(PixelFormat::nv12, 3840, 2160);
  measure("nv12 3840x2160 -> 416x416 f32 nchw", uhd.view, {0, 0, 3840, 2160}, input(416, 416));
}
