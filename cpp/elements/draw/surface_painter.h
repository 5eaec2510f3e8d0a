// Who draws on a surface: decided by the memory that it lies in.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "elements/draw/canvas.h"
#include "elements/draw/gpu/batch_painter.h"
#include "surface/surface.h"

namespace fluvial {

// Belongs to one stream; not thread-safe.
class SurfacePainter {
 public:
  // The surface is held alone, and lives until finish(). Throws std::runtime_error for a format that is not drawn on.
  void draw(Surface& surface, const std::function<void(Canvas&)>& body);
  // All that was drawn is in the pixels then.
  void finish();
  void forget();  // what a batch left that failed half way

 private:
  std::map<cuda::Device*, std::unique_ptr<cuda::BatchPainter>> on_devices_;
};

}  // namespace fluvial
