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
// head has seen.
FLUVIAL_EXPORT std::size_t units_with(const RowSelection& selection, const std::vector<DeviceTensor>& outputs);
// For the kernel select_rows.
FLUVIAL_EXPORT RowSource row_source(const RowField& field, const DeviceTensor& output);
FLUVIAL_EXPORT RowTask row_task(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, int room);

// Bytes of models' outputs that this process has brought to the host, whole outputs and rows.
FLUVIAL_EXPORT std::uint64_t returned_bytes();
FLUVIAL_EXPORT void count_returned(std::size_t bytes);

// Belongs to one request.
class FLUVIAL_EXPORT RowPicker {
 public:
  static constexpr int room = 512;          // rows of a unit
  static constexpr unsigned threads = 128;  // of a block; the kernels have room for 256
  static unsigned blocks_for(int rows) { return (static_cast<unsigned>(rows) + threads - 1) / threads; }

  explicit RowPicker(Device& device) : device_(device) {}

  // Puts selection and copy into the stream. False, and nothing done, where the outputs do not have these rows.
  bool start(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, Stream stream);
  // That the outputs of the last start() are of.
  std::size_t units() const { return units_; }
  // After the stream has come so far. False where a unit has more rows than there is room for, or a class that is no
  // byte: then the whole outputs must be looked at.
  bool finish();
  // Of one unit, after finish(); valid until the next start().
  SelectedRows of_unit(std::size_t unit) const;

 private:
  // What came back; rows of a unit come in any order, and are put into that of their numbers.
  struct Sorted {
    std::vector<std::int32_t> numbers;
    std::vector<float> values;
  };

  // A block of memory that comes back.
  struct Block {
    DeviceBlock on_device, on_host;
    std::size_t bytes = 0;
  };
  Block new_block(std::size_t bytes);
  void bring(const Block& block, Stream stream);
  void start_rows(const RowSelection& selection, const std::vector<DeviceTensor>& outputs, Stream stream);
  void start_pixels(const PixelClasses& wanted, const std::vector<DeviceTensor>& outputs, Stream stream);
  bool finish_rows();
  bool finish_pixels();

  Device& device_;
  std::size_t units_ = 0, room_ = 0, width_ = 0, pixels_ = 0;
  Block picked_, classes_;
  std::vector<Sorted> rows_;  // by unit
  std::vector<std::size_t> order_;
};

}  // namespace fluvial::cuda
