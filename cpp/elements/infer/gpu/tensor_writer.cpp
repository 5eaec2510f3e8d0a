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
  Picture picture = picture_of(format.pixels, format.size, format.colorimetry, box);
  picture.out = out;
  if (!box.is_empty()) use_surface(surface, picture, stream);
  pictures_.push_back(picture);
  return box;
}

// A kernel sees its own GPU's memory: what lies on another goes by the host, and is counted.
void TensorWriter::use_surface(const Surface& surface, Picture& picture, Stream stream) {
  const bool is_elsewhere = surface.gpu() >= 0 && surface.gpu() != device_.ordinal();
  ImageView view = is_elsewhere ? surface.view() : surface.planes();
  if (is_elsewhere || surface.memory() != NVBUF_MEM_CUDA_DEVICE) blocks_.push_back(upload(device_, view, stream, view));
  place_planes(view, picture);
}

// Nothing is sent to the device but the launches themselves.
template <typename Batch>
void TensorWriter::launch_in(Function kernel, Stream stream) {
  constexpr unsigned width = 32, height = 8;  // threads of a block: rows of a warp read and write side by side
  const auto blocks = [](int pixels, unsigned of) { return (static_cast<unsigned>(pixels) + of - 1) / of; };
  for (auto first = pictures_.begin(); first != pictures_.end();) {
    Batch batch;
    const auto count = std::min<std::ptrdiff_t>(pictures_.end() - first, Batch::most);
    std::copy_n(first, count, batch.pictures);
    first += count;
    void* parameters[] = {&batch, &input_};
    FLUVIAL_CUDA(cuLaunchKernel, kernel, blocks(input_.width, width * pixels_of_thread), blocks(input_.height, height),
                 static_cast<unsigned>(count), width, height, 1, 0, stream, parameters, nullptr);
  }
}

std::vector<DeviceBlock> TensorWriter::launch(Stream stream) {
  if (!pictures_.empty()) {
    // Few pictures are whole frames, of which a launch has enough to do.
    const bool are_many = pictures_.size() > 2 * PictureBatch::most;
    const Function of_many = are_many ? device_.kernel_if_possible(kernel_of_many) : nullptr;
    const Current current(device_);
    of_many ? launch_in<ManyPictures>(of_many, stream)
            : launch_in<PictureBatch>(device_.kernel("pictures_to_tensor"), stream);
  }
  pictures_.clear();
  return std::exchange(blocks_, {});
}

}  // namespace fluvial::cuda
