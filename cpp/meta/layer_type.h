// The type of a tensor's numbers, as DeepStream's structs name it and as ours do.
#pragma once

#include "nvdsinfer.h"
#include "types/tensor.h"

namespace fluvial {

inline NvDsInferDataType layer_type(ElementType type) {
  switch (type) {
    case ElementType::f16: return HALF;
    case ElementType::i8: return INT8;
    case ElementType::u8: return UINT8;
    case ElementType::i32: return INT32;
    case ElementType::i64: return INT64;
    default: return FLOAT;
  }
}

inline ElementType element_type(NvDsInferDataType type) {
  switch (type) {
    case HALF: return ElementType::f16;
    case INT8: return ElementType::i8;
    case UINT8: return ElementType::u8;
    case INT32: return ElementType::i32;
    case INT64: return ElementType::i64;
    default: return ElementType::f32;
  }
}

}  // namespace fluvial
