// The pixels of one frame, in one kind of memory.
//
// Elements know only this file: which memory it is, and who scales or converts in it, is decided once, where surfaces
// are made. A kind of memory is a folder here (system/, cuda/) with a Surface and an Allocator.
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "meta/export.h"
#include "nvbufsurface.h"
#include "types/geometry.h"
#include "types/image.h"

namespace fluvial {

struct SurfaceFormat {
  PixelFormat pixels = PixelFormat::unknown;
  Size size;
  Colorimetry colorimetry;
};

inline bool operator==(const SurfaceFormat& a, const SurfaceFormat& b) {
  return a.pixels == b.pixels && a.size == b.size && a.colorimetry.is_bt709 == b.colorimetry.is_bt709 &&
         a.colorimetry.is_full_range == b.colorimetry.is_full_range;
}

// Pixels that the CPU sees, and what keeps them; nothing where that is the surface itself.
struct HostPixels {
  ImageView view;
  std::shared_ptr<const void> owner;
};

class FLUVIAL_EXPORT Surface {
 public:
  explicit Surface(SurfaceFormat format) : format_(format) {}
  virtual ~Surface();
  Surface(const Surface&) = delete;
  Surface& operator=(const Surface&) = delete;

  const SurfaceFormat& format() const { return format_; }
  virtual NvBufSurfaceMemType memory() const = 0;
  // Number of the GPU whose memory that is; -1: of none, or nobody knows.
  virtual int gpu() const { return -1; }
  // The pixels as the CPU sees them: a copy of them, made once, where they lie in memory that it cannot see.
  // Throws std::runtime_error where that fails.
  virtual ImageView view() const = 0;
  // The same of a part, as crop() of system/convert.h cuts it; of memory that the CPU cannot see, no more is copied.
  virtual HostPixels part(const Box& box) const;
  // The pixels where they lie: addresses of memory().
  virtual ImageView planes() const { return view(); }
  // True when nobody but the holder of this object can see the pixels, so that they may be written.
  virtual bool is_private() const = 0;
  // The GstBuffer whose pixels these are, when it holds nothing else; else nullptr. Borrowed.
  virtual GstBuffer* source() const { return nullptr; }

 private:
  SurfaceFormat format_;
};

using SurfacePtr = std::shared_ptr<Surface>;

enum class Filter { nearest, bilinear, box };

// The eight ways to turn a picture, numbered as DeepStream's flip-method.
enum class Flip { none, ccw90, rotate180, cw90, horizontal, anti_diagonal, vertical, diagonal };

// From a rectangle of one surface to a rectangle of another; an empty rectangle is the whole surface.
struct Transform {
  Box from;
  Box to;
  Filter filter = Filter::bilinear;
  Flip flip = Flip::none;
};

// One of several transforms that are done in one go. Without `from` the rectangle becomes black, which in YUV is not
// all zeros.
struct TransformJob {
  const Surface* from = nullptr;
  Surface* to = nullptr;
  Transform how;
};

// Makes surfaces and moves pixels between them, where they lie. Keeps a pool, so that a stream in its steady state
// allocates no surface. One an element; any thread.
class FLUVIAL_EXPORT Allocator {
 public:
  virtual ~Allocator();
  virtual SurfacePtr allocate(const SurfaceFormat& format) = 0;  // in system memory
  // In the memory of another surface, where this allocator knows that kind; else in system memory.
  virtual SurfacePtr allocate(const SurfaceFormat& format, const Surface& like) = 0;
  // Scales, converts and turns. Pixels outside the rectangles stay as they are. First what becomes black does, then the
  // rest, of which no two may write the same pixels. All is done when it returns.
  // Throws std::runtime_error for a pair of formats or a turn that cannot be done.
  virtual void transform(const std::vector<TransformJob>& jobs) = 0;
  void transform(const Surface& from, Surface& to, const Transform& how) { transform({{&from, &to, how}}); }
  void clear(Surface& surface) { transform({{nullptr, &surface, {}}}); }
  // Bytes of pixels written so far: what zero-copy is measured by.
  virtual std::uint64_t written_bytes() const = 0;
};

// The allocator for surfaces in system memory. Reads those in other memory as the CPU sees them.
FLUVIAL_EXPORT std::unique_ptr<Allocator> make_system_allocator();
// The allocator for surfaces in any memory: pixels on a GPU are transformed there.
FLUVIAL_EXPORT std::unique_ptr<Allocator> make_allocator();

// A surface on the pixels of a GstBuffer, which it keeps mapped. With GST_MAP_WRITE the caller may write and must hold
// the only reference on the buffer. Throws std::runtime_error when it cannot be mapped.
FLUVIAL_EXPORT SurfacePtr wrap_video_buffer(GstBuffer* buffer, const GstVideoInfo& info,
                                            GstMapFlags access = GST_MAP_READ);

}  // namespace fluvial
