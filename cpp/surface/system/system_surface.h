#pragma once

#include <atomic>
#include <cstdlib>

#include "surface/surface.h"

namespace fluvial {

// Pixels in one block of our own, aligned for SIMD. Written by whoever holds it alone.
class SystemSurface final : public Surface {
 public:
  explicit SystemSurface(SurfaceFormat format);
  ~SystemSurface() override;

  NvBufSurfaceMemType memory() const override { return NVBUF_MEM_SYSTEM; }
  ImageView view() const override { return view_; }
  bool is_private() const override { return true; }

 private:
  void* block_ = nullptr;
  ImageView view_;
};

}  // namespace fluvial
