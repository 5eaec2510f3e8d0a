#include "surface/nvbuf_view.h"

#include <stdexcept>
#include <string>

#include "surface/format.h"

namespace fluvial {
namespace {

constexpr PixelFormat pixel_formats[] = {PixelFormat::nv12, PixelFormat::i420, PixelFormat::rgba,
                                         PixelFormat::rgb,  PixelFormat::bgrx, PixelFormat::gray8};

// The inverse of nvbuf_format(), which is the one table.
bool format_of(NvBufSurfaceColorFormat color, ImageView& view) {
  for (const PixelFormat pixels : pixel_formats)
    for (const bool is_bt709 : {false, true})
      for (const bool is_full_range : {false, true}) {
        const Colorimetry colorimetry{is_bt709, is_full_range};
        if (nvbuf_format({pixels, {}, colorimetry}) != color) continue;
        view.format = pixels;
        view.colorimetry = is_yuv(pixels) ? colorimetry : Colorimetry();
        return true;
      }
  return false;
}

bool is_seen_by_cpu(NvBufSurfaceMemType memory) {
  return memory == NVBUF_MEM_SYSTEM || memory == NVBUF_MEM_CUDA_PINNED || memory == NVBUF_MEM_CUDA_UNIFIED;
}

}  // namespace

ImageView view_in(const NvBufSurface& batch, std::size_t index) {
  if (!batch.surfaceList || index >= batch.numFilled)
    throw std::out_of_range("surface " + std::to_string(index) + ": the batch holds " +
                            std::to_string(batch.surfaceList ? batch.numFilled : 0));
  if (!is_seen_by_cpu(batch.memType))
    throw std::runtime_error("memory type " + std::to_string(static_cast<int>(batch.memType)) +
                             " is not visible to the CPU");
  const auto& params = batch.surfaceList[index];
  ImageView view;
  if (!format_of(params.colorFormat, view))
    throw std::runtime_error("colour format " + std::to_string(static_cast<int>(params.colorFormat)) + " is none of " +
                             surface_formats);
  view.width = static_cast<int>(params.width);
  view.height = static_cast<int>(params.height);
  for (int p = 0; p < plane_count(view.format); ++p) {
    // Planes of a decoder's frame may lie anywhere: where they are mapped, that is the address.
    auto* mapped = static_cast<std::uint8_t*>(params.mappedAddr.addr[p]);
    view.plane[p] = mapped ? mapped : static_cast<std::uint8_t*>(params.dataPtr) + params.planeParams.offset[p];
    view.stride[p] = static_cast<int>(params.planeParams.pitch[p]);
  }
  if (!view.plane[0]) throw std::runtime_error("surface " + std::to_string(index) + " has no pixels");
  return view;
}

}  // namespace fluvial
