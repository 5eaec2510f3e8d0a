#include "elements/draw/gpu/batch_painter.h"

#include <algorithm>
#include <cstring>

namespace fluvial::cuda {

// To a block of the device that is held until finish().
DevicePointer BatchPainter::send(const void* bytes, std::size_t count) {
  if (count == 0) return 0;
  const DeviceBlock host = device_.allocate_host(count), block = device_.allocate(count);
  std::memcpy(host.get(), bytes, count);
  const Current current(device_);
  FLUVIAL_CUDA(cuMemcpyHtoDAsync_v2, address_of(block), host.get(), count, queue_.stream());
  held_.push_back(host);
  held_.push_back(block);
  return address_of(block);
}

// A text is sent once, and then lies there as long as the renderer keeps it.
const void* BatchPainter::place_text(const TextPicture& text) {
  if (!text.on_gpu || text.gpu != device_.ordinal()) {
    auto* picture = text.alpha.get();
    const auto rows = static_cast<std::size_t>(cairo_image_surface_get_height(picture));
    send(cairo_image_surface_get_data(picture),
         static_cast<std::size_t>(cairo_image_surface_get_stride(picture)) * rows);
    text.on_gpu = held_.back();
    text.gpu = device_.ordinal();
  }
  held_.push_back(text.on_gpu);  // the renderer may forget it meanwhile
  return text.on_gpu.get();
}

void BatchPainter::draw(DeviceSurface& surface, const std::function<void(Canvas&)>& body) {
  // What is drawn on one surface twice comes in order.
  if (std::find(surfaces_.begin(), surfaces_.end(), &surface) != surfaces_.end()) finish();
  const ImageView planes = surface.planes();
  drawing_.pictures.push_back({planes.plane[0], planes.stride[0], planes.width, planes.height});
  surfaces_.push_back(&surface);
  DrawingCanvas canvas(drawing_, planes.format, [this](const TextPicture& text) { return place_text(text); });
  body(canvas);
}

BatchPainter::Placed BatchPainter::place(Primitives& primitives, DevicePointer data) {
  settle(primitives, reinterpret_cast<const std::uint8_t*>(data));
  const TileLists lists = lists_of(drawing_.pictures, primitives);
  const auto sent = [this](const auto& values) { return send(values.data(), values.size() * sizeof(values[0])); };
  return {sent(lists.tiles), sent(lists.lists), sent(primitives.all), static_cast<unsigned>(lists.tiles.size())};
}

void BatchPainter::paint(const Placed& placed, DevicePointer pictures) {
  if (placed.tile_count == 0) return;
  auto [tiles, lists, primitives, count] = placed;
  void* parameters[] = {&pictures, &tiles, &lists, &primitives};
  const Function kernel = device_.kernel("paint_tiles");
  const Current current(device_);
  FLUVIAL_CUDA(cuLaunchKernel, kernel, count, 1, 1, 32, 8, 1, 0, queue_.stream(), parameters, nullptr);
}

void BatchPainter::measure_blurs(const Placed& blurs, DevicePointer pictures) {
  int cells = 0;
  for (const auto& p : drawing_.blurs.all) cells = std::max(cells, p.columns * p.rows);
  if (cells == 0) return;
  DevicePointer picture_of = send(drawing_.blurs.picture_of.data(), drawing_.blurs.picture_of.size() * sizeof(int));
  DevicePointer primitives = blurs.primitives;
  void* parameters[] = {&pictures, &picture_of, &primitives};
  const Function kernel = device_.kernel("blur_means");
  const Current current(device_);
  const auto blocks = static_cast<unsigned>((cells + means_of_block - 1) / means_of_block);
  FLUVIAL_CUDA(cuLaunchKernel, kernel, blocks, static_cast<unsigned>(drawing_.blurs.all.size()), 1, 32 * means_of_block,
               1, 1, 0, queue_.stream(), parameters, nullptr);
}

void BatchPainter::finish() {
  if (drawing_.primitives.all.empty() && drawing_.blurs.all.empty()) return forget();
  const DevicePointer data = send(drawing_.data.data(), drawing_.data.size());
  const DevicePointer pictures =
      send(drawing_.pictures.data(), drawing_.pictures.size() * sizeof(drawing_.pictures[0]));
  const Placed shapes = place(drawing_.primitives, data), blurs = place(drawing_.blurs, data);
  paint(shapes, pictures);
  measure_blurs(blurs, pictures);
  paint(blurs, pictures);
  done_.set(queue_.stream());
  done_.wait();
  for (auto* surface : surfaces_) surface->forget_view();
  forget();
}

void BatchPainter::forget() {
  drawing_ = {};
  surfaces_.clear();
  held_.clear();
}

}  // namespace fluvial::cuda
