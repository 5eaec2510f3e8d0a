#include "elements/preprocess/mean_file.h"

#include <fstream>
#include <limits>

#include "elements/guard.h"

namespace fluvial {
namespace {

SettingsError wrong(const std::string& path, const std::string& what) {
  return SettingsError("[user-configs] mean-file: " + what + " (" + path + ")");
}

// A number of the header; a comment lasts to the end of its line.
int next_number(std::ifstream& file) {
  while ((file >> std::ws) && file.peek() == '#') file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  int number = -1;
  file >> number;
  return number;
}

std::vector<unsigned char> read_pixels(const std::string& path, Size size) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw wrong(path, "no such file");
  std::string magic;
  file >> magic;
  const int width = next_number(file), height = next_number(file), most = next_number(file);
  if (!file || magic != "P6" || most != 255)
    throw wrong(path, "allowed is a binary PPM picture (P6) with 255 as its largest value");
  if (width != size.width || height != size.height)
    throw wrong(path, "the picture has " + std::to_string(width) + "x" + std::to_string(height) +
                          " pixels, the network's input " + std::to_string(size.width) + "x" +
                          std::to_string(size.height));
  file.get();  // one white space ends the header
  std::vector<unsigned char> pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  file.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(pixels.size()));
  if (!file) throw wrong(path, "the file ends before its last pixel");
  return pixels;
}

}  // namespace

std::vector<float> read_mean_file(const std::string& path, const InputSpec& input) {
  if (input.type != ElementType::f32) throw wrong(path, "a mean picture needs tensor-data-type=0 (FP32)");
  if (input.color == ColorOrder::gray) throw wrong(path, "a mean picture has three colours, the tensor one");
  const auto pixels = read_pixels(path, input.size);
  const std::size_t count = pixels.size() / 3;
  std::vector<float> mean(pixels.size());
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t from = input.color == ColorOrder::bgr ? 2 - c : c;
      mean[input.layout == Layout::nhwc ? i * 3 + c : c * count + i] = pixels[i * 3 + from];
    }
  return mean;
}

}  // namespace fluvial
