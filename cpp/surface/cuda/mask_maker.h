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
  std::size_t values = 0;         // that it writes
  unsigned across = 0, down = 0;  // blocks of the mask that needs most
};
FLUVIAL_EXPORT MaskTasks mask_tasks(const std::vector<MaskWish>& wishes, const PrototypeGrid& grid);
FLUVIAL_EXPORT MaskGrid mask_grid(const PrototypeGrid& grid, const DeviceTensor& prototypes, std::size_t unit);

// Belongs to one request, whose queue it uses, and waits for what it put there.
class FLUVIAL_EXPORT DeviceMaskMaker final : public MaskMaker {
 public:
  explicit DeviceMaskMaker(Device& device) : device_(device), made_(device) {}

  // What the next make() is of.
  void use(const DeviceTensor& prototypes, std::size_t unit, Stream stream) {
    prototypes_ = prototypes;
    unit_ = unit;
    stream_ = stream;
  }
  const float* make(const std::vector<MaskWish>& wishes, const PrototypeGrid& grid) override;

 private:
  Device& device_;
  Mark made_;
  DeviceTensor prototypes_;
  std::size_t unit_ = 0;
  Stream stream_ = nullptr;
  DeviceBlock values_;  // on the host
};

}  // namespace fluvial::cuda
