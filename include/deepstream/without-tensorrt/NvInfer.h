// SPDX-License-Identifier: Apache-2.0
// Names of TensorRT that sources of parsers mention beside the parser itself, for a machine without TensorRT: put this
// folder last on the include path (-idirafter). Nothing here builds or runs an engine.
#pragma once

#include <cstdint>

namespace nvinfer1 {

struct Dims {
  int32_t nbDims;
  int64_t d[8];
};

class ITensor {
 public:
  virtual ~ITensor() = default;
  virtual Dims getDimensions() const = 0;
};

}  // namespace nvinfer1
