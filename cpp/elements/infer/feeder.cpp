#include "elements/infer/feeder.h"

#include <cstring>
#include <utility>
#include <vector>

#include "algo/preprocess.h"
#include "elements/infer/gpu/tensor_writer.h"

namespace fluvial {
namespace {

class HostFeeder final : public Feeder {
 public:
  explicit HostFeeder(const InputSpec& input) : preprocessor_(input) {}
  std::size_t unit_bytes() const override { return preprocessor_.unit_bytes(); }
  void begin(const DeviceQueue&) override {}
  Letterbox write_picture(const Surface& surface, const Box& crop, void* to) override {
    return preprocessor_.run(surface.view(), crop, to);
  }
  void write(std::size_t, void* to, const std::function<void(void*)>& fill) override { fill(to); }
  void write_zeros(std::size_t bytes, void* to) override { std::memset(to, 0, bytes); }
  std::shared_ptr<void> done() override { return nullptr; }

 private:
  Preprocessor preprocessor_;
};

// All work goes into the request's own queue, so that the inference finds it done without anybody waiting.
class CudaFeeder final : public Feeder {
 public:
  CudaFeeder(const InputSpec& input, cuda::Device& device)
      : device_(device), writer_(device, input), unit_bytes_(Preprocessor(input).unit_bytes()) {}
  std::size_t unit_bytes() const override { return unit_bytes_; }
  void begin(const DeviceQueue& queue) override {
    stream_ = queue.stream;
    writer_.forget();  // what a job left that failed half way
    held_.clear();
  }
  Letterbox write_picture(const Surface& surface, const Box& crop, void* to) override {
    return writer_.add(surface, crop, to, stream_);
  }
  void write(std::size_t bytes, void* to, const std::function<void(void*)>& fill) override {
    held_.push_back(device_.allocate_host(bytes));
    fill(held_.back().get());
    const cuda::Current current(device_);
    FLUVIAL_CUDA(cuMemcpyHtoDAsync_v2, reinterpret_cast<cuda::DevicePointer>(to), held_.back().get(), bytes, stream_);
  }
  void write_zeros(std::size_t bytes, void* to) override {
    const cuda::Current current(device_);
    FLUVIAL_CUDA(cuMemsetD8Async, reinterpret_cast<cuda::DevicePointer>(to), 0, bytes, stream_);
  }
  std::shared_ptr<void> done() override {
    for (auto& block : writer_.launch(stream_)) held_.push_back(std::move(block));
    return std::make_shared<std::vector<cuda::DeviceBlock>>(std::exchange(held_, {}));
  }

 private:
  cuda::Device& device_;
  cuda::TensorWriter writer_;
  std::size_t unit_bytes_;
  cuda::Stream stream_ = nullptr;
  std::vector<cuda::DeviceBlock> held_;
};

}  // namespace

std::unique_ptr<Feeder> make_feeder(const InputSpec& input, const DeviceQueue& where) {
  if (where.ordinal < 0) return std::make_unique<HostFeeder>(input);
  return std::make_unique<CudaFeeder>(input, cuda::Device::at(where.ordinal));
}

}  // namespace fluvial
