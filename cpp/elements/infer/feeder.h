// How what is to be inferred comes into the memory of a request: on the host, or by kernels on a GPU.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "algo/letterbox.h"
#include "backends/backend.h"
#include "surface/surface.h"

namespace fluvial {

// Belongs to the bringing thread. Between begin() and done() it works for one request.
class Feeder {
 public:
  virtual ~Feeder() = default;
  virtual std::size_t unit_bytes() const = 0;  // of one picture
  virtual void begin(const DeviceQueue& queue) = 0;
  // Writes one picture and returns where the crop lies on the input. The surface must live until the inference is done.
  virtual Letterbox write_picture(const Surface& surface, const Box& crop, void* to) = 0;
  // Other values than pictures: `fill` writes so many bytes where it is told to, at once.
  virtual void write(std::size_t bytes, void* to, const std::function<void(void*)>& fill) = 0;
  virtual void write_zeros(std::size_t bytes, void* to) = 0;
  // What is returned must live until the inference is done.
  virtual std::shared_ptr<void> done() = 0;
};

// Where the requests of a backend have their inputs. Throws std::invalid_argument for an input that pictures cannot be
// written to, std::runtime_error where the GPU does not work.
std::unique_ptr<Feeder> make_feeder(const InputSpec& input, const DeviceQueue& where);

}  // namespace fluvial
