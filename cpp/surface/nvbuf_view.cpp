#include "surface/nvbuf_view.h"

#include <stdexcept>
#include <string>

#include "surface/format.h"

namespace fluvial {
namespace {

constexpr PixelFormat pixel_formats[] = {PixelFormat::nv12, PixelFormat::i420, PixelFormat::rgba,
                                         PixelFormat::rgb,  PixelFormat::bgrx, PixelFormat::gray8};

int bytes_per_pixel(PixelFormat format, int plane) {
  switch (format) {
    case PixelFormat::nv12: return plane == 1 ? 2 : 1;
    case PixelFormat::rgba:
    case PixelFormat::bgrx: return 4;
    case PixelFormat::rgb: return 3;
    default: return 1;
  }
}

bool is_seen_by_cpu(NvBufSurfaceMemType memory) {
  return memory == NVBUF_MEM_SYSTEM || memory == NVBUF_MEM_CUDA_PINNED || memory == NVBUF_MEM_CUDA_UNIFIED;
}

}  // namespace

// The inverse of nvbuf_format(), which is the one table.
bool surface_format_of(NvBufSurfaceColorFormat color, SurfaceFormat& format) {
  for (const PixelFormat pixels : pixel_formats)
    for (const bool is_bt709 : {false, true})
      for (const bool is_full_range : {false, true}) {
        const Colorimetry colorimetry{is_bt709, is_full_range};
        if (nvbuf_format({pixels, {}, colorimetry}) != color) continue;
        format.pixels = pixels;
        format.colorimetry = is_yuv(pixels) ? colorimetry : Colorimetry();
        return true;
      }
  return false;
}

ImageView view_in(const NvBufSurface& batch, std::size_t index) {
  if (!batch.surfaceList || index >= batch.numFilled)
    throw std::out_of_range("surface " + std::to_string(index) + ": the batch holds " +
                            std::to_string(batch.surfaceList ? batch.numFilled : 0));
  if (!is_seen_by_cpu(batch.memType))
    throw std::runtime_error("memory type " + std::to_string(static_cast<int>(batch.memType)) +
                             " is not visible to the CPU");
  const ImageView view = view_of(batch.surfaceList[index]);
  if (!view.plane[0]) throw std::runtime_error("surface " + std::to_string(index) + " has no pixels");
  return view;
}

ImageView view_of(const NvBufSurfaceParams& params) {
  SurfaceFormat format;
  if (!surface_format_of(params.colorFormat, format))
    throw std::runtime_error("colour format " + std::to_string(static_cast<int>(params.colorFormat)) + " is none of " +
                             surface_formats);
  ImageView view;
  view.format = format.pixels;
  view.colorimetry = format.colorimetry;
  view.width = static_cast<int>(params.width);
  view.height = static_cast<int>(params.height);
  for (int p = 0; p < plane_count(view.format); ++p) {
    // Planes of a decoder's frame may lie anywhere: where they are mapped, that is the address.
    auto* mapped = static_cast<std::uint8_t*>(params.mappedAddr.addr[p]);
    auto* first = static_cast<std::uint8_t*>(params.dataPtr);
    view.plane[p] = mapped ? mapped : first ? first + params.planeParams.offset[p] : nullptr;
    view.stride[p] = static_cast<int>(params.planeParams.pitch[p]);
  }
  return view;
}

void describe(const ImageView& view, NvBufSurfaceParams& params) {
  params = {};
  params.width = static_cast<uint32_t>(view.width);
  params.height = static_cast<uint32_t>(view.height);
  params.pitch = static_cast<uint32_t>(view.stride[0]);
  params.colorFormat = nvbuf_format({view.format, {}, view.colorimetry});
  params.layout = NVBUF_LAYOUT_PITCH;
  params.dataPtr = view.plane[0];
  params.planeParams.num_planes = static_cast<uint32_t>(plane_count(view.format));
  for (int p = 0; p < plane_count(view.format); ++p) {
    const int rows = plane_rows(view.format, p, view.height);
    const int bytes = bytes_per_pixel(view.format, p);
    params.planeParams.width[p] = static_cast<uint32_t>(row_bytes(view.format, p, view.width) / bytes);
    params.planeParams.height[p] = static_cast<uint32_t>(rows);
    params.planeParams.pitch[p] = static_cast<uint32_t>(view.stride[p]);
    params.planeParams.bytesPerPix[p] = static_cast<uint32_t>(bytes);
    params.planeParams.psize[p] = static_cast<uint32_t>(view.stride[p] * rows);
    // Planes of a decoder's frame may lie anywhere: the address is the truth, the offset only its difference.
    params.planeParams.offset[p] = static_cast<uint32_t>(view.plane[p] - view.plane[0]);
    params.mappedAddr.addr[p] = view.plane[p];
    params.dataSize += params.planeParams.psize[p];
  }
}

}  // namespace fluvial
