// Brings from the device what of outputs can hold an object, and no more.
#pragma once

#include <cstdint>
#include <vector>

#include "surface/cuda/device.h"
#include "surface/cuda/kernels/row_task.h"
#include "types/row_selection.h"
#include "types/tensor.h"

namespace fluvial::cuda {

// A model's output where it is. Its memory is somebody else's.
struct DeviceTensor {
  DevicePointer address = 0;
  ElementType type = ElementType::f32;
  Shape shape;
};

// How many units these outputs hold, where each has all rows of the selection; else 0: the model gave others than the
// head has seen, or of a type that the kernel does not read.
FLUVIAL_EXPORT std::size_t units_with(const RowSelection& selection, const std::vector<DeviceTensor>& outputs);
// For the kernel select_rows.
FLUVIAL_EXPORT RowTask row_task(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, int room);

// Bytes of models' outputs that this process has brought to the host, whole outputs and rows.
FLUVIAL_EXPORT std::uint64_t returned_bytes();
FLUVIAL_EXPORT void count_returned(std::size_t bytes);

// Belongs to one request.
class FLUVIAL_EXPORT RowPicker {
 public:
  static constexpr int room = 512;  // rows of a unit

  explicit RowPicker(Device& device) : device_(device) {}

  // Puts selection and copy into the stream. False, and nothing done, where the outputs do not have these rows.
  bool start(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, Stream stream);
  // After the stream has come so far. False where a unit has more rows than there is room for: then the whole outputs
  // must be looked at.
  bool finish();
  // Of one unit, after finish(); valid until the next start().
  SelectedRows of_unit(std::size_t unit) const;

 private:
  // What came back; rows of a unit come in any order, and are put into that of their numbers.
  struct Sorted {
    std::vector<std::int32_t> numbers;
    std::vector<float> values;
  };

  Device& device_;
  std::size_t units_ = 0, room_ = 0, width_ = 0;
  DeviceBlock on_device_, on_host_;
  std::vector<Sorted> rows_;  // by unit
  std::vector<std::size_t> order_;
};

}  // namespace fluvial::cuda
