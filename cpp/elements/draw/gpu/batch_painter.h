// Draws on surfaces of one device: a batch is written down, sent there in a few small uploads and painted in one
// launch, or three where something is blurred.
#pragma once

#include <functional>
#include <vector>

#include "elements/draw/gpu/drawing.h"
#include "surface/cuda/device.h"
#include "surface/cuda/surface.h"

namespace fluvial::cuda {

// Belongs to one stream; not thread-safe.
class BatchPainter {
 public:
  explicit BatchPainter(Device& device) : device_(device), queue_(device), done_(device) {}

  // The surface, which is held alone, must live until finish().
  void draw(DeviceSurface& surface, const std::function<void(Canvas&)>& body);
  // Paints what was drawn since, and waits for it.
  void finish();
  // Leaves what a batch left that failed half way.
  void forget();

 private:
  // Of primitives, where the kernels find them.
  struct Placed {
    DevicePointer tiles = 0, lists = 0, primitives = 0;
    unsigned tile_count = 0;
  };

  const void* place_text(const TextPicture& text);
  DevicePointer send(const void* bytes, std::size_t count);
  Placed place(Primitives& primitives, DevicePointer data);
  void paint(const Placed& placed, DevicePointer pictures);
  void measure_blurs(const Placed& blurs, DevicePointer pictures);

  Device& device_;
  Queue queue_;
  Mark done_;
  Drawing drawing_;
  std::vector<DeviceSurface*> surfaces_;
  std::vector<DeviceBlock> held_;  // until finish()
};

}  // namespace fluvial::cuda
