#include "surface/cuda/transformer.h"

#include "surface/cuda/move_launches.h"
#include "surface/cuda/surface.h"
#include "surface/system/convert.h"

namespace fluvial::cuda {

// Of one run().
struct Transformer::Work {
  struct Landing {  // what goes on to the host
    SurfacePtr on_device;
    ImageView to;
  };
  std::vector<PlacedMove> black, moves;
  std::vector<Landing> landings;
  std::vector<DeviceBlock> held;
  std::vector<DeviceSurface*> written;
};

// The pixels of a surface elsewhere are brought here first.
ImageView Transformer::on_device(const Surface& surface, Work& work) {
  const auto* here = as_device_surface(surface);
  if (here && &here->device() == &device_) return surface.planes();
  ImageView placed;
  work.held.push_back(upload(device_, surface.view(), queue_.stream(), placed));
  return placed;
}

void Transformer::add(const TransformJob& job, Work& work) {
  auto* target = as_device_surface(*job.to);
  if (target && !job.from) {
    work.black.push_back(black_of(target->planes(), job.how.to));
  } else if (target) {
    work.moves.push_back(move_of(on_device(*job.from, work), target->planes(), job.how));
  } else {
    const ImageView to = crop(job.to->view(), job.how.to);
    const auto between = new_device_surface(device_, {to.format, {to.width, to.height}, to.colorimetry});
    Transform how = job.how;
    how.to = {};
    work.moves.push_back(move_of(on_device(*job.from, work), between->planes(), how));
    work.landings.push_back({between, to});
  }
  if (target) work.written.push_back(target);
  written_ += bytes_of_pixels(target ? crop(target->planes(), job.how.to) : work.landings.back().to);
}

// Nothing is sent to the device but the launches themselves.
void Transformer::launch(const std::vector<PlacedMove>& moves) {
  if (moves.empty()) return;
  const Current current(device_);
  for (MoveLaunch& launch : launches_of(moves)) {
    void* parameters[] = {&launch.batch};
    FLUVIAL_CUDA(cuLaunchKernel, device_.kernel(launch.kernel), launch.across, launch.down, launch.pictures,
                 launch.columns, launch.rows, 1, 0, queue_.stream(), parameters, nullptr);
  }
}

void Transformer::run(const std::vector<TransformJob>& jobs) {
  Work work;
  try {
    for (const auto& job : jobs) add(job, work);
    launch(work.black);
    launch(work.moves);
    for (const auto& landing : work.landings) download(landing.on_device->planes(), landing.to, queue_.stream());
    done_.set(queue_.stream());
    done_.wait();
  } catch (...) {
    queue_.wait();  // what was begun still reads and writes
    throw;
  }
  for (auto* surface : work.written) surface->forget_view();
}

}  // namespace fluvial::cuda
