// Surfaces in system memory, recycled; transforms by libyuv.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

#include "surface/system/convert.h"
#include "surface/system/system_surface.h"

namespace fluvial {
namespace {

// Surfaces that nobody holds any more. Shared with their deleters: a surface may come home after its allocator is gone.
class Idle {
 public:
  std::unique_ptr<SystemSurface> take(const SurfaceFormat& format) {
    std::lock_guard lock(mutex_);
    for (auto& surface : surfaces_)
      if (surface->format() == format) {
        std::swap(surface, surfaces_.back());
        auto taken = std::move(surfaces_.back());
        surfaces_.pop_back();
        return taken;
      }
    return nullptr;
  }

  void give_back(SystemSurface* surface) {
    std::unique_ptr<SystemSurface> owned(surface);
    std::lock_guard lock(mutex_);
    if (surfaces_.size() >= limit) surfaces_.erase(surfaces_.begin());  // the oldest: sizes change over time
    surfaces_.push_back(std::move(owned));
  }

 private:
  static constexpr std::size_t limit = 64;  // idle surfaces
  std::mutex mutex_;
  std::vector<std::unique_ptr<SystemSurface>> surfaces_;
};

class SystemAllocator final : public Allocator {
 public:
  SurfacePtr allocate(const SurfaceFormat& format) override {
    auto surface = idle_->take(format);
    if (!surface) surface = std::make_unique<SystemSurface>(format);
    return SurfacePtr(surface.release(),
                      [idle = idle_](Surface* s) { idle->give_back(static_cast<SystemSurface*>(s)); });
  }

  SurfacePtr allocate(const SurfaceFormat& format, const Surface&) override { return allocate(format); }

  void transform(const std::vector<TransformJob>& jobs) override {
    for (const auto& job : jobs)
      if (!job.from) blacken(crop(job.to->view(), job.how.to));
    for (const auto& job : jobs)
      if (job.from) transform_one(*job.from, *job.to, job.how);
  }

  std::uint64_t written_bytes() const override { return written_; }

 private:
  // The fewest steps that do it: turn, then scale (in the source's format, where YUV has half the bytes), then convert.
  void transform_one(const Surface& from, const Surface& to, const Transform& how) {
    ImageView source = crop(from.view(), how.from);
    const ImageView target = crop(to.view(), how.to);
    SurfacePtr steps[3];  // hold the pixels between two steps
    if (how.flip != Flip::none) source = turn(source, how.flip, steps[0], steps[1]);
    if (source.width != target.width || source.height != target.height) {
      if (!is_scalable(source.format)) source = convert(source, PixelFormat::rgba, steps[2]);
      if (source.format == target.format && means_the_same(source, target)) {
        scale_pixels(source, target, how.filter);
        written_ += bytes_of_pixels(target);
        return;
      }
      source = scale(source, {target.width, target.height}, how.filter, steps[0]);
    }
    convert_pixels(source, target);
    written_ += bytes_of_pixels(target);
  }

  void blacken(const ImageView& view) {
    for (int p = 0; p < plane_count(view.format); ++p) {
      const int rows = plane_rows(view.format, p, view.height);
      const int black = !is_yuv(view.format) ? 0 : p > 0 ? 128 : view.colorimetry.is_full_range ? 0 : 16;
      for (int y = 0; y < rows; ++y)
        std::memset(view.plane[p] + static_cast<std::ptrdiff_t>(y) * view.stride[p], black,
                    static_cast<std::size_t>(row_bytes(view.format, p, view.width)));
    }
    if (view.format == PixelFormat::rgba) make_opaque(view);
    written_ += bytes_of_pixels(view);
  }

  ImageView temporary(const ImageView& like, PixelFormat format, Size size, SurfacePtr& holder) {
    holder = allocate({format, size, like.colorimetry});
    return holder->view();
  }

  ImageView convert(const ImageView& source, PixelFormat format, SurfacePtr& holder) {
    const ImageView out = temporary(source, format, {source.width, source.height}, holder);
    convert_pixels(source, out);
    written_ += bytes_of_pixels(out);
    return out;
  }

  ImageView scale(const ImageView& source, Size size, Filter filter, SurfacePtr& holder) {
    const ImageView out = temporary(source, source.format, size, holder);
    scale_pixels(source, out, filter);
    written_ += bytes_of_pixels(out);
    return out;
  }

  ImageView turn(ImageView source, Flip flip, SurfacePtr& converted, SurfacePtr& turned) {
    if (!is_turnable(source.format))
      source = convert(source, source.format == PixelFormat::nv12 ? PixelFormat::i420 : PixelFormat::rgba, converted);
    const Size size = swaps_sides(flip) ? Size{source.height, source.width} : Size{source.width, source.height};
    const ImageView out = temporary(source, source.format, size, turned);
    turn_pixels(source, out, flip);
    written_ += bytes_of_pixels(out);
    return out;
  }

  std::shared_ptr<Idle> idle_ = std::make_shared<Idle>();
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace

std::unique_ptr<Allocator> make_system_allocator() { return std::make_unique<SystemAllocator>(); }

}  // namespace fluvial
