// One GPU: its primary context, which PyTorch and others share, and the project's kernels on it.
//
// Device memory and events are counted objects that go back to a pool: nothing is allocated from the driver while a
// stream is in its steady state, and freeing (which waits for the whole device) happens only at the end.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "surface/cuda/driver.h"

namespace fluvial::cuda {

class Device;

// Makes a device's context the calling thread's, while it lives.
class FLUVIAL_EXPORT Current {
 public:
  explicit Current(const Device& device);
  ~Current();
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;
};

// A queue of work on a device, which waits for no other.
class FLUVIAL_EXPORT Queue {
 public:
  explicit Queue(Device& device);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  Stream stream() const { return stream_; }
  Device& device() const { return device_; }
  void wait() const;  // for all that was put into it

 private:
  Device& device_;
  Stream stream_ = nullptr;
};

// A place in a queue that can be waited for, without burning a core.
class FLUVIAL_EXPORT Mark {
 public:
  explicit Mark(Device& device);
  ~Mark();
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  void set(Stream stream);
  void wait() const;
  bool is_past() const;  // or the device is lost
  // What is put into the stream from now on begins when this place is past; nobody on the host waits.
  void hold(Stream stream) const;

 private:
  Device& device_;
  Event event_ = nullptr;
};

// Bytes on a device, or on the host in pages that the device copies from and to at full speed.
using DeviceBlock = std::shared_ptr<void>;

// What the driver says of a GPU before anything is put on it.
struct GpuInfo {
  std::string name;
  std::string bus_id;  // "0000:3b:00.0", by which NVIDIA's tools know it
  std::size_t bytes = 0;
};
FLUVIAL_EXPORT std::vector<GpuInfo> list_gpus();  // in their order; none without a driver

class FLUVIAL_EXPORT Device {
 public:
  // Throws std::runtime_error: no driver, no such device.
  static Device& at(Ordinal ordinal);
  static int count();  // 0 without a driver
  // The one whose memory this is.
  static Device& of(const void* memory);

  Ordinal ordinal() const { return ordinal_; }
  Context context() const { return context_; }
  int handle() const { return handle_; }  // CUdevice
  std::string architecture() const;       // "sm_90"

  // A function of kernels/, compiled for this device on first use. Throws std::runtime_error: no compiler, with where
  // it was looked for.
  Function kernel(const char* name);
  // nullptr where this driver, NVRTC or GPU cannot have the kernel.
  Function kernel_if_possible(const char* name);

  struct Memory {
    std::size_t free = 0, total = 0;  // bytes
  };
  Memory memory() const;

  // From a pool, to which it returns. `what_for` is named in the error: "the model's inputs". Throws std::runtime_error
  // where the device has no such memory left, when the pool has given back what nobody uses.
  DeviceBlock allocate(std::size_t bytes, const char* what_for = "a batch");
  DeviceBlock allocate_host(std::size_t bytes);

  // Somebody else's stream may still read this: it is kept until the stream has come past all that is in it now. It
  // goes when the next one is given here after that, so that nobody waits.
  void keep_until_read(Stream stream, std::shared_ptr<const void> what);

 private:
  explicit Device(Ordinal ordinal);
  ~Device() = delete;  // a process keeps its devices
  struct Idle;
  DeviceBlock take(Idle& idle, std::size_t bytes, bool is_host, const char* what_for);
  void* make(std::size_t size, bool is_host, const char* what_for);
  void give_back_idle();
  void load_kernels();

  const Ordinal ordinal_;
  int handle_ = 0;
  Context context_ = nullptr;
  std::mutex mutex_;
  std::unordered_map<std::string, Function> kernels_;
  std::shared_ptr<Idle> device_blocks_, host_blocks_;
  struct Read {
    std::unique_ptr<Mark> until;
    std::shared_ptr<const void> what;
  };
  std::mutex reads_mutex_;
  std::vector<Read> reads_;  // guarded by it
};

inline DevicePointer address_of(const DeviceBlock& block) { return reinterpret_cast<DevicePointer>(block.get()); }

}  // namespace fluvial::cuda
