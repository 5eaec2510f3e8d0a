#include "elements/infer/gpu/tensor_writer.h"

#include <algorithm>
#include <utility>

#include "algo/preprocess.h"
#include "elements/infer/gpu/pictures.h"
#include "surface/cuda/compiler.h"
#include "surface/cuda/surface.h"

namespace fluvial::cuda {

TensorWriter::TensorWriter(Device& device, const InputSpec& spec)
    : device_(device), spec_(spec), input_(input_of(spec)) {
  const Preprocessor judge(spec);  // throws for what cannot be written
}

Letterbox TensorWriter::add(const Surface& surface, const Box& crop, void* out, Stream stream) {
  const SurfaceFormat& format = surface.format();
  const Letterbox box = make_letterbox(spec_, crop, format.size);
  Picture picture = picture_of(format.pixels, format.size, box);
  picture.out = out;
  if (!box.is_empty()) use_surface(surface, picture, stream);
  (is_close(picture, input_) ? crops_ : pictures_).push_back(picture);
  return box;
}

// A kernel sees its own GPU's memory: what lies on another goes by the host, and is counted.
void TensorWriter::use_surface(const Surface& surface, Picture& picture, Stream stream) {
  const bool is_elsewhere = surface.gpu() >= 0 && surface.gpu() != device_.ordinal();
  ImageView view = is_elsewhere ? surface.view() : surface.planes();
  if (is_elsewhere || surface.memory() != NVBUF_MEM_CUDA_DEVICE) blocks_.push_back(upload(device_, view, stream, view));
  place_planes(view, picture);
}

namespace {

constexpr unsigned threads_across = 32;  // rows of a warp read and write side by side

unsigned blocks_for(int pixels, unsigned of) { return (static_cast<unsigned>(pixels) + of - 1) / of; }

// Crops share between rows what a thread finds out once, if there is enough to do for a GPU's threads all the same.
int rows_of_thread(const Input& input, std::size_t crops) {
  constexpr std::size_t rows_wanted = 16384;  // of all crops
  return crops * static_cast<std::size_t>(input.height) >= rows_wanted ? 4 : 1;
}

}  // namespace

// Nothing is sent to the device but the launches themselves.
template <typename Batch>
void TensorWriter::launch_in(const std::vector<Picture>& pictures, Function kernel, unsigned rows, Stream stream) {
  for (auto first = pictures.begin(); first != pictures.end();) {
    Batch batch;
    const auto count = std::min<std::ptrdiff_t>(pictures.end() - first, Batch::most);
    std::copy_n(first, count, batch.pictures);
    first += count;
    void* parameters[] = {&batch, &input_};
    FLUVIAL_CUDA(cuLaunchKernel, kernel, blocks_for(input_.width, threads_across * pixels_of_thread),
                 blocks_for(input_.height, rows * static_cast<unsigned>(input_.rows_of_thread)),
                 static_cast<unsigned>(count), threads_across, rows, 1, 0, stream, parameters, nullptr);
  }
}

void TensorWriter::launch_all(std::vector<Picture>& pictures, const Kernels& kernels, Stream stream) {
  if (pictures.empty()) return;
  // Few pictures are whole frames, of which a launch has enough to do.
  const bool are_many = pictures.size() > 2 * PictureBatch::most;
  const Function many = are_many ? device_.kernel_if_possible(kernels.of_many) : nullptr;
  many ? launch_in<ManyPictures>(pictures, many, kernels.rows, stream)
       : launch_in<PictureBatch>(pictures, device_.kernel(kernels.of_few), kernels.rows, stream);
  pictures.clear();
}

std::vector<DeviceBlock> TensorWriter::launch(Stream stream) {
  const Current current(device_);
  input_.rows_of_thread = 1;
  launch_all(pictures_, {"pictures_to_tensor", "pictures_to_tensor_many", rows_of_pictures}, stream);
  input_.rows_of_thread = rows_of_thread(input_, crops_.size());
  launch_all(crops_, {"crops_to_tensor", "crops_to_tensor_many", rows_of_crops}, stream);
  return std::exchange(blocks_, {});
}

}  // namespace fluvial::cuda
