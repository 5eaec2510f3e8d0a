#include "elements/draw/surface_painter.h"

#include "elements/draw/pixel_canvas.h"

namespace fluvial {

void SurfacePainter::draw(Surface& surface, const std::function<void(Canvas&)>& body) {
  auto* on_device = cuda::as_device_surface(surface);
  if (!on_device) {
    PixelCanvas canvas(surface.view());
    return body(canvas);
  }
  auto& painter = on_devices_[&on_device->device()];
  if (!painter) painter = std::make_unique<cuda::BatchPainter>(on_device->device());
  painter->draw(*on_device, body);
}

void SurfacePainter::finish() {
  for (auto& [device, painter] : on_devices_) painter->finish();
}

void SurfacePainter::forget() {
  for (auto& [device, painter] : on_devices_) painter->forget();
}

}  // namespace fluvial
