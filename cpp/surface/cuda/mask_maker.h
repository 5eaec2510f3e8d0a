// Masks of prototypes that lie on a device.
#pragma once

#include <vector>

#include "surface/cuda/device.h"
#include "surface/cuda/kernels/mask_task.h"
#include "surface/cuda/row_picker.h"
#include "types/mask_wish.h"

namespace fluvial::cuda {

// Whether the output holds [units, M, h, w] floats, as masks are made of.
FLUVIAL_EXPORT bool are_prototypes(const DeviceTensor& output, std::size_t units);

// For the kernel make_masks.
struct MaskTasks {
  std::vector<MaskTask> tasks;
  std::vector<MaskTile> tiles;  // one a block
  std::size_t values = 0;       // that it writes
};
FLUVIAL_EXPORT MaskTasks mask_tasks(const MaskWishes& wishes);
FLUVIAL_EXPORT MaskGrid mask_grid(const PrototypeGrid& grid, const DeviceTensor& prototypes);

// Belongs to one request. What goes there goes in one block, what comes back in another.
class FLUVIAL_EXPORT DeviceMaskMaker {
 public:
  explicit DeviceMaskMaker(Device& device) : device_(device), made_(device) {}

  // Waits for what it puts into the stream. As Request::make_masks().
  const float* make(const MaskWishes& wishes, const DeviceTensor& prototypes, Stream stream);

 private:
  Device& device_;
  Mark made_;
  DeviceBlock values_;  // on the host
};

}  // namespace fluvial::cuda
