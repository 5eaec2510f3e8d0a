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

// For the kernel make_masks, and how many values it writes.
FLUVIAL_EXPORT std::vector<MaskTask> mask_tasks(const std::vector<MaskWish>& wishes, std::size_t& values);
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
