// Who transforms pixels: decided once, here, by the memory that they lie in.
#include <exception>
#include <map>
#include <mutex>

#include "surface/cuda/surface.h"
#include "surface/cuda/transformer.h"
#include "surface/surface.h"

namespace fluvial {
namespace {

class AnyAllocator final : public Allocator {
 public:
  SurfacePtr allocate(const SurfaceFormat& format) override { return system_->allocate(format); }

  SurfacePtr allocate(const SurfaceFormat& format, const Surface& like) override {
    const auto* on_device = cuda::as_device_surface(like);
    const bool is_here = on_device && transformer(on_device->device());
    return is_here ? cuda::new_device_surface(on_device->device(), format) : system_->allocate(format);
  }

  void transform(const std::vector<TransformJob>& jobs) override {
    std::vector<TransformJob> on_host;
    std::map<cuda::Device*, std::vector<TransformJob>> on_devices;
    for (const auto& job : jobs) {
      auto* device = device_of(job);
      (device && transformer(*device) ? on_devices[device] : on_host).push_back(job);
    }
    if (!on_host.empty()) system_->transform(on_host);
    for (const auto& [device, of_device] : on_devices) transformer(*device)->run(of_device);
  }

  std::uint64_t written_bytes() const override {
    std::lock_guard lock(mutex_);
    std::uint64_t bytes = system_->written_bytes();
    for (const auto& [device, transformer] : transformers_)
      if (transformer) bytes += transformer->written_bytes();
    return bytes;
  }

 private:
  // Where the result is wanted; on its way to the host it is made where the source lies, as it is smaller as a rule.
  static cuda::Device* device_of(const TransformJob& job) {
    if (const auto* target = cuda::as_device_surface(*job.to)) return &target->device();
    const auto* source = job.from ? cuda::as_device_surface(*job.from) : nullptr;
    return source ? &source->device() : nullptr;
  }

  // nullptr for a device whose kernels cannot be compiled: its pixels are looked at from the host then.
  cuda::Transformer* transformer(cuda::Device& device) {
    std::lock_guard lock(mutex_);
    const auto known = transformers_.find(&device);
    if (known != transformers_.end()) return known->second.get();
    auto& made = transformers_[&device];
    try {
      made = std::make_unique<cuda::Transformer>(device);
    } catch (const std::exception& e) {
      GST_WARNING("pixels of GPU %d are scaled and converted on the CPU, which costs copies: %s", device.ordinal(),
                  e.what());
    }
    return made.get();
  }

  std::unique_ptr<Allocator> system_ = make_system_allocator();
  mutable std::mutex mutex_;                                                  // guards the map; a transformer stays
  std::map<cuda::Device*, std::unique_ptr<cuda::Transformer>> transformers_;  // null: see transformer()
};

}  // namespace

std::unique_ptr<Allocator> make_allocator() { return std::make_unique<AnyAllocator>(); }

}  // namespace fluvial
