// A tensor in memory of the host, or of a GPU where it says so, whoever owns it, and what is known of it before it
// exists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fluvial {

enum class ElementType { f32, f16, i8, u8, i32, i64 };

inline std::size_t bytes_of(ElementType type) {
  switch (type) {
    case ElementType::f16: return 2;
    case ElementType::i8:
    case ElementType::u8: return 1;
    case ElementType::i64: return 8;
    default: return 4;
  }
}

// -1 in a shape means that the model leaves the size open.
using Shape = std::vector<std::int64_t>;

inline std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  for (auto d : shape) count *= static_cast<std::size_t>(d < 0 ? 0 : d);
  return count;
}

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::f32;
  Shape shape;
};

// Contiguous, row-major. Who reads it in time needs no owner; one who may keep it longer holds that, and the memory
// neither goes nor changes (outputs of a Request).
struct TensorView {
  std::string name;
  ElementType type = ElementType::f32;
  Shape shape;
  void* data = nullptr;
  std::shared_ptr<const void> owner = nullptr;
  int gpu = -1;  // whose memory it is; -1: the host's

  template <typename T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
};

}  // namespace fluvial
