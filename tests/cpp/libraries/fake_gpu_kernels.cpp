// See kernels_on_host.h, which gives CUDA's words their meaning.
#include "fake_gpu_kernels.h"

#include <cstring>

#include "kernels_on_host.h"
#include "surface/cuda/kernels/parameters.h"

#include "surface/cuda/kernels/pictures_to_tensor.cu"

using namespace fluvial;

void run_fake_kernel(const char* name, FakeGrid grid, void** parameters) {
  const auto& input = *static_cast<const cuda::Input*>(parameters[1]);
  const auto run = [&](auto kernel) { run_together({grid.across, grid.down, grid.deep}, {grid.x, grid.y, 1}, kernel); };
  if (std::strcmp(name, "pictures_to_tensor") == 0) {
    const auto& batch = *static_cast<const cuda::PictureBatch*>(parameters[0]);
    run([&] { cuda::pictures_to_tensor(batch, input); });
  } else if (std::strcmp(name, "pictures_to_tensor_many") == 0) {
    const auto& batch = *static_cast<const cuda::ManyPictures*>(parameters[0]);
    run([&] { cuda::pictures_to_tensor_many(batch, input); });
  }
}
