// Brings from the device what of an output can hold an object, and no more.
#pragma once

#include <vector>

#include "surface/cuda/device.h"
#include "surface/cuda/kernels/parameters.h"
#include "types/row_selection.h"

namespace fluvial::cuda {

// As the kernel select_rows is told of it; `room` rows of a unit are kept.
FLUVIAL_EXPORT Rows rows_of(const RowSelection& selection, int room);

// Belongs to one request.
class FLUVIAL_EXPORT RowPicker {
 public:
  explicit RowPicker(Device& device) : device_(device) {}

  // Puts selection and copy into the stream.
  void start(const RowSelection& selection, DevicePointer output, std::size_t units, Stream stream);
  // After the stream has come so far. False where a unit has more rows than there is room for: then the whole output
  // must be looked at.
  bool finish();
  // Of one unit, after finish(); valid until the next start().
  SelectedRows of_unit(std::size_t unit) const;

 private:
  static constexpr std::size_t room = 512;  // rows of a unit
  Device& device_;
  RowSelection selection_;
  std::size_t units_ = 0;
  DeviceBlock on_device_, on_host_;
  std::vector<std::vector<std::int32_t>> numbers_;  // by unit, sorted: threads come in any order
  std::vector<std::vector<const float*>> values_;
};

}  // namespace fluvial::cuda
