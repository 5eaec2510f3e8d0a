// One picture as JPEG, by libjpeg-turbo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "meta/export.h"
#include "types/image.h"

namespace fluvial {

struct FreeBytes {
  void operator()(void* bytes) const { std::free(bytes); }
};

struct JpegBytes {
  std::unique_ptr<std::uint8_t, FreeBytes> data;  // from malloc: g_free() frees it too
  std::size_t size = 0;
};

constexpr int largest_jpeg_side = 65500;  // pixels; libjpeg's own limit

// RGBA, RGB, BGRx or GRAY8; quality 1..100; chroma at half size, as cameras have it. Throws std::runtime_error.
FLUVIAL_EXPORT JpegBytes encode_jpeg(const ImageView& picture, int quality);

}  // namespace fluvial
