// Pixels that somebody else owns, as a Surface: for one transform() while they are there.
#pragma once

#include "surface/surface.h"

namespace fluvial {

class ViewSurface final : public Surface {
 public:
  explicit ViewSurface(const ImageView& view)
      : Surface({view.format, {view.width, view.height}, view.colorimetry}), view_(view) {}

  NvBufSurfaceMemType memory() const override { return NVBUF_MEM_SYSTEM; }
  ImageView view() const override { return view_; }
  bool is_private() const override { return false; }

 private:
  ImageView view_;
};

}  // namespace fluvial
